/**
 * The files of an OCI image layout (OCI Image Specification 1.1, Image Layout), as skopeo, buildah, podman and oras write and read it: blobs
 * under their digests, and an index of what can be asked for by name.
 */
import { z } from 'zod';
import { MeridianError } from '../../../../errors.ts';
import { algorithmOf, type Digest, hexOf } from '../../digest.ts';
import { indexType } from '../../media.ts';

export const layoutFile = 'oci-layout';
export const indexFile = 'index.json';
/** How an entry of the index says its name. */
const nameAnnotation = 'org.opencontainers.image.ref.name';
/** Of an index of tens of thousands of tags. */
export const longestIndex = 64 * 2 ** 20;

export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** What else it says is left as it is. */
const entry = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
export type LayoutEntry = z.output<typeof entry>;

const index = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(entry) });
const version = z.object({ imageLayoutVersion: z.string().startsWith('1.') });

export const layoutVersion = JSON.stringify({ imageLayoutVersion: '1.0.0' });

export function entryOf(
  { digest, mediaType, sizeBytes }: { digest: Digest; mediaType: string; sizeBytes: number },
  name: string | null,
): LayoutEntry {
  const annotations = name === null ? {} : { annotations: { [nameAnnotation]: name } };
  return { mediaType, digest, size: sizeBytes, ...annotations };
}

export function nameOf({ annotations }: LayoutEntry): string | null {
  return annotations?.[nameAnnotation] ?? null;
}

export function indexOf(manifests: readonly LayoutEntry[]) {
  return { schemaVersion: 2, mediaType: indexType, manifests };
}

/** Fails with what is wrong with the file at `path`. */
export function readIndex(text: string, path: string): readonly LayoutEntry[] {
  const read = index.safeParse(parsed(text, path));
  if (read.success) return read.data.manifests;
  const [issue] = read.error.issues;
  throw broken(path, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is no index of images'}`);
}

export function checkVersion(text: string, path: string): void {
  if (!version.safeParse(parsed(text, path)).success)
    throw broken(path, 'it does not say that this is an OCI image layout of version 1');
}

export function broken(path: string, why: string, cause?: unknown): MeridianError {
  return new MeridianError('request-malformed', `${path}: ${why}`, { cause });
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken(path, 'it is not JSON', cause);
  }
}
