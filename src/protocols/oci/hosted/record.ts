/**
 * What is written down about repositories that live here, as documents of the metadata store:
 *
 *     oci-repository <route> <name>                        that there is one
 *     oci-blob       <route> <name> <digest>               a blob that the repository has, and which one of the store it is
 *     oci-manifest   <route> <name> <digest>               a manifest; its bytes are a blob of the store
 *     oci-need       <route> <name> <digest> <manifest>    the manifest names the blob, or the manifest, of this digest
 *     oci-tag        <route> <name> <tag>                  which manifest it stands for
 *     oci-tagged     <route> <name> <digest> <tag>         the same, the other way round
 *     oci-referrer   <route> <name> <subject> <digest>     a manifest about another one, as its descriptor
 *     oci-unpurged   <route> <name> <random>               what the nodes have not been told yet
 */
import { z } from 'zod';
import { artifactKinds } from '../../../catalogue.ts';
import {
  asSha256,
  blobReferenceKey,
  type Document,
  type DocumentKey,
  type DocumentReader,
  type Sha256,
  type Transaction,
} from '../../../store.ts';
import { type Digest, readDigest } from '../digest.ts';

/** A repository of a route. */
export interface Where {
  readonly route: string;
  readonly name: string;
}

export const repositoriesPrefix = (route: string): DocumentKey => ['oci-repository', route];
export const repositoryKey = ({ route, name }: Where): DocumentKey => ['oci-repository', route, name];
export const blobsPrefix = ({ route, name }: Where): DocumentKey => ['oci-blob', route, name];
export const blobKey = (at: Where, digest: Digest): DocumentKey => [...blobsPrefix(at), digest];
export const manifestsPrefix = ({ route, name }: Where): DocumentKey => ['oci-manifest', route, name];
export const manifestKey = (at: Where, digest: Digest): DocumentKey => [...manifestsPrefix(at), digest];
export const needsPrefix = ({ route, name }: Where, needed: Digest): DocumentKey => [
  ...['oci-need', route, name, needed],
];
export const tagsPrefix = ({ route, name }: Where): DocumentKey => ['oci-tag', route, name];
export const tagKey = (at: Where, tag: string): DocumentKey => [...tagsPrefix(at), tag];
export const taggedPrefix = ({ route, name }: Where, digest: Digest): DocumentKey => [
  ...['oci-tagged', route, name, digest],
];
export const referrersPrefix = ({ route, name }: Where, subject: Digest): DocumentKey => [
  ...['oci-referrer', route, name, subject],
];

/** Who holds a blob of the store. */
export function heldKey(at: Where, as: 'blob' | 'manifest', digest: Digest, blob: Sha256): DocumentKey {
  return blobReferenceKey(blob, ['oci', at.route, at.name, as, digest]);
}

const sha256 = z.string().transform((text, context): Sha256 => {
  const name = asSha256(text);
  if (name !== undefined) return name;
  context.addIssue({ code: 'custom', message: 'no SHA-256', input: text });
  return z.NEVER;
});

const digest = z.string().transform((text, context): Digest => {
  const read = readDigest(text);
  if (read !== null) return read;
  context.addIssue({ code: 'custom', message: 'no digest', input: text });
  return z.NEVER;
});

/** Times are ms since the epoch. */
const repository = z.object({ createdMs: z.number() });

const blob = z.object({
  blob: sha256,
  sizeBytes: z.number(),
  /** When it was pushed, or when the last manifest went that named it. */
  sinceMs: z.number(),
});
export type BlobRecord = Readonly<z.output<typeof blob>>;
export const asBlob = (value: unknown): BlobRecord => blob.parse(value);

const manifest = z.object({
  blob: sha256,
  sizeBytes: z.number(),
  mediaType: z.string(),
  /** Digests of what it is made of. */
  needs: z.array(digest).readonly(),
  subject: digest.nullable(),
  /** What lists show of it; those who have pushed it have written it. */
  summary: z
    .object({
      kind: z.enum(artifactKinds),
      artifactType: z.string().nullable(),
      platforms: z.array(z.string()).readonly(),
      description: z.string(),
    })
    .optional(),
  pushedMs: z.number(),
  by: z.string(),
});
export type ManifestRecord = Readonly<z.output<typeof manifest>>;
export const asManifest = (value: unknown): ManifestRecord => manifest.parse(value);

const tag = z.object({ digest, movedMs: z.number(), by: z.string() });
export type TagRecord = Readonly<z.output<typeof tag>>;
export const asTag = (value: unknown): TagRecord => tag.parse(value);

export const referrer = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  artifactType: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Referrer = Readonly<z.output<typeof referrer>>;

/** `null`: there is none of this name. */
export async function findRepository(reader: Pick<DocumentReader, 'get'>, at: Where) {
  const found = await reader.get(repositoryKey(at));
  return found && repository.parse(found.value);
}

export async function isRepository(reader: DocumentReader, at: Where): Promise<boolean> {
  return (await reader.get(repositoryKey(at))) !== null;
}

export async function beginRepository(transaction: Transaction, at: Where, nowMs: number): Promise<void> {
  if (await isRepository(transaction, at)) return;
  await transaction.put(repositoryKey(at), repository.parse({ createdMs: nowMs }));
}

export async function findBlob(
  reader: Pick<DocumentReader, 'get'>,
  at: Where,
  digest: Digest,
): Promise<BlobRecord | null> {
  const found = await reader.get(blobKey(at, digest));
  return found && asBlob(found.value);
}

export async function findManifest(
  reader: Pick<DocumentReader, 'get'>,
  at: Where,
  digest: Digest,
): Promise<ManifestRecord | null> {
  const found = await reader.get(manifestKey(at, digest));
  return found && asManifest(found.value);
}

export async function findTag(
  reader: Pick<DocumentReader, 'get'>,
  at: Where,
  name: string,
): Promise<TagRecord | null> {
  const found = await reader.get(tagKey(at, name));
  return found && asTag(found.value);
}

/** All documents below a prefix, page by page. */
export async function* allBelow(
  reader: DocumentReader,
  prefix: DocumentKey,
  limit = 1000,
): AsyncGenerator<Document, void, undefined> {
  for (let after: DocumentKey | undefined; ; ) {
    const page = await reader.scan(prefix, { limit, ...(after && { after }) });
    yield* page;
    if (page.length < limit) return;
    after = page.at(-1)?.key;
  }
}
