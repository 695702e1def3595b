/** The generation that a suite is in here: that of the `InRelease` which clients of this network read. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { cacheControlOf } from '../../kept-for.ts';
import { documentAnswer, errorAnswer } from '../../registry/answers.ts';
import type { Pulling } from '../../registry/ecosystem.ts';
import { readItem, readItemAgain } from '../../registry/item.ts';
import { itemAt, splitPath, within } from '../item.ts';
import { type Place, releaseFolders } from '../path.ts';
import { clearTextOf, parseRelease, type Release, type ReleaseIndex } from '../release.ts';
import { enter } from './enter.ts';
import { type Folder, failed, type Generation, upstreamGeneration } from './generation.ts';
import type { KnownSuites } from './known.ts';

/** `InRelease`, `Release`, `Release.gpg`: from the upstream, once it has been entered. */
export async function pullRelease(place: Place, known: KnownSuites, at: Pulling): Promise<Answer> {
  const { archive, path, kind } = place;
  const folder: Folder = { archive, folder: splitPath(path)[0] };
  const generation = await upstreamGeneration(folder, at);
  const absent = () => errorAnswer(at.registry.ecosystem, 404, `There is no ${path} in ${archive}.`);
  if (generation === null) return absent();
  await enter(folder, generation, known, at);
  const body = await fileOf(kind, folder, generation, at);
  if (body === null) return absent();
  const fields = generation.lastModified === null ? {} : { 'last-modified': generation.lastModified };
  const type = kind === 'release-gpg' ? 'application/pgp-signature' : 'text/plain; charset=utf-8';
  return documentAnswer(
    { body, type, fields },
    at.ask.stored,
    cacheControlOf(at.registry.metadata, new Headers()),
  );
}

/** Where both are there, `Release` and its signature are of the same generation as `InRelease`. */
async function fileOf(
  kind: Place['kind'],
  folder: Folder,
  generation: Generation,
  at: Pulling,
): Promise<Uint8Array | null> {
  const { files, sha256 } = generation;
  if (kind === 'in-release') return files.inRelease;
  const pair = files.inRelease === null ? generation : await upstreamGeneration(folder, at, 'pair');
  if (pair !== null && pair.sha256 !== sha256)
    throw new MeridianError(
      'upstream-changed',
      `${folder.archive}/${folder.folder} is being changed: its two releases differ.`,
    );
  return (kind === 'release' ? pair?.files.release : pair?.files.signature) ?? null;
}

export interface InForce {
  readonly folder: string;
  readonly release: Release;
}

const parsed = new Map<string, { readonly etag: string; readonly release: Release }>();
/** Suites whose releases are kept as they are parsed. */
const mostParsed = 32;

/** `null`: there is no suite in this folder. @param again confirmed by the upstream just now. */
export async function releaseInForce(folder: Folder, at: Pulling, again = false): Promise<Release | null> {
  const { archive } = folder;
  const readOne = again ? readItemAgain : readItem;
  for (const [kind, file] of [
    ['in-release', 'InRelease'],
    ['release', 'Release'],
  ] as const) {
    const read = await readOne(itemAt({ kind, archive, path: within(folder.folder, file) }), at);
    if (read.status === 200) return parse(`${at.registry.route} ${archive}/${folder.folder}`, read);
    if (read.status !== 404 && read.status !== 410) throw failed(folder, read.status);
  }
  return null;
}

function parse(
  name: string,
  { headers, bytes }: { readonly headers: Headers; readonly bytes: Uint8Array },
): Release {
  const etag = headers.get('etag') ?? '';
  const known = parsed.get(name);
  if (known !== undefined && etag !== '' && known.etag === etag) return known.release;
  const release = parseRelease(clearTextOf(new TextDecoder().decode(bytes)));
  parsed.delete(name);
  parsed.set(name, { etag, release });
  const [oldest] = parsed.keys();
  if (parsed.size > mostParsed && oldest !== undefined) parsed.delete(oldest);
  return release;
}

export interface FoundIndex extends InForce {
  /** Below the folder of the suite. */
  readonly path: string;
  /** `null`: the suite does not name it. */
  readonly index: ReleaseIndex | null;
}

/** Whose an index is. `null`: no suite is known whose it could be. */
export async function findIndex(archive: string, path: string, at: Pulling): Promise<FoundIndex | null> {
  let first: FoundIndex | null = null;
  for (const folder of releaseFolders(path)) {
    const release = await releaseInForce({ archive, folder }, at);
    if (release === null) continue;
    const below = folder === '' ? path : path.slice(folder.length + 1);
    const found = { folder, release, path: below, index: release.indexes.get(below) ?? null };
    if (found.index !== null) return found;
    first ??= found;
  }
  return first;
}
