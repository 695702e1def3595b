/** Archives that live here, read: suites, their indexes, the key that they are signed with, packages. */
import type { Answer } from '../../../entry.ts';
import { formatReprDigest, fromShasum } from '../../../http/digest.ts';
import { asSha256 } from '../../../store.ts';
import { blobAnswer, restrict, toldApart } from '../../blob-answer.ts';
import { immutable } from '../../kept-for.ts';
import { type Document, errorAnswer, etagOf } from '../../registry/answers.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { storesOf } from '../../registry/hosted/claims.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { serveDocument, serveFile } from '../../registry/hosted/serve.ts';
import { hashIn, type Place } from '../path.ts';
import {
  currentGeneration,
  generationInForce,
  type HostedGeneration,
  type Hosting,
  indexByHash,
  type SuiteName,
} from './generation.ts';
import { addressOf, shelfIn } from './package.ts';
import { signingKeyOf } from './signing.ts';

const packageType = 'application/vnd.debian.binary-package';
const binary = 'application/octet-stream';

export async function serveHosted(item: Item, place: Place, hosting: Hosting, at: Pulling): Promise<Answer> {
  const answer =
    at.registry.hosted === null || at.door.stores === null ? null : await found(item, place, hosting, at);
  return answer ?? errorAnswer(at.registry.ecosystem, 404, `There is no ${place.path} in ${place.archive}.`);
}

async function found(item: Item, place: Place, hosting: Hosting, at: Pulling): Promise<Answer | null> {
  switch (place.kind) {
    case 'in-release':
    case 'release':
    case 'release-gpg':
      return servedRelease(item, place, hosting, at);
    case 'index':
      return servedIndex(item, place, hosting, at);
    case 'by-hash':
      return servedByHash(place, at);
    case 'pool':
      return servedPackage(item, place, at);
    case 'other':
      return servedKey(item, place, hosting, at);
    default:
      return null;
  }
}

const suiteIn = ({ archive, path }: Place): SuiteName => ({ archive, suite: path.split('/')[1] ?? '' });

async function servedRelease(
  item: Item,
  place: Place,
  hosting: Hosting,
  at: Pulling,
): Promise<Answer | null> {
  if (!/^dists\/[^/]+\/[^/]+$/.test(place.path)) return null;
  const generation = await currentGeneration(suiteIn(place), hosting, at);
  if (generation === null) return null;
  const { inRelease, release, signature } = generation;
  const body = place.kind === 'in-release' ? inRelease : place.kind === 'release' ? release : signature;
  const type = place.kind === 'release-gpg' ? 'application/pgp-signature' : 'text/plain; charset=utf-8';
  return served(item, { body, type }, generation, at);
}

/** By its plain name: of the generation that was read last, so that both belong together. */
async function servedIndex(item: Item, place: Place, hosting: Hosting, at: Pulling): Promise<Answer | null> {
  const name = suiteIn(place);
  const generation = (await generationInForce(name, at)) ?? (await currentGeneration(name, hosting, at));
  const path = place.path.split('/').slice(2).join('/');
  const index = generation?.indexes.find((one) => one.path === path);
  if (generation === null || index === undefined) return null;
  const opened = await storesOf(at.door).blobs.open(index.sha256);
  if (opened === null) return null;
  const body = new Uint8Array(await new Response(opened.body).arrayBuffer());
  return served(item, { body, type: binary }, generation, at);
}

function served(
  item: Item,
  document: Document,
  { createdMs, packages }: HostedGeneration,
  at: Pulling,
): Answer {
  const fields = { 'last-modified': new Date(createdMs).toUTCString() };
  return serveDocument(item, { ...document, fields }, at, { isRestricted: isForSome(packages, at) });
}

/** A list that names what only some may read is for those who may read all: also what the config no longer counts among what lives here. */
function isForSome(packages: readonly string[], { registry }: Pulling): boolean {
  return packages.some((name) => registry.hosted?.isPublic(name) !== true);
}

async function servedByHash(place: Place, at: Pulling): Promise<Answer | null> {
  const blob = asSha256(hashIn(place.path)?.hex ?? '');
  const index = blob === undefined ? null : await indexByHash(suiteIn(place), blob, at);
  const digest = blob === undefined ? undefined : fromShasum(blob);
  if (blob === undefined || index === null || !digest) return null;
  const headers = new Headers({
    ...{ etag: etagOf(digest), 'repr-digest': formatReprDigest(digest) },
    ...{ 'cache-control': immutable, 'content-type': binary },
  });
  const isStored = at.ask.stored !== null && at.ask.stored.etag === headers.get('etag');
  const answer = isStored
    ? { status: 304, headers, body: null }
    : await blobAnswer({ what: place.path, blob, sizeBytes: index.sizeBytes, headers }, at.ask, at.door);
  if (isForSome(index.packages, at)) restrict(answer);
  return toldApart(answer);
}

async function servedPackage({ name }: Item, { archive, path }: Place, at: Pulling): Promise<Answer | null> {
  const shelf = shelfIn(archive, path);
  const file =
    name === null || shelf === null ? null : await findFile(at, name, addressOf(shelf, shelf.file));
  return file && serveFile(file, packageType, at);
}

/** For `Signed-By`, before anything can be read that it signs. Everybody may have it. */
async function servedKey(
  item: Item,
  { path }: Place,
  { signingKey }: Hosting,
  at: Pulling,
): Promise<Answer | null> {
  if (path !== 'archive-key.asc' && path !== 'archive-key.gpg') return null;
  const { route, clock } = at.registry;
  const key = await signingKeyOf(storesOf(at.door), route, signingKey, clock.now());
  const document =
    path === 'archive-key.asc'
      ? { body: key.armored, type: 'application/pgp-keys' }
      : { body: key.binary, type: binary };
  return serveDocument(item, document, at);
}
