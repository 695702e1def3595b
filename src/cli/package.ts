/**
 * `meridian package`: one package, with its versions, what the policy says of them, and where they are kept; or one version, with what it is
 * made of. Of what lives here, takes away what clients of its own cannot.
 */
import {
  artifactPage,
  type PackagePage,
  packagePage,
  packageReadme,
  versionPage,
} from '../access/api/packages-message.ts';
import { readableSize } from '../telemetry/readable.ts';
import { type Ask, apiOptions, asker } from './access/ask.ts';
import { day, oneLine, plain } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { shownArtifact } from './package/artifact.ts';
import { findReference } from './package/reference.ts';
import { jsonOption } from './settings.ts';
import { table } from './table.ts';

/** Versions for people; JSON has all. */
const shownVersions = 30;

const options = {
  name: {
    type: 'string',
    describe:
      'Of the package, such as @acme/ui, requests or acme/app; of one version: acme/app:v1, acme/app@sha256:…, requests@2.32.0',
    demandOption: true,
  },
  route: {
    type: 'string',
    requiresArg: true,
    describe: 'Which route (default: the one that has it)',
  },
  readme: { type: 'boolean', describe: 'Prints its readme, and nothing else' },
  all: { type: 'boolean', describe: 'All versions, not only the newest' },
  delete: {
    type: 'boolean',
    describe:
      'Takes it away, at once and for good: a version, a tag, a manifest by its digest with all its tags, or all of it',
  },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { readme = false, all = false, json = false, delete: isGoing = false } = values;
  if (isGoing && (readme || all)) throw new UsageError('--delete prints nothing of it');
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const { route, protocol, name, version } = await findReference(ask, values.name, values.route);
  const path = `/packages/${encodeURIComponent(route)}/${encodeURIComponent(name)}`;
  const ofVersion = version === null ? path : `${path}/versions/${encodeURIComponent(version)}`;
  if (isGoing) {
    const answer = await ask('DELETE', ofVersion);
    console.log(json ? JSON.stringify(answer, null, 2) : `${values.name} is gone`);
    return exit.ok;
  }
  if (version !== null && !readme && protocol !== 'oci') {
    const page = await withAllVersions(ask, path, packagePage.parse(await ask('GET', path)));
    const versions = page.versions.filter((each) => each.version === version);
    if (versions.length === 0) throw new Error(`${route} knows of no version ${version} of ${name}`);
    const one = { ...page, versions, versionCount: versions.length };
    if (json) console.log(JSON.stringify(versions[0], null, 2));
    else process.stdout.write(shown(one, shownVersions));
    return exit.ok;
  }
  const answer = await ask('GET', readme ? `${path}/readme` : ofVersion);
  const told = all && version === null ? await withAllVersions(ask, path, packagePage.parse(answer)) : answer;
  if (json) console.log(JSON.stringify(told, null, 2));
  else if (readme) process.stdout.write(`${plain(packageReadme.parse(told).text ?? 'It has none')}\n`);
  else if (version !== null) process.stdout.write(shownArtifact(artifactPage.parse(told)));
  else process.stdout.write(shown(packagePage.parse(told), all ? Number.POSITIVE_INFINITY : shownVersions));
  return exit.ok;
});

async function withAllVersions(ask: Ask, path: string, page: PackagePage): Promise<PackagePage> {
  const versions = [...page.versions];
  for (let next = page.nextVersions; next !== null; ) {
    const more = versionPage.parse(await ask('GET', `${path}/versions?cursor=${encodeURIComponent(next)}`));
    for (const version of more.versions) versions.push(version);
    next = more.next;
  }
  return { ...page, versions, nextVersions: null };
}

function shown(page: PackagePage, most: number): string {
  const { versions, versionCount, hasArtifacts } = page;
  const rows = versions.slice(0, most).map(hasArtifacts ? artifactRow : rowOf);
  const more = versionCount - rows.length;
  const rest = more > 0 ? `and ${more} more\n` : '';
  return `${headOf(page).join('\n')}\n${rows.length === 0 ? '' : `\n${table(hasArtifacts ? artifactHeading : heading, rows)}${rest}`}`;
}

function headOf(page: PackagePage): string[] {
  const { name, route, kind, access, description, licence, homepage, repository, kept, note, blocked } = page;
  const { hosted, mirrored, cached } = kept;
  const lines = [`${oneLine(name, 214)} (${route}, ${kind}${access === 'restricted' ? ', restricted' : ''})`];
  if (description !== '') lines.push(oneLine(description, 200));
  if (blocked !== null) lines.push(`BLOCKED: ${oneLine(blocked.why, 500)}`);
  if (note !== null) lines.push(oneLine(note, 500));
  const about = [licence, homepage, repository].flatMap((each) =>
    each === null ? [] : [oneLine(each, 200)],
  );
  if (about.length > 0) lines.push(about.join('  '));
  const tags = Object.entries(page.tags).slice(0, 10);
  if (tags.length > 0)
    lines.push(`tags: ${oneLine(tags.map(([tag, version]) => `${tag} ${version}`).join(', '), 500)}`);
  const people = page.maintainers.slice(0, 10).map((each) => each.name);
  if (people.length > 0) lines.push(`maintainers: ${oneLine(people.join(', '), 200)}`);
  const places = Object.entries({ hosted, mirrored, cached }).filter(([, { versions }]) => versions > 0);
  for (const [place, { versions, bytes }] of places)
    lines.push(`${place}: ${versions} ${versions === 1 ? 'version' : 'versions'}, ${readableSize(bytes)}`);
  if (page.sizes !== null) {
    const { ownBytes, sharedBytes } = page.sizes;
    const own = `${readableSize(ownBytes)} of its own, ${readableSize(sharedBytes)} shared with others`;
    lines.push(`size: ${readableSize(ownBytes + sharedBytes)}: ${own}`);
  }
  return [...lines, ...downloadsOf(page)];
}

function downloadsOf({ downloads }: PackagePage): string[] {
  const { fromMs, toMs, requests, nodes } = downloads;
  const where = nodes.slice(0, 5).map((each) => `${each.node} ${each.downloads}`);
  const from = where.length === 0 ? '' : `: ${where.join(', ')}`;
  const days = `${day(fromMs).slice(0, 10)} to ${day(toMs - 1).slice(0, 10)}`;
  return [`${days}: ${downloads.downloads} downloads, ${requests} requests${from}`];
}

const artifactHeading = ['tag', 'kind', 'pushed', 'by', 'size', 'platforms', 'digest', 'policy'];

function artifactRow({
  version,
  artifact,
  publishedMs,
  publisher,
  sizeBytes,
  digest,
  blocked,
}: PackagePage['versions'][number]): string[] {
  return [
    ...[oneLine(version, 128), artifact?.kind ?? '-', day(publishedMs), oneLine(publisher ?? '-', 40)],
    sizeBytes === null ? '-' : readableSize(sizeBytes),
    ...[oneLine(artifact?.platforms.join(', ') || '-', 60), digest ?? '-'],
    blocked === null ? '' : `BLOCKED: ${oneLine(blocked.why, 80)}`,
  ];
}

const heading = ['version', 'published', 'bytes', 'kept', 'policy', 'remarks'];

function rowOf(each: PackagePage['versions'][number]): string[] {
  const { version, publishedMs, sizeBytes, kept, blocked, deprecated, yanked } = each;
  const remarks = [
    ...(yanked ? ['yanked'] : []),
    ...(deprecated === null ? [] : [`deprecated: ${deprecated}`]),
  ];
  return [
    ...[oneLine(version, 60), day(publishedMs), sizeBytes === null ? '-' : readableSize(sizeBytes), kept],
    ...[blocked === null ? '' : `BLOCKED: ${oneLine(blocked.why, 80)}`, oneLine(remarks.join('; '), 80)],
  ];
}
