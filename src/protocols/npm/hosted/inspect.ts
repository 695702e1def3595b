/**
 * Looks into a tarball before it is published: it has to be what its manifest says, or an installer gets something else than
 * the document that it decided by.
 */
import type { BlobStore } from '../../../store.ts';
import { checksumHolds, pathIn, recordIn, sizeIn, typeIn } from '../../tar.ts';
import { tarBlocks } from '../../tar-blocks.ts';
import { Refusal, unreadable } from './refusal.ts';
import { cleaned } from './semver.ts';
import type { Tarball } from './upload.ts';

/** All files of a package together. */
const MAX_UNPACKED_BYTES = 2 * 1024 ** 3;
const MAX_FILES = 500_000;
const MAX_KEPT_BYTES = 1024 * 1024;

export interface Contents {
  readonly fileCount: number;
  readonly unpackedSize: number;
}

/** Fails with a `Refusal` that says what is wrong with the tarball. */
export async function inspectTarball(
  blobs: BlobStore,
  tarball: Tarball,
  name: string,
  version: string,
): Promise<Contents> {
  const { manifest, contents } = await lookInto(await streamOf(blobs, tarball));
  const { name: itsName, version: itsVersion } = manifest;
  if (itsName !== name || typeof itsVersion !== 'string' || cleaned(itsVersion) !== version) {
    throw new Refusal(
      400,
      `The package.json in the tarball says ${String(itsName)}@${String(itsVersion)}, the manifest ${name}@${version}.`,
    );
  }
  return contents;
}

async function streamOf(blobs: BlobStore, { written, bytes }: Tarball): Promise<ReadableStream<Uint8Array>> {
  if (bytes !== null) return new Blob([new Uint8Array(bytes)]).stream();
  const blob = await blobs.open(written.sha256);
  if (blob === null) throw new Refusal(503, 'The tarball is being removed from the store. Publish it again.');
  return blob.body;
}

/** What a tarball holds. Fails with a `Refusal` that says what is wrong with it. */
export async function lookInto(
  tarball: ReadableStream<Uint8Array>,
): Promise<{ readonly manifest: Readonly<Record<string, unknown>>; readonly contents: Contents }> {
  const reader = tarReader();
  try {
    // The types of Bun's own stream and of the standard's differ in what a chunk is.
    const unpacked = tarball.pipeThrough(
      new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
    );
    for await (const chunk of unpacked) reader.push(chunk);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw unreadable('The tarball is not valid gzip.', error);
  }
  const { manifest, contents } = reader.end();
  return { manifest: parseManifest(manifest), contents };
}

function parseManifest(bytes: Uint8Array | null): Readonly<Record<string, unknown>> {
  if (bytes === null) throw new Refusal(400, 'There is no package.json at the top of the tarball.');
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8').decode(bytes));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (cause) {
    throw unreadable('The package.json in the tarball is not JSON.', cause);
  }
}

/** A tar archive (POSIX.1-2001, ustar) in chunks: counts its files, and keeps the one that is `<folder>/package.json`. */
function tarReader() {
  let kept: { readonly as: 'manifest' | 'path'; readonly chunks: Uint8Array[] } | null = null;
  /** Of the next entry, where an extended header says it. */
  let nextPath: string | null = null;
  let manifest: Uint8Array | null = null;
  let total = 0;
  let fileCount = 0;
  let unpackedSize = 0;

  function startEntry(block: Buffer): number {
    const size = checksumHolds(block) ? sizeIn(block) : null;
    if (size === null) throw new Refusal(400, 'The tarball holds no valid tar archive.');
    const type = typeIn(block);
    const isFile = type === '0' || type === '\0';
    if (isFile) {
      fileCount++;
      unpackedSize += size;
      if (fileCount > MAX_FILES) throw new Refusal(400, `The tarball has more than ${MAX_FILES} files.`);
    }
    // An installer drops the first folder, whatever its name; the last entry of a path is the one that stays.
    const isManifest = isFile && /^[^/]+\/package\.json$/.test(nextPath ?? pathIn(block));
    const as = isManifest ? 'manifest' : type === 'x' ? 'path' : null;
    nextPath = null;
    kept = as && { as, chunks: [] };
    if (as !== null && size > MAX_KEPT_BYTES) {
      throw new Refusal(
        400,
        `The package.json, or an extended header, has more than ${MAX_KEPT_BYTES} bytes.`,
      );
    }
    return size;
  }

  function endEntry(): void {
    if (kept?.as === 'manifest') manifest = Buffer.concat(kept.chunks);
    if (kept?.as === 'path') nextPath = recordIn(Buffer.concat(kept.chunks).toString('utf8'), 'path');
    kept = null;
  }

  const blocks = tarBlocks({
    header: startEntry,
    bytes: (piece) => kept?.chunks.push(piece.slice()),
    over: endEntry,
  });
  return {
    push(chunk: Uint8Array): void {
      total += chunk.length;
      if (total > MAX_UNPACKED_BYTES) {
        throw new Refusal(413, `The tarball unpacks to more than ${MAX_UNPACKED_BYTES} bytes.`);
      }
      blocks.push(chunk);
    },
    end(): { readonly manifest: Uint8Array | null; readonly contents: Contents } {
      const within = blocks.within();
      if (within === 'entry' || within === 'header') throw new Refusal(400, 'The tar archive breaks off.');
      return { manifest, contents: { fileCount, unpackedSize } };
    },
  };
}
