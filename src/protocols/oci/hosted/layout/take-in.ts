/**
 * Takes in a layout, image by image: its blobs first, then all of its manifests and its tag in one transaction, so that an image is there as
 * a whole or not at all. What is there already is left as it is, and not read. What is broken is noted by name, and the rest goes on.
 */
import { MeridianError } from '../../../../errors.ts';
import type { FolderIn, Job } from '../../../../protocol.ts';
import { type Digest, readDigest } from '../../digest.ts';
import type { Acting, Home } from '../home.ts';
import { findManifest, findTag } from '../record.ts';
import { Refusal } from '../refusal.ts';
import { type LayoutEntry, nameOf } from './format.ts';
import { type ImageName, readImageName } from './names.ts';
import { type LayoutIn, openLayout } from './read.ts';
import { type Store, storeImage } from './store.ts';
import { readTree } from './tree.ts';
import { unfit } from './unfit.ts';

/** What a command on the origin's machine may do, as the audit log calls it. */
const operator = {
  identity: { name: 'operator', token: null, may: () => true },
  tier: null,
  client: () => '',
} as const;

export async function takeIn(home: Home, folder: FolderIn, job: Job): Promise<void> {
  const layout = await openLayout(folder.path);
  const as = folder.as === undefined ? null : readImageName(folder.as);
  if (folder.as !== undefined && (as === null || as.digest !== null))
    throw new MeridianError(
      'request-malformed',
      `"${folder.as}" is no name of an image, such as acme/app:v1`,
    );
  if (as !== null && as.tag !== null && layout.entries.length !== 1)
    throw new MeridianError(
      'request-malformed',
      `${folder.path} has ${layout.entries.length} images, and only one can be called ${folder.as}`,
    );
  for (const entry of layout.entries) {
    job.signal.throwIfAborted();
    await takeEntry({ home, layout, folder, job }, entry, as);
  }
}

interface Taking {
  readonly home: Home;
  readonly layout: LayoutIn;
  readonly folder: FolderIn;
  readonly job: Job;
}

async function takeEntry(taking: Taking, entry: LayoutEntry, as: ImageName | null): Promise<void> {
  const { job, layout } = taking;
  const shown = nameOf(entry) ?? entry.digest;
  try {
    job.count(await takeImage(taking, entry, as));
  } catch (error) {
    const why = faultOf(error);
    if (why === null) throw error;
    job.count('refused');
    job.note(`${layout.path}: ${shown}: ${why}`);
  }
}

type Outcome = 'added' | 'there';

async function takeImage(
  { home, layout, folder, job }: Taking,
  entry: LayoutEntry,
  as: ImageName | null,
): Promise<Outcome> {
  const { name, tag } = placeOf(entry, as);
  const digest = readDigest(entry.digest);
  if (digest === null) throw unfit(`${entry.digest} is no digest that can be checked (sha256, sha512)`);
  if (!home.hosted.claims(name)) throw unfit(`${name} does not live on this route (\`hosted.names\`)`);
  const at = { route: home.route, name };
  const acting: Acting = { home, at, exchange: operator, origin: job };
  if (await isThere(acting, digest, tag, folder.move ?? false)) return 'there';
  const tree = await readTree(layout, { digest, mediaType: entry.mediaType, sizeBytes: entry.size });
  const store: Store = { acting, layout, job, dryRun: folder.dryRun, move: folder.move ?? false };
  await storeImage(store, tree, tag);
  return 'added';
}

/** @throws where the tag stands for something else, and stays. */
async function isThere(
  { at, home, origin }: Acting,
  digest: Digest,
  tag: string | null,
  move: boolean,
): Promise<boolean> {
  const reader = origin.stores?.metadata;
  if (reader === undefined || (await findManifest(reader, at, digest)) === null) return false;
  if (tag === null) return true;
  const found = await findTag(reader, at, tag);
  if (found !== null && found.digest !== digest && (!move || home.hosted.isImmutable(tag)))
    throw unfit(`${at.name}:${tag} stands for ${found.digest} here`);
  return found?.digest === digest;
}

/** Where an entry belongs: as it says itself, or as whoever takes it in says. */
function placeOf(entry: LayoutEntry, as: ImageName | null): { name: string; tag: string | null } {
  const own = nameOf(entry);
  if (as !== null) return { name: as.name, tag: as.tag ?? tagIn(own) };
  const read = own === null ? null : readImageName(own);
  const isWhole = read !== null && (read.tag !== null || read.digest !== null);
  if (!isWhole) throw unfit('it does not say which repository it belongs to (--as)');
  return read;
}

/** The last word of what tools write: `v1`, `acme/app:v1`, `localhost/app:v1`. */
function tagIn(name: string | null): string | null {
  if (name === null || name.includes('@')) return null;
  const read = readImageName(name.includes(':') ? name : `any:${name}`);
  if (read === null) throw unfit(`"${name}" holds no tag`);
  return read.tag;
}

/** `null`: it is not this image's, and the next one would fare no better. */
function faultOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  const isItsOwn = error instanceof MeridianError && faults.has(error.code);
  return isItsOwn ? error.detail : null;
}

/** A file that is not what its name says; more than may be kept. */
const faults: ReadonlySet<string> = new Set([
  ...['document-too-large', 'blob-mismatch', 'body-too-large', 'quota-exceeded'],
]);
