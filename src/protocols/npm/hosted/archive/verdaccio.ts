/**
 * Verdaccio's storage folder, read: `<name>/package.json` with what is known of a package, the tarballs beside it, and
 * `.verdaccio-db.json` with the names of those that were published there. Others were pulled from elsewhere.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isPackageName } from '../../path.ts';
import { fileName, owner } from '../record.ts';
import type { Broken, Found, Incoming, IncomingVersion } from './incoming.ts';

/** What `export` says beside what Verdaccio knows. */
export const ownField = '_meridian';

const ownFacts = z.object({
  access: z.enum(['public', 'restricted']),
  gone: z.record(z.string(), z.number()),
  attestations: z.record(z.string(), z.unknown()),
});
export type OwnFacts = z.output<typeof ownFacts>;

const text = z.string().optional().catch(undefined);
const dist = z.looseObject({ integrity: text, shasum: text, tarball: text }).catch({});
const person = z.looseObject({ name: z.string() }).optional().catch(undefined);
const manifest = z.looseObject({ dist, deprecated: text, _npmUser: person });
const document = z.looseObject({
  name: z.string(),
  'dist-tags': z.record(z.string(), z.string()).catch({}),
  time: z.record(z.string(), z.unknown()).catch({}),
  versions: z.record(z.string(), z.unknown()).catch({}),
  maintainers: z.array(owner).catch([]),
  readme: text,
  [ownField]: ownFacts.optional(),
});
type Document = z.output<typeof document>;

const database = z.looseObject({ list: z.array(z.string()) });
export const databaseFile = '.verdaccio-db.json';

export interface VerdaccioOptions {
  readonly path: string;
  /** What it has pulled from elsewhere, too. */
  readonly all: boolean;
  /** Of a package's document. */
  readonly maxBytes: number;
}

export async function* readVerdaccio(options: VerdaccioOptions): AsyncGenerator<Found, void, undefined> {
  const { path, all } = options;
  const published = await publishedIn(path);
  for await (const name of namesIn(path)) {
    if (!all && published !== null && !published.has(name)) continue;
    yield await readPackage(name, options);
  }
}

/** `null`: the folder does not say. */
async function publishedIn(path: string): Promise<ReadonlySet<string> | null> {
  const file = Bun.file(join(path, databaseFile));
  if (!(await file.exists())) return null;
  return new Set(database.parse(await file.json()).list);
}

async function* namesIn(path: string): AsyncGenerator<string, void, undefined> {
  for (const entry of await foldersIn(path)) {
    if (!entry.startsWith('@')) yield entry;
    else for (const inner of await foldersIn(join(path, entry))) yield `${entry}/${inner}`;
  }
}

async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map(({ name }) => name).sort();
}

async function readPackage(name: string, { path, maxBytes }: VerdaccioOptions): Promise<Found> {
  const refused = (why: string): Found => ({ package: null, broken: [{ what: name, why }] });
  if (!isPackageName(name)) return refused('this is no name of a package');
  const folder = join(path, name);
  const file = Bun.file(join(folder, 'package.json'));
  if (!(await file.exists())) return refused('there is no package.json');
  if (file.size > maxBytes) return refused(`its package.json has more than ${maxBytes} bytes`);
  const parsed = document.safeParse(await parsedFile(file));
  if (!parsed.success) return refused(`its package.json is none: ${parsed.error.issues[0]?.message}`);
  if (parsed.data.name !== name) return refused(`its package.json is about ${parsed.data.name}`);
  return readVersions(name, folder, parsed.data);
}

async function parsedFile(file: Blob): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    return undefined; // which no schema takes
  }
}

async function readVersions(name: string, folder: string, known: Document): Promise<Found> {
  const versions: IncomingVersion[] = [];
  const broken: Broken[] = [];
  const own = known[ownField] as OwnFacts | undefined;
  for (const [version, value] of Object.entries(known.versions)) {
    const what = `${name}@${version}`;
    const parsed = manifest.safeParse(value);
    if (!parsed.success) {
      broken.push({ what, why: 'its manifest is no object' });
      continue;
    }
    const path = await tarballIn(folder, name, version, parsed.data.dist.tarball);
    if (path === null) {
      broken.push({ what, why: 'its tarball is not in the folder' });
      continue;
    }
    const { dist, deprecated, _npmUser } = parsed.data;
    versions.push({
      ...{ version, path, manifest: parsed.data },
      integrity: dist.integrity ?? null,
      shasum: dist.shasum ?? null,
      publishedMs: msOf(known.time[version]) ?? (await stat(path)).mtimeMs,
      by: _npmUser?.name ?? known.maintainers[0]?.name ?? 'import',
      deprecated: deprecated ?? null,
      attestations: own?.attestations[version],
    });
  }
  const found: Incoming = {
    ...{ name, versions, tags: known['dist-tags'], owners: known.maintainers },
    access: own?.access ?? null,
    readme: known.readme ?? null,
    createdMs: msOf(known.time['created']),
    gone: own?.gone ?? {},
  };
  return { package: found, broken };
}

/** By npm's own name for it, or by the one in its link. */
async function tarballIn(
  folder: string,
  name: string,
  version: string,
  link: string | undefined,
): Promise<string | null> {
  const linked = link?.split('/').at(-1) ?? '';
  for (const file of [fileName(name, version), linked]) {
    if (!/^[^/\\]+\.tgz$/.test(file)) continue;
    const path = join(folder, file);
    if (await Bun.file(path).exists()) return path;
  }
  return null;
}

function msOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
