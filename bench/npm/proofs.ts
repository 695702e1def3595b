/** What has to be true of a registry's answer for a figure to count: the upstream's versions, with links that lead to the registry. */
import type { Upstream } from '../upstream.ts';
import { bytesOf, type File, HUGE, pathOf, SMALL } from './registry.ts';

interface Packument {
  readonly versions: Readonly<Record<string, { readonly dist: Dist; readonly scripts?: unknown }>>;
  readonly time?: unknown;
}

interface Dist {
  readonly tarball: string;
  readonly integrity?: string;
  readonly shasum?: string;
}

export type Name = typeof SMALL | typeof HUGE;

/** Name → what a document has to say: version → hash. */
export type Expected = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Asks the upstream itself. Throws when it has not what is to be asked for. */
export async function readExpected({ url }: Upstream): Promise<Expected> {
  const expected = new Map<string, ReadonlyMap<string, string>>();
  for (const name of [SMALL, HUGE]) {
    const response = await fetch(`${url}/${name}`);
    if (!response.ok)
      throw new Error(`This machine's npm registry has no ${name}: status ${response.status}`);
    expected.set(name, hashesOf((await response.json()) as Packument));
  }
  return expected;
}

/** Throws unless these bytes are the whole document, for clients of this address. */
export function provePackument(
  text: string,
  name: Name,
  base: string,
  isFull: boolean,
  expected: Expected,
): void {
  const packument = JSON.parse(text) as Packument;
  const [is, wanted] = [hashesOf(packument), expected.get(name)];
  if (!wanted || !Bun.deepEquals(is, wanted)) throw new Error(`${name}: other versions than the upstream's`);
  const stray = Object.values(packument.versions).find(({ dist }) => !dist.tarball.startsWith(`${base}/`));
  if (stray) throw new Error(`${name}: a link leads to ${stray.dist.tarball}`);
  const hasScripts = Object.values(packument.versions).some(({ scripts }) => scripts !== undefined);
  if (isFull !== (packument.time !== undefined && hasScripts)) throw new Error(`${name}: the other form`);
}

export function proveFile(bytes: Uint8Array, file: File): void {
  if (!Bun.deepEquals(Buffer.from(bytes), Buffer.from(bytesOf(file))))
    throw new Error(`${pathOf(file)}: other bytes`);
}

function hashesOf({ versions }: Packument): ReadonlyMap<string, string> {
  const hashes = Object.entries(versions).map(([version, { dist }]): [string, string] => [
    version,
    dist.integrity ?? dist.shasum ?? '',
  ]);
  return new Map(hashes.sort(([a], [b]) => (a < b ? -1 : 1)));
}
