/** A repository that lives here: its tags, the newest first, and what the newest of them says of it. */
import {
  type Described,
  type DescribedVersion,
  mostVersions,
  pageOf,
  type Rank,
  type VersionPage,
} from '../../../catalogue.ts';
import type { Digest } from '../digest.ts';
import {
  allBelow,
  asBlob,
  asTag,
  blobsPrefix,
  findManifest,
  findRepository,
  findTag,
  type ManifestRecord,
  type TagRecord,
  tagKey,
  tagsPrefix,
} from '../hosted/record.ts';
import { wordsOf } from './artifact.ts';
import { type HostedContent, hostedContent } from './hosted-content.ts';
import { repositorySizes } from './shared.ts';
import { aboutWords } from './words.ts';

/** Blobs whose sizes are added up; of a repository with more, sizes of tags are not told. */
const mostBlobs = 20_000;
const atOnce = 50;

export async function describeHosted(here: HostedContent): Promise<Described> {
  const { metadata, hosted, at } = here;
  const { versions, total } = await hostedVersions(here, { limit: mostVersions, after: null });
  const latest = await findTag(metadata, at, 'latest');
  const shown = latest?.digest ?? (versions[0]?.digest as Digest | undefined);
  const words = shown === undefined ? null : await wordsOf(hostedContent(here), shown);
  const { createdMs } = (await findRepository(metadata, at)) ?? { createdMs: null };
  const sizes = await repositorySizes(here);
  return {
    ...{ name: at.name, kind: 'hosted', access: hosted.isPublic(at.name) ? 'public' : 'restricted' },
    ...aboutWords(words),
    ...{ createdMs, modifiedMs: versions[0]?.publishedMs ?? createdMs },
    tags: latest === null ? {} : { latest: 'latest' },
    ...{ versions, versionCount: total, readme: null, cached: { versions: 0, bytes: 0 }, blocked: null },
    ...{ sizes, note: sizes === null ? 'It is too large for its sizes to be told' : null },
  };
}

export async function hostedVersions(
  { metadata, at }: HostedContent,
  wanted: { readonly limit: number; readonly after: Rank | null },
): Promise<VersionPage> {
  const page = pageOf<{ score: number; name: string; tag: TagRecord }>(wanted);
  for await (const { key, value } of allBelow(metadata, tagsPrefix(at))) {
    const tag = asTag(value);
    page.add({ score: tag.movedMs, name: key.at(-1) ?? '', tag });
  }
  const { found, total } = page.done();
  const weigh = await weigher(metadata, at);
  const versions: DescribedVersion[] = [];
  for (let from = 0; from < found.length; from += atOnce) {
    const some = found.slice(from, from + atOnce);
    versions.push(...(await Promise.all(some.map(({ name, tag }) => describeTag(name, tag, weigh)))));
  }
  return { versions, total };
}

async function describeTag(name: string, tag: TagRecord, weigh: Weigher): Promise<DescribedVersion> {
  const record = await weigh.record(tag.digest);
  const { kind = 'image', artifactType = null, platforms = [] } = record?.summary ?? {};
  return {
    ...{ version: name, publishedMs: tag.movedMs, publisher: tag.by, digest: tag.digest },
    ...{ sizeBytes: await weigh.sizeOf(tag.digest), unpackedBytes: null, dependencies: null },
    ...{ deprecated: null, yanked: false, blocked: null, kept: 'hosted' },
    artifact: { kind, artifactType, platforms },
  };
}

interface Weigher {
  record(digest: Digest): Promise<ManifestRecord | null>;
  /** With all that it is made of, each once; `null`: there is too much. */
  sizeOf(digest: Digest): Promise<number | null>;
}

/** Reads each document once. */
async function weigher(metadata: HostedContent['metadata'], at: HostedContent['at']): Promise<Weigher> {
  const blobs = new Map<string, number>();
  for await (const { key, value } of allBelow(metadata, blobsPrefix(at))) {
    blobs.set(key.at(-1) ?? '', asBlob(value).sizeBytes);
    if (blobs.size > mostBlobs) break;
  }
  const records = new Map<Digest, Promise<ManifestRecord | null>>();

  function record(digest: Digest): Promise<ManifestRecord | null> {
    const known = records.get(digest) ?? findManifest(metadata, at, digest);
    records.set(digest, known);
    return known;
  }

  async function partsOf(digest: Digest, parts: Map<Digest, number>): Promise<void> {
    const found = parts.has(digest) ? null : await record(digest);
    if (found === null) return;
    parts.set(digest, found.sizeBytes);
    for (const needed of found.needs) {
      const size = blobs.get(needed);
      if (size === undefined) await partsOf(needed, parts);
      else parts.set(needed, size);
    }
  }

  return {
    record,
    async sizeOf(digest) {
      if (blobs.size > mostBlobs) return null;
      const parts = new Map<Digest, number>();
      await partsOf(digest, parts);
      return [...parts.values()].reduce((sum, size) => sum + size, 0);
    },
  };
}

/** What a list says of a repository: `latest`, or the newest of its tags, the last thousand of them by name. */
export async function newestTag({ metadata, at }: Pick<HostedContent, 'metadata' | 'at'>) {
  const latest = await metadata.get(tagKey(at, 'latest'));
  const found = latest === null ? await metadata.scan(tagsPrefix(at), { order: 'descending' }) : [latest];
  let newest: { readonly name: string; readonly tag: TagRecord } | null = null;
  for (const { key, value } of found) {
    const tag = asTag(value);
    if (newest === null || tag.movedMs > newest.tag.movedMs) newest = { name: key.at(-1) ?? '', tag };
  }
  if (newest === null) return null;
  return { ...newest, record: await findManifest(metadata, at, newest.tag.digest) };
}
