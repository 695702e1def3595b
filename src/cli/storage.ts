/** `meridian storage`: what the origin keeps, how much of its quotas is used, and what collections have freed. */
import {
  type StorageOverview,
  type StoragePackages,
  storageOverview,
  storagePackages,
} from '../access/api/storage-message.ts';
import { readableSize } from '../telemetry/readable.ts';
import { type Ask, apiOptions, asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';
import { workThrough } from './storage/work.ts';
import { table } from './table.ts';

const options = {
  packages: { type: 'boolean', describe: 'Every package of a route, the largest first' },
  route: {
    type: 'string',
    requiresArg: true,
    describe: 'Which route, with --packages (default: all of them)',
  },
  recount: {
    type: 'boolean',
    describe: 'Count anew what is there, and put right what the totals say; on the machine of the origin',
  },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { packages = false, recount = false, route, json } = values;
  if (recount && packages) throw new UsageError('--recount and --packages are two commands');
  if (route !== undefined && !packages) throw new UsageError('--route is for --packages');
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (recount) return workThrough(ask, { do: 'recount' }, json);
  const overview = storageOverview.parse(await ask('GET', '/storage'));
  if (!packages) {
    if (json) console.log(JSON.stringify(overview, null, 2));
    else process.stdout.write(shown(overview));
    return exit.ok;
  }
  const lines = await packagesOf(ask, overview, route);
  if (json) console.log(JSON.stringify(lines, null, 2));
  else process.stdout.write(lines.length === 0 ? 'nothing\n' : table(packageHeading, lines.map(packageRow)));
  return exit.ok;
});

type Package = StoragePackages['packages'][number] &
  Pick<StorageOverview['routes'][number], 'route' | 'kept'>;

async function packagesOf(
  ask: Ask,
  { routes }: StorageOverview,
  wanted: string | undefined,
): Promise<readonly Package[]> {
  const found: Package[] = [];
  for (const { route, kept } of routes) {
    if (wanted !== undefined && route !== wanted) continue;
    for (let next: string | null = ''; next !== null; ) {
      const query = new URLSearchParams({ route, kept, ...(next !== '' && { after: next }) });
      const page = storagePackages.parse(await ask('GET', `/storage/packages?${query}`));
      for (const each of page.packages) found.push({ route, kept, ...each });
      next = page.next;
    }
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}

const packageHeading = ['route', 'kept', 'package', 'versions', 'bytes'];

function packageRow({ route, kept, name, versions, bytes }: Package): (string | number)[] {
  return [route, kept, name, versions, readableSize(bytes)];
}

const heading = ['route', 'kept', 'scope', 'packages', 'versions', 'bytes', 'quota', 'used'];
/** Scopes of a route that are shown; JSON has all. */
const shownScopes = 20;

function shown(overview: StorageOverview): string {
  const rows = overview.routes.flatMap(rowsOf);
  const { store } = overview;
  rows.push(['all', '', '', ...cells(store, store.quotaBytes ?? undefined)]);
  return `${table(heading, rows)}\n${sentences(overview).join('\n')}\n`;
}

function rowsOf({ route, kept, bounds, scopes, ...use }: StorageOverview['routes'][number]) {
  const own = [route, kept, '', ...cells(use, bounds.routeBytes)];
  const named = scopes.filter(({ scope }) => scope !== '');
  const ofScopes = named
    .slice(0, shownScopes)
    .map(({ scope, ...each }) => [route, kept, scope, ...cells(each, bounds.scopeBytes)]);
  const left = named.length - shownScopes;
  if (left > 0) ofScopes.push([route, kept, `and ${left} more`, '', '', '', '', '']);
  return [own, ...ofScopes];
}

type Use = Pick<StorageOverview['store'], 'packages' | 'versions' | 'bytes'>;

function cells({ packages, versions, bytes }: Use, bound: number | undefined): (string | number)[] {
  const share = bound === undefined || bound === 0 ? '' : `${Math.floor((bytes / bound) * 100)}%`;
  return [packages, versions, readableSize(bytes), bound === undefined ? '-' : readableSize(bound), share];
}

function sentences(overview: StorageOverview): readonly string[] {
  const { blobs, condemned, collection, counted, uploads, disks, minFreeBytes, cache } = overview;
  const said: string[] = [];
  if (blobs === null) said.push('blobs: not looked at yet (`meridian gc --dry-run`)');
  else {
    const { unreferenced, unreferencedBytes } = blobs;
    const needless = `${unreferenced} unreferenced (${readableSize(unreferencedBytes)}), ${condemned} condemned`;
    said.push(`blobs: ${blobs.blobs} (${readableSize(blobs.bytes)}), ${needless}, as of ${when(blobs.atMs)}`);
  }
  if (collection === null) said.push('last collection: none yet');
  else {
    const { deleted, deletedBytes, retired, retiredBytes } = collection;
    const mirrored =
      retired > 0 ? `; ${retired} mirrored versions retired (${readableSize(retiredBytes)})` : '';
    said.push(
      `last collection: ${when(collection.atMs)}, freed ${deleted} blobs (${readableSize(deletedBytes)})${mirrored}`,
    );
  }
  if (uploads.uploads > 0)
    said.push(`uploads: ${uploads.uploads} under way (${readableSize(uploads.bytes)})`);
  if (cache !== null) {
    const { bytes, limitBytes, unused } = cache;
    const gone = `${unused.entries} entries dropped as unused since the start (${readableSize(unused.bytes)})`;
    said.push(`cache of remotes: ${readableSize(bytes)} of ${readableSize(limitBytes)}, ${gone}`);
  }
  for (const { path, freeBytes, totalBytes } of disks) {
    const least = minFreeBytes > 0 ? `, ${readableSize(minFreeBytes)} stay free` : '';
    said.push(`disk: ${readableSize(freeBytes)} of ${readableSize(totalBytes)} free at ${path}${least}`);
  }
  said.push(counted === null ? 'totals: being counted' : `totals: counted anew ${when(counted.atMs)}`);
  return said;
}

function when(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
