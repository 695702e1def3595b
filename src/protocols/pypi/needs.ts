/** What a client asks for to use one version, so that it can be kept for good; and what it is going to ask for next. */
import type { Wanted } from '../../protocol.ts';
import type { Item, Mirroring, Needed } from '../registry/ecosystem.ts';
import { NotAnIndex, type PageFile } from './index/page.ts';
import { readJsonPage } from './index/read-json.ts';
import { renderings } from './negotiate.ts';
import { metadataItem, sidecar } from './path.ts';
import { versions } from './version.ts';

/** Addresses in what is read here are of nobody else's concern. */
const nowhere = 'http://index.invalid/simple/project/';

/** The index in all forms, and all files of the version, or those that the lock file has hashes of. */
export async function needs({ name, version, integrity }: Wanted, at: Mirroring): Promise<readonly Needed[]> {
  const indexes = Object.values(renderings).map(
    (type) => `/simple/${name}/?format=${encodeURIComponent(type)}`,
  );
  const bytes = await at.read(`/simple/${name}/?format=${encodeURIComponent(renderings.json)}`);
  if (bytes === null || !versions.isVersion(version)) return [];
  const wanted = hashesIn(integrity);
  const files = readJsonPage(name, bytes, nowhere).files.filter(
    (file) =>
      versions.compare(file.version, version) === 0 &&
      (wanted.size === 0 || wanted.has(file.hashes['sha256'] ?? '')),
  );
  if (files.length === 0) return [];
  return [...indexes.map((path) => ({ path })), ...files.flatMap((file) => neededOf(name, file))];
}

function neededOf(project: string, { name, hashes, metadata }: PageFile): readonly Needed[] {
  const path = `/files/${project}/${name}`;
  const beside = metadata === null ? [] : [{ path: path + sidecar, sha256: metadata['sha256'] }];
  return [...beside, { path, sha256: hashes['sha256'] }];
}

/** `sha256:<hex>`, as lock files of pip, Poetry and uv have it, and `sha256-<base64>`; several stand apart. */
function hashesIn(integrity: string | null): ReadonlySet<string> {
  const found = (integrity ?? '').matchAll(/sha256(?:[:=]([0-9a-f]{64})|-([A-Za-z0-9+/]{43}=))/gi);
  return new Set(
    [...found].map(
      ([, hex, base64]) => hex?.toLowerCase() ?? Buffer.from(base64 ?? '', 'base64').toString('hex'),
    ),
  );
}

/**
 * Of an index: what the newest version says of itself, where it has a wheel for every machine. Which other wheel a client takes depends on the
 * machine that it runs on.
 */
export function foresee(item: Item, body: Uint8Array): readonly Item[] {
  const { name, kind, form } = item;
  if (name === null || kind !== 'project' || form !== 'json') return [];
  const files = readable(name, body).filter(
    ({ name: file, yanked, metadata, version }) =>
      yanked === null &&
      metadata !== null &&
      !versions.isPrerelease(version) &&
      file.endsWith('-none-any.whl'),
  );
  const [first, ...others] = files;
  if (first === undefined) return [];
  const newest = others.reduce(
    (best, each) => (versions.compare(each.version, best.version) > 0 ? each : best),
    first,
  );
  return [metadataItem(name, newest.name, newest.version)];
}

function readable(name: string, body: Uint8Array): readonly PageFile[] {
  try {
    return readJsonPage(name, body, nowhere).files;
  } catch (error) {
    if (error instanceof NotAnIndex) return [];
    throw error;
  }
}
