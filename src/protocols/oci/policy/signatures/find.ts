/**
 * Finds the signatures of an image where cosign puts them: under a tag made of its digest (`sha256-<hex>.sig`), and among what refers to
 * it (OCI 1.1). Both are looked at: an image may have signatures of either kind. How many are read is bounded, so somebody who may push
 * a thousand worthless ones can hide a good one, but make nothing good that is not.
 */
import { z } from 'zod';
import { parsedJson } from '../../../../http/json.ts';
import { algorithmOf, type Digest, hexOf, readDigest } from '../../digest.ts';
import type { Item } from '../../key.ts';
import { type Claim, claimInBundle, claimInPayload } from './claims.ts';
import type { VerifyingKey } from './keys.ts';
import { bundleTypes, longestSignature, simpleSigning } from './types.ts';

export interface Read {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** Reads something of the repository as it is now. Fails where nobody can be asked. */
export type Reader = (item: Item, maxBytes: number) => Promise<Read>;

/** Manifests that refer to an image and are read. */
const mostReferrers = 50;
/** Signatures of one manifest. */
const mostLayers = 20;
const longestList = 16 * 2 ** 20;
const longestManifest = 2 ** 20;

const annotation = 'dev.cosignproject.cosign/signature';

const layer = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const manifest = z.looseObject({ layers: z.array(layer) });
const list = z.looseObject({
  manifests: z.array(z.looseObject({ digest: z.string(), artifactType: z.string().optional() })),
});

/** The claims that hold: by one of the keys, about this digest. @throws whatever `read` does, and where it is told that it cannot be had now. */
export async function findClaims(
  { name, digest }: { readonly name: string; readonly digest: Digest },
  keys: readonly VerifyingKey[],
  read: Reader,
): Promise<readonly Claim[]> {
  const tag = `${algorithmOf(digest)}-${hexOf(digest)}.sig`;
  const tagged = await had(read({ kind: 'tag', name, tag }, longestManifest));
  const claims = tagged === null ? [] : await claimsIn(tagged, name, keys, read);
  const referring = await had(read({ kind: 'referrers', name, digest, query: '' }, longestList));
  for (const each of referring === null ? [] : candidatesIn(referring)) {
    const found = await had(read({ kind: 'manifest', name, digest: each }, longestManifest));
    if (found !== null) claims.push(...(await claimsIn(found, name, keys, read)));
  }
  return claims.filter(({ digests }) => digests.includes(digest));
}

/** Those that say that they are signatures first. */
function candidatesIn(bytes: Uint8Array): readonly Digest[] {
  const all = list.safeParse(json(bytes)).data?.manifests ?? [];
  const isLikely = ({ artifactType = '' }) => /cosign|sigstore/.test(artifactType);
  const ordered = [...all.filter(isLikely), ...all.filter((each) => !isLikely(each))];
  return ordered.slice(0, mostReferrers).flatMap(({ digest }) => readDigest(digest) ?? []);
}

async function claimsIn(
  bytes: Uint8Array,
  name: string,
  keys: readonly VerifyingKey[],
  read: Reader,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  const layers = manifest.safeParse(json(bytes)).data?.layers ?? [];
  for (const { mediaType, digest: text, annotations } of layers.slice(0, mostLayers)) {
    const digest = readDigest(text);
    const signature = annotations?.[annotation];
    const isPayload = mediaType === simpleSigning && signature !== undefined;
    if (digest === null || !(isPayload || bundleTypes.has(mediaType))) continue;
    const blob = await had(read({ kind: 'blob', name, digest }, longestSignature));
    if (blob === null) continue;
    const claim = isPayload ? claimInPayload(blob, signature, keys) : claimInBundle(blob, keys);
    if (claim !== null) claims.push(claim);
  }
  return claims;
}

/** `null`: there is none. What is refused here is none, either. */
async function had(reading: Promise<Read>): Promise<Uint8Array | null> {
  const { status, bytes } = await reading;
  if (status === 200) return bytes;
  if (status >= 500 || status === 429) throw new Error(`the registry answers ${status}`);
  return null;
}

function json(bytes: Uint8Array): unknown {
  return parsedJson(new TextDecoder().decode(bytes));
}
