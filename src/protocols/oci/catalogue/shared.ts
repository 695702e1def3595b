/**
 * What of a repository other repositories of the route have, too. Only those count that the reader may know of: a layer that he shares with
 * what is hidden from him is his own, or he could tell that there is somebody else who has it.
 */
import type { Reader, Sizes } from '../../../catalogue.ts';
import { blobReferenceKey, type DocumentKey, type DocumentReader, type Sha256 } from '../../../store.ts';
import type { Hosted } from '../hosted/claims.ts';
import { allBelow, asBlob, asManifest, blobsPrefix, manifestsPrefix, type Where } from '../hosted/record.ts';

/** Blobs and manifests of a repository that are looked up, at most; of a larger one it is not told. */
const mostWeighed = 5_000;
const atOnce = 32;
/** Repositories that have the same: the others are not looked at. */
const mostHolders = 500;
const page = 100;

export interface Sharing {
  readonly metadata: DocumentReader;
  readonly hosted: Hosted;
  readonly at: Where;
  readonly reader: Reader;
}

/** `null`: there is too much to look at. */
export async function repositorySizes(sharing: Sharing): Promise<Sizes | null> {
  const { metadata, at } = sharing;
  const sizes = new Map<Sha256, number>();
  for (const [prefix, read] of [
    [blobsPrefix(at), asBlob],
    [manifestsPrefix(at), asManifest],
  ] as const)
    for await (const { value } of allBelow(metadata, prefix)) {
      const { blob, sizeBytes } = read(value);
      sizes.set(blob, sizeBytes);
      if (sizes.size > mostWeighed) return null;
    }
  const shared = await sharedOf(sharing, [...sizes.keys()]);
  let ownBytes = 0;
  let sharedBytes = 0;
  for (const [blob, bytes] of sizes)
    if (shared.has(blob)) sharedBytes += bytes;
    else ownBytes += bytes;
  return { ownBytes, sharedBytes };
}

/** Those that another repository has. */
export async function sharedOf(sharing: Sharing, blobs: readonly Sha256[]): Promise<ReadonlySet<Sha256>> {
  const shared = new Set<Sha256>();
  for (let from = 0; from < blobs.length; from += atOnce) {
    const some = blobs.slice(from, from + atOnce);
    const found = await Promise.all(some.map((blob) => isElsewhere(sharing, blob)));
    for (const [index, blob] of some.entries()) if (found[index]) shared.add(blob);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return shared;
}

async function isElsewhere({ metadata, hosted, at, reader }: Sharing, blob: Sha256): Promise<boolean> {
  const prefix = blobReferenceKey(blob, ['oci', at.route]);
  const nameAt = prefix.length;
  for (let seen = 0, after: DocumentKey | undefined; seen < mostHolders; seen += page) {
    const holders = await metadata.scan(prefix, { limit: page, ...(after && { after }) });
    for (const { key } of holders) {
      const name = key[nameAt] ?? '';
      if (name !== at.name && reader.mayRead(name, !hosted.isPublic(name))) return true;
    }
    if (holders.length < page) return false;
    after = holders.at(-1)?.key;
  }
  return false;
}
