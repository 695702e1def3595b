/**
 * Where else a blob is (OCI Distribution Specification 1.1, Mounting a blob: the registry MAY look for it by itself). Only repositories
 * count that whoever asks may read by himself, so that he learns nothing of the others.
 */
import { asSha256, blobReferenceKey, type DocumentReader } from '../../../store.ts';
import { type Digest, hexOf } from '../digest.ts';
import type { Changing } from './home.ts';
import { type BlobRecord, findBlob, type Where } from './record.ts';

/** Holders that are looked at for one request. */
const mostHolders = 100;

/** @returns the blob as one of them has it; `null`: none has, as far as he may know. Only what is named by SHA-256 is found. */
export async function findElsewhere(
  reader: DocumentReader,
  { home, at, exchange }: Pick<Changing, 'home' | 'at' | 'exchange'>,
  digest: Digest,
): Promise<BlobRecord | null> {
  const blob = asSha256(hexOf(digest));
  if (blob === undefined) return null;
  const prefix = blobReferenceKey(blob, ['oci', at.route]);
  for (const { key } of await reader.scan(prefix, { limit: mostHolders })) {
    const source: Where = { route: at.route, name: key[prefix.length] ?? '' };
    const restricted = !home.hosted.isPublic(source.name);
    const deed = { action: 'read', route: at.route, subject: source.name, restricted } as const;
    if (!home.hosted.claims(source.name) || exchange.identity?.may(deed) !== true) continue;
    const found = await findBlob(reader, source, digest);
    if (found !== null) return found;
  }
  return null;
}
