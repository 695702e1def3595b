/**
 * Indexes. By its hash one is what it is for ever. By its plain name it is what the generation in force says: those bytes, or an error, so that
 * an `InRelease` and an index that are read here one after the other belong together.
 */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Digest } from '../../../http/digest.ts';
import { discard } from '../../bodies.ts';
import { cacheControlOf } from '../../kept-for.ts';
import { documentAnswer, errorAnswer, etagOf } from '../../registry/answers.ts';
import { pullIndex } from '../../registry/document.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { pullFile } from '../../registry/file.ts';
import { readItem, resourceOf } from '../../registry/item.ts';
import type { Source } from '../../registry/sources.ts';
import { parseParagraph, rowsOf } from '../deb822.ts';
import { byHash, itemAt, splitPath, within } from '../item.ts';
import { encoded, hashIn, type Place, releaseFolders } from '../path.ts';
import type { Release } from '../release.ts';
import { type Folder, upstreamGeneration } from './generation.ts';
import { type FoundIndex, findIndex, releaseInForce } from './in-force.ts';
import { type KnownSuites, noteIndex } from './known.ts';
import { isPoolIndex, poolIndexItem } from './pool.ts';

const binary = 'application/octet-stream';
/** Longer ones come straight from the upstream, and are not held in memory. */
const heldBytes = 32 * 1024 * 1024;

export interface Question {
  readonly item: Item;
  readonly place: Place;
  readonly source: Source;
  readonly known: KnownSuites;
}

/** By its plain name. */
export async function pullPlain(question: Question, at: Pulling): Promise<Answer> {
  const { item, place, source, known } = question;
  const { archive, path } = place;
  const found = await findIndex(archive, path, at);
  // What no release names, nobody can compare: it goes to whoever asks, and is not kept.
  if (found === null || found.index === null) return unverified(item, `/${encoded(path)}`, source, at);
  const digest = digestOf(found.index.sha256);
  const cacheControl = cacheControlOf(at.registry.metadata, new Headers());
  if (at.ask.stored?.etag === etagOf(digest))
    return {
      status: 304,
      headers: new Headers({ etag: etagOf(digest), 'cache-control': cacheControl }),
      body: null,
    };
  const answer = await named(question, found, digest, at);
  if (answer.status !== 200) {
    await discard(answer);
    return changing(found, place, at);
  }
  await note({ archive, folder: found.folder, path: found.path, sha256: found.index.sha256 }, known, at);
  answer.headers.set('cache-control', cacheControl);
  const { dateMs } = found.release;
  if (dateMs !== null) answer.headers.set('last-modified', new Date(dateMs).toUTCString());
  return answer;
}

/** Exactly the bytes that the generation names. */
async function named(
  { item, place: { archive, path }, source }: Question,
  { index }: FoundIndex,
  digest: Digest,
  at: Pulling,
): Promise<Answer> {
  const { sha256 = '', sizeBytes = 0 } = index ?? {};
  if (sizeBytes > heldBytes) return fromHash(item, { archive, path, sha256, digest }, source, at);
  try {
    const read = await readItem(byHash(archive, path, sha256), at, heldBytes);
    if (read.status === 200) return documentAnswer({ body: read.bytes, type: binary }, null, '');
    return errorAnswer(at.registry.ecosystem, read.status, 'The index that the release names is gone.', 0);
  } catch (error) {
    if (error instanceof MeridianError && error.code === 'digest-mismatch')
      return errorAnswer(at.registry.ecosystem, 404, 'The index has other bytes than its release says.', 0);
    throw error;
  }
}

/** A long one, straight from the upstream: by its hash, or by its plain name, compared with its hash either way. */
async function fromHash(
  item: Item,
  { archive, path, sha256, digest }: Hashed & { readonly path: string },
  source: Source,
  at: Pulling,
): Promise<Answer> {
  const hashed = byHash(archive, path, sha256);
  const url = hashed.path.slice(archive.length);
  const answer = await pullFile(item, { ...asFile(source, url), digest }, at);
  if (answer.status !== 404) return answer;
  await discard(answer);
  return pullFile(item, { ...asFile(source, `/${encoded(path)}`), digest }, at);
}

interface Hashed {
  readonly archive: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly digest: Digest;
}

/**
 * What the generation names is not to be had any more: the upstream is in another one, which is entered now. Whoever asks has read the one before,
 * so no bytes would be the right ones for him; with the next update he gets all of the new one. The status is one that apt does not try again by
 * itself.
 */
async function changing(
  { folder, release, path }: FoundIndex,
  { archive }: Place,
  at: Pulling,
): Promise<Answer> {
  const newest = await releaseInForce({ archive, folder }, at, true);
  if (newest?.indexes.get(path)?.sha256 === release.indexes.get(path)?.sha256)
    throw new MeridianError(
      'upstream-invalid',
      `${archive}/${folder} names a ${path} that it does not have.`,
    );
  const message = `${archive}/${folder} has just changed, and this index of the release before is gone. Update again.`;
  return errorAnswer(at.registry.ecosystem, 409, message, 0);
}

/** By its hash. An upstream that knows no such addresses has it by its plain name as long as its generation is in force there. */
export async function pullByHash(question: Question, at: Pulling): Promise<Answer> {
  const { item, place, source } = question;
  const { archive, path } = place;
  const hash = hashIn(path);
  if (hash === null) return errorAnswer(at.registry.ecosystem, 404, 'By hash, there are SHA256 and SHA512.');
  const digest: Digest = {
    algorithm: hash.algorithm,
    value: Buffer.from(hash.hex, 'hex').toString('base64'),
  };
  let answer = await pullFile(item, { ...asFile(source, `/${encoded(path)}`), digest }, at);
  if (answer.status === 404) {
    const plain = await plainName(path, hash.hex, (folder) => upstreamRelease({ archive, folder }, at));
    if (plain === null) return answer;
    await discard(answer);
    answer = await pullFile(
      item,
      { ...asFile(source, `/${encoded(within(plain.folder, plain.path))}`), digest },
      at,
    );
  }
  // Whose it is may take a while to know, and nobody has to wait for that; what is not learnt now is when the next one asks.
  if (answer.status === 200) learn(question, hash.hex, at).catch(() => undefined);
  return answer;
}

async function upstreamRelease(folder: Folder, at: Pulling): Promise<Release | null> {
  return (await upstreamGeneration(folder, at))?.release ?? null;
}

interface PlainName {
  readonly folder: string;
  /** Below that. */
  readonly path: string;
  readonly sha256: string;
}

/** What an index is called in a release of its suite. */
async function plainName(
  path: string,
  hash: string,
  releaseOf: (folder: string) => Promise<Release | null>,
): Promise<PlainName | null> {
  const index = path.replace(/(?:^|\/)by-hash\/[^/]+\/[^/]+$/, '');
  for (const folder of releaseFolders(within(index, 'Packages'))) {
    const release = await releaseOf(folder);
    const below = index.slice(folder.length).replace(/^\//, '');
    for (const [name, { sha256, sha512 }] of release?.indexes ?? [])
      if ((sha256 === hash || sha512 === hash) && splitPath(name)[0] === below)
        return { folder, path: name, sha256 };
  }
  return null;
}

/** That clients ask for it, so that the next generation brings it along; and which files it lists, before they are asked for. */
async function learn(
  { place: { archive, path }, known }: Question,
  hash: string,
  at: Pulling,
): Promise<void> {
  const alone = { ...at, ask: { ...at.ask, signal: new AbortController().signal } };
  const plain = await plainName(path, hash, (folder) => releaseInForce({ archive, folder }, alone));
  if (plain === null) return;
  await note({ archive, ...plain }, known, at);
  const whole = within(plain.folder, plain.path);
  if (!isPoolIndex(whole)) return;
  const ask = { ...alone.ask, stored: null, part: null, background: true };
  await at.door.fetchAhead(resourceOf(at.registry, poolIndexItem(archive, whole, plain.sha256)), ask);
}

function note(
  { archive, folder, path, sha256 }: PlainName & { readonly archive: string },
  known: KnownSuites,
  { door }: Pulling,
): Promise<void> {
  return known.note({ archive, folder }, door.stores, (suite) => noteIndex(suite, path, sha256));
}

/** What has changed since an older index (`Packages.diff/<name>.gz`): its `Index` says which bytes that is. */
export async function pullPatch({ item, place, source }: Question, at: Pulling): Promise<Answer> {
  const { archive, path } = place;
  const [folder, file] = splitPath(path);
  const index = await readItem(itemAt({ kind: 'index', archive, path: within(folder, 'Index') }), at);
  const sha256 = index.status === 200 ? patchIn(new TextDecoder().decode(index.bytes), file) : null;
  if (sha256 === null) return unverified(item, `/${encoded(path)}`, source, at);
  return pullFile(item, { ...asFile(source, `/${encoded(path)}`), digest: digestOf(sha256) }, at);
}

function patchIn(text: string, file: string): string | null {
  try {
    const fields = parseParagraph(text, { fields: 50, bytes: 4 * 1024 * 1024 });
    for (const [sha256 = '', , name] of rowsOf(fields.get('sha256-download')))
      if (name === file && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  } catch {
    // It has come with the digest that its release names, and apt says what it thinks of it.
  }
  return null;
}

/** Keys, lists and notes beside the packages: as they are now. */
export function pullOther({ item, place, source }: Question, at: Pulling): Promise<Answer> {
  const derive = (body: Uint8Array, { headers }: { readonly headers: Headers }) => {
    const isText = headers.get('content-type')?.startsWith('text/plain') === true;
    const lastModified = headers.get('last-modified');
    const fields = lastModified === null ? {} : { 'last-modified': lastModified };
    return { body, fields, type: isText ? 'text/plain; charset=utf-8' : binary };
  };
  return pullIndex(item, { path: `/${encoded(place.path)}`, revision: 1, sources: [source], derive }, at);
}

/** For whoever asks, who compares it himself or cannot. */
function unverified(item: Item, url: string, source: Source, at: Pulling): Promise<Answer> {
  return pullFile(item, { ...asFile(source, url), digest: null }, at);
}

function asFile(source: Source, url: string) {
  return { source, url, type: binary, version: null, publishedMs: null };
}

function digestOf(sha256: string): Digest {
  return { algorithm: 'sha256', value: Buffer.from(sha256, 'hex').toString('base64') };
}
