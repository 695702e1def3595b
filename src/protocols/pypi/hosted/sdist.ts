/** Looks into an sdist before it is published: a gzipped tar archive (PEP 625) with `PKG-INFO` at the top of its one folder. */
import { Refusal } from '../../registry/hosted/refusal.ts';
import { TarError, tarReader } from '../../tar-reader.ts';

const limits = { entries: 200_000, keptBytes: 4 * 1024 ** 2 } as const;
/** It may unpack to so many times its own size, and to this many bytes in any case. */
const mostTimes = 100;
const alwaysBytes = 64 * 1024 ** 2;

/** @throws a `Refusal` that says what is wrong with it. */
export async function pkgInfoIn(
  archive: ReadableStream<Uint8Array>,
  sizeBytes: number,
): Promise<Uint8Array> {
  const bytes = alwaysBytes + mostTimes * sizeBytes;
  const reader = tarReader({ ...limits, bytes }, (path, isFile) => isFile && /^[^/]+\/PKG-INFO$/.test(path));
  try {
    // The types of Bun's own stream and of the standard's differ in what a chunk is.
    const unpacked = archive.pipeThrough(
      new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
    );
    for await (const chunk of unpacked) reader.push(chunk);
    reader.end();
  } catch (cause) {
    if (cause instanceof TarError) throw new Refusal(400, `The sdist cannot be used. ${cause.message}`, cause);
    throw new Refusal(400, 'The sdist is not whole, or is no gzip.', cause);
  }
  const found = [...reader.kept.values()];
  const [info] = found;
  if (info !== undefined && found.length === 1) return info;
  throw new Refusal(400, 'The sdist has no PKG-INFO at the top of its one folder.');
}
