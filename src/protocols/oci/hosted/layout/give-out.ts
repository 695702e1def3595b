/**
 * Writes what lives on a route as one OCI image layout, in which what several repositories have lies once. With one repository, names are its
 * tags, as skopeo wants them (`oci:<folder>:<tag>`); with several, they are whole (`acme/app:v1`). What is about an image comes along:
 * its referrers, and tags such as `sha256-<hex>.sig`.
 */
import { MeridianError } from '../../../../errors.ts';
import type { FolderOut, Job } from '../../../../protocol.ts';
import { type Digest, readDigest } from '../../digest.ts';
import { tagsAbout } from '../about.ts';
import { neededBy } from '../blobs.ts';
import {
  allBelow,
  asManifest,
  asTag,
  findBlob,
  findManifest,
  findTag,
  isRepository,
  manifestsPrefix,
  referrersPrefix,
  repositoriesPrefix,
  tagsPrefix,
  type Where,
} from '../record.ts';
import { isTagged } from '../take-away.ts';
import { broken, entryOf, type LayoutEntry } from './format.ts';
import { type ImageName, readImageName } from './names.ts';
import { streamed } from './streamed.ts';
import { createLayout, foresee, type LayoutOut } from './write.ts';

/** In one index. */
const mostEntries = 200_000;
/** Digests that are remembered as written; what is forgotten is looked for again. */
const remembered = 200_000;

interface Giving {
  readonly route: string;
  readonly job: Job;
  readonly out: LayoutOut;
  readonly dryRun: boolean;
  readonly path: string;
  /** Whether names in the layout are those of repositories, too. */
  readonly isNamed: boolean;
  readonly entries: Map<string, LayoutEntry>;
  readonly written: Set<string>;
}

export async function giveOut(route: string, { path, what, dryRun }: FolderOut, job: Job): Promise<void> {
  const wanted = what.map(wantedIn);
  const names = new Set(wanted.map(({ name }) => name));
  const out = await (dryRun ? foresee(path) : createLayout(path));
  const giving: Giving = {
    ...{ route, job, out, dryRun, path, isNamed: names.size !== 1 },
    ...{ entries: new Map<string, LayoutEntry>(), written: new Set<string>() },
  };
  try {
    for await (const name of names.size > 0 ? names : repositories(giving))
      await giveRepository(
        giving,
        name,
        wanted.filter((each) => each.name === name),
      );
    await out.finish([...giving.entries.values()]);
  } catch (error) {
    await out.abandon();
    throw error;
  }
}

function wantedIn(text: string): ImageName {
  const name = readImageName(text);
  if (name !== null) return name;
  throw new MeridianError('request-malformed', `"${text}" is no name of an image, such as acme/app:v1`);
}

async function* repositories({ route, job }: Giving): AsyncGenerator<string, void, undefined> {
  for await (const { key } of allBelow(job.stores.metadata, repositoriesPrefix(route))) yield key[2] ?? '';
}

async function giveRepository(giving: Giving, name: string, wanted: readonly ImageName[]): Promise<void> {
  const { route, job } = giving;
  const at = { route, name };
  if (!(await isRepository(job.stores.metadata, at))) return missing(job, `no repository ${name} lives here`);
  job.count('repositories');
  const isWhole = wanted.length === 0 || wanted.some(({ tag, digest }) => tag === null && digest === null);
  if (isWhole) return giveAll(giving, at);
  for (const { tag, digest } of wanted) {
    const found = tag === null ? null : await findTag(job.stores.metadata, at, tag);
    const wants = found?.digest ?? digest;
    if (wants === null) missing(job, `there is no ${name}:${tag}`);
    else await giveWithAll(giving, at, tag, wants);
  }
}

/** Tags, and what nothing else in the repository leads to. */
async function giveAll(giving: Giving, at: Where): Promise<void> {
  const { metadata } = giving.job.stores;
  for await (const { key, value } of allBelow(metadata, tagsPrefix(at)))
    await giveImage(giving, at, key.at(-1) ?? '', asTag(value).digest);
  for await (const { key } of allBelow(metadata, manifestsPrefix(at), 100)) {
    const digest = readDigest(key.at(-1) ?? '');
    if (digest === null || (await neededBy(metadata, at, digest)) !== null) continue;
    if (!(await isTagged(metadata, at, digest))) await giveImage(giving, at, null, digest);
  }
}

/** An image, and what is about it or about any of its manifests. */
async function giveWithAll(giving: Giving, at: Where, tag: string | null, digest: Digest): Promise<void> {
  const { metadata } = giving.job.stores;
  const waiting: { tag: string | null; digest: Digest }[] = [{ tag, digest }];
  const given = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const name = `${next.tag ?? ''}@${next.digest}`;
    if (given.has(name)) continue;
    given.add(name);
    for (const manifest of await giveImage(giving, at, next.tag, next.digest)) {
      for await (const { key } of allBelow(metadata, referrersPrefix(at, manifest))) {
        const referrer = readDigest(key.at(-1) ?? '');
        if (referrer !== null) waiting.push({ tag: null, digest: referrer });
      }
      for await (const about of tagsAbout(metadata, at, manifest))
        waiting.push({ tag: about.tag, digest: about.record.digest });
    }
  }
}

/** @returns its manifests; none where something of it is missing, which is noted. */
async function giveImage(
  giving: Giving,
  at: Where,
  tag: string | null,
  digest: Digest,
): Promise<readonly Digest[]> {
  const { job, entries, isNamed, path } = giving;
  const { metadata } = job.stores;
  const shown = tag === null ? `${at.name}@${digest}` : `${at.name}:${tag}`;
  const top = await findManifest(metadata, at, digest);
  if (top === null) return gone(job, shown, digest);
  const manifests = new Set<Digest>([digest]);
  // A set is gone through in the order in which it grows.
  for (const each of manifests) {
    job.signal.throwIfAborted();
    const found = await metadata.get([...manifestsPrefix(at), each]);
    if (found === null) return gone(job, shown, each);
    const record = asManifest(found.value);
    for (const needed of record.needs) {
      const blob = await findBlob(metadata, at, needed);
      // What is one of its manifests may have been pushed as a blob, too.
      if (blob === null || (await findManifest(metadata, at, needed)) !== null) manifests.add(needed);
      else if (!(await giveBlob(giving, needed, blob))) return gone(job, shown, needed);
    }
    if (!(await giveBlob(giving, each, record))) return gone(job, shown, each);
  }
  const name = isNamed ? shown : tag;
  entries.set(name ?? shown, entryOf({ digest, ...top }, name));
  if (entries.size > mostEntries)
    throw broken(path, `more than ${mostEntries} images do not fit in one layout`);
  job.count('images');
  return [...manifests];
}

/** @returns whether it is there. */
async function giveBlob(
  { job, out, dryRun, written }: Giving,
  digest: Digest,
  { blob, sizeBytes }: { blob: Parameters<Job['stores']['blobs']['open']>[0]; sizeBytes: number },
): Promise<boolean> {
  if (written.has(digest)) return true;
  if (await out.has(digest, sizeBytes)) job.count('there');
  else if (dryRun) {
    if ((await job.stores.blobs.stat(blob)) === null) return false;
    job.count('written');
    job.count('bytes', sizeBytes);
  } else {
    const opened = await job.stores.blobs.open(blob);
    if (opened === null) return false;
    await out.add(digest, sizeBytes, streamed(opened.body, job));
    job.count('written');
  }
  if (written.size >= remembered) written.clear();
  written.add(digest);
  return true;
}

function gone(job: Job, shown: string, digest: Digest): readonly Digest[] {
  missing(job, `${shown} is left out: ${digest} is not in the repository any more`);
  return [];
}

function missing({ count, note }: Job, why: string): void {
  count('missing');
  note(why);
}
