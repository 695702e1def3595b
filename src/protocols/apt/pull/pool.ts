/**
 * Files of the pool. Their addresses do not say whose they are or what they hold; the indexes of the suites that clients ask for do. A file
 * that one of them lists is compared with that digest in every tier, and kept; any other is confirmed by the upstream each time, for apt to judge.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { fromShasum } from '../../../http/digest.ts';
import { fewAtOnce } from '../../few-at-once.ts';
import { immutable } from '../../kept-for.ts';
import { documentAnswer, errorAnswer } from '../../registry/answers.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { pullFile } from '../../registry/file.ts';
import { readItem } from '../../registry/item.ts';
import type { Source } from '../../registry/sources.ts';
import { askUpstream } from '../../registry/upstream.ts';
import { byHash, splitPath, within } from '../item.ts';
import { encoded, type Place, poolNameIn } from '../path.ts';
import { type PoolKey, poolKeyOf } from '../pool-key.ts';
import { packingOf, UnpackError, unpacked } from '../unpack.ts';
import type { KnownSuites } from './known.ts';
import { findInPool, writePoolIndex } from './pool-index.ts';

/** Unpacked; Debian's largest has 50 MB. */
const maxUnpackedBytes = 1024 * 1024 * 1024;
/** A million files. */
const maxPoolIndexBytes = 48_000_000;
const packageType = 'application/vnd.debian.binary-package';
/** Each needs its own memory while it is made. */
const makeFew = fewAtOnce(1, 100, 'an index of a pool');

export async function pullPoolFile(
  item: Item,
  { archive, path }: Place,
  source: Source,
  suites: KnownSuites,
  at: Pulling,
): Promise<Answer> {
  const digest = await digestOf(archive, path, suites, at);
  const type = path.endsWith('deb') ? packageType : 'application/octet-stream';
  const url = `/${encoded(path)}`;
  const publishedMs = await publishedMsOf(item, url, source, at);
  const wanted = { source, url, type, version: item.version ?? null, publishedMs };
  const known = digest === null ? undefined : fromShasum(digest);
  // What nobody vouches for is confirmed each time, and used without that only while the upstream fails: its name may be used again.
  const { staleIfErrorS = 0 } = at.registry.metadata;
  const cacheControl = `public, max-age=0, stale-if-error=${staleIfErrorS}`;
  return pullFile(item, known ? { ...wanted, digest: known } : { ...wanted, digest: null, cacheControl }, at);
}

/** Archives do not say when a package was published. Where the policy goes by that, the time of its file counts. */
async function publishedMsOf(
  { name }: Item,
  url: string,
  source: Source,
  at: Pulling,
): Promise<number | null> {
  if (name === null || at.registry.policy?.needsTime(name) !== true) return null;
  const { headers } = await askUpstream(source, url, { method: 'HEAD' }, at);
  const ms = Date.parse(headers.get('last-modified') ?? '');
  return Number.isNaN(ms) ? null : ms;
}

/** Hexadecimal; `null`: no index that is known lists it. */
async function digestOf(
  archive: string,
  path: string,
  known: KnownSuites,
  at: Pulling,
): Promise<string | null> {
  const suites = await known.of(archive, at.door.stores, at.registry.clock.now());
  const key = poolKeyOf(path);
  const indexes = [...suites].flatMap(([folder, { indexes }]) =>
    [...indexes].map(([index, hashes]) => ({ path: within(folder, index), hashes })),
  );
  const likely = indexes
    .filter((index) => isPoolIndex(index.path))
    .map((index) => ({ ...index, rank: rankOf(index.path, path) }))
    .sort((one, other) => other.rank - one.rank);
  // What is newest counts, wherever it is listed, before what is older.
  const most = Math.max(0, ...likely.map(({ hashes }) => hashes.length));
  for (let age = 0; age < most; age++) {
    for (const { path: index, hashes } of likely) {
      const sha256 = hashes[age];
      const found = sha256 === undefined ? null : await lookUp(archive, index, sha256, key, at);
      if (found !== null) return found;
    }
  }
  return null;
}

/** How likely an index lists a file, by what both are called. */
function rankOf(index: string, path: string): number {
  const named = poolNameIn(path);
  const component = /^pool\/([^/]+)\//.exec(path)?.[1];
  const isOfComponent = component !== undefined && index.includes(`/${component}/`);
  const folder = named?.architecture === 'source' ? '/source/' : `/binary-${named?.architecture}/`;
  const isOfArchitecture =
    index.includes(folder) || (named?.architecture === 'all' && index.includes('/binary-'));
  return (isOfComponent ? 1 : 0) + (isOfArchitecture ? 2 : 0);
}

async function lookUp(
  archive: string,
  index: string,
  sha256: string,
  key: PoolKey,
  at: Pulling,
): Promise<string | null> {
  const bytes = await readPoolIndex(archive, index, sha256, at);
  return bytes === null ? null : findInPool(bytes, key);
}

/** Whether an index says which files there are, and is packed in a way that is known here. */
export function isPoolIndex(path: string): boolean {
  const [, file] = splitPath(path);
  return /^(?:Packages|Sources)(?:\.|$)/.test(file) && packingOf(file) !== null;
}

export function poolIndexItem(archive: string, path: string, sha256: string): Item {
  return { kind: 'pool-index', name: null, path: `${archive}/${encoded(path)}@${sha256}`, isFile: true };
}

/** Made of an index that is read by its hash. */
export async function pullPoolIndex(item: Item, { archive, path }: Place, at: Pulling): Promise<Answer> {
  const [, index = '', sha256 = ''] = /^(.*)@([0-9a-f]{64})$/.exec(path) ?? [];
  const packing = packingOf(index);
  if (packing === null) throw new MeridianError('internal', `No index of a pool is made of ${item.path}.`);
  return makeFew(async () => {
    const read = await readItem(byHash(archive, index, sha256), at);
    if (read.status !== 200)
      return errorAnswer(at.registry.ecosystem, 404, `There is no ${index} of this hash any more.`);
    const kind = splitPath(index)[1].startsWith('Sources') ? 'Sources' : 'Packages';
    try {
      const body = await writePoolIndex(unpacked(read.bytes, packing, maxUnpackedBytes), kind);
      return documentAnswer({ body, type: 'application/octet-stream' }, at.ask.stored, immutable);
    } catch (cause) {
      if (!(cause instanceof UnpackError) && !(cause instanceof SyntaxError)) throw cause;
      throw unreadable(`${archive}/${index}`, cause);
    }
  });
}

function unreadable(index: string, cause: Error): MeridianError {
  return new MeridianError('upstream-invalid', `${index} cannot be read. ${cause.message}`, { cause });
}

/** Those that were used last, so that a thousand files do not read the same three megabytes a thousand times. */
const recent = new Map<string, Uint8Array>();
const recentBytes = 32 * 1024 * 1024;

/** `null`: it cannot be made, or not any more. */
export async function readPoolIndex(
  archive: string,
  path: string,
  sha256: string,
  at: Pulling,
): Promise<Uint8Array | null> {
  const name = `${path}@${sha256}`;
  const known = recent.get(name);
  if (known !== undefined) {
    recent.delete(name);
    recent.set(name, known);
    return known;
  }
  let read: Awaited<ReturnType<typeof readItem>>;
  try {
    read = await readItem(poolIndexItem(archive, path, sha256), at, maxPoolIndexBytes);
  } catch (error) {
    // Whoever asks for a file then gets it without a digest, which nobody keeps.
    if (error instanceof MeridianError && error.row.blame === 'upstream') return null;
    throw error;
  }
  if (read.status !== 200) return null;
  remember(name, read.bytes);
  return read.bytes;
}

function remember(name: string, bytes: Uint8Array): void {
  recent.set(name, bytes);
  let total = 0;
  for (const { byteLength } of recent.values()) total += byteLength;
  for (const [oldest, { byteLength }] of recent) {
    if (total <= recentBytes) return;
    recent.delete(oldest);
    total -= byteLength;
  }
}
