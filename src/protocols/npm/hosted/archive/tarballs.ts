/**
 * A folder of tarballs, as `npm pack` makes them, and of folders of such: each says itself what it is. When it was
 * published is when its file was last changed.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPackageName } from '../../path.ts';
import { lookInto } from '../inspect.ts';
import { Refusal } from '../refusal.ts';
import { cleaned, highest, isExactVersion } from '../semver.ts';
import type { Broken, Found, IncomingVersion } from './incoming.ts';

const maxDepth = 8;

export async function* readTarballs(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Found, void, undefined> {
  const byName = new Map<string, IncomingVersion[]>();
  for await (const file of tarballsIn(path, maxDepth)) {
    signal.throwIfAborted();
    const read = await readOne(file);
    if ('why' in read) yield { package: null, broken: [read] };
    else byName.set(read.name, [...(byName.get(read.name) ?? []), read.version]);
  }
  for (const [name, versions] of byName) {
    const latest = highest(versions.map(({ version }) => version));
    yield {
      package: {
        ...{ name, versions, access: null, owners: [], readme: null, createdMs: null, gone: {} },
        tags: latest === null ? {} : { latest },
      },
      broken: [],
    };
  }
}

async function* tarballsIn(path: string, depth: number): AsyncGenerator<string, void, undefined> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (entry.isFile() && entry.name.endsWith('.tgz')) yield inner;
    else if (entry.isDirectory() && depth > 0) yield* tarballsIn(inner, depth - 1);
  }
}

async function readOne(path: string): Promise<Broken | { name: string; version: IncomingVersion }> {
  try {
    const { manifest } = await lookInto(Bun.file(path).stream());
    const { name, version: stated } = manifest;
    const version = typeof stated === 'string' ? cleaned(stated) : '';
    if (typeof name !== 'string' || !isPackageName(name) || !isExactVersion(version))
      return { what: path, why: `its package.json says ${String(name)}@${String(stated)}` };
    return {
      name,
      version: {
        ...{ version, path, manifest: null },
        ...{ integrity: null, shasum: null, by: 'import', deprecated: null, attestations: undefined },
        publishedMs: (await stat(path)).mtimeMs,
      },
    };
  } catch (error) {
    if (error instanceof Refusal) return { what: path, why: error.message };
    throw error;
  }
}
