/**
 * The coding that nodes put on what they send each other: Zstandard (RFC 8878), for speed, with a checksum. It is the hop's own, and no
 * business of the resource: whoever has asked undoes it before anything else sees the answer. HTTP/2 has no transfer codings, so it
 * is a content coding, beside a field of ours that says whose it is.
 */
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  type ZstdCompress,
  type ZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';

/** In a request: the coding that the node takes on a body. */
export const packsField = 'meridian-packs';
/** In an answer: `Content-Encoding` is the hop's. How long the body is without it, in bytes; `?` where nobody knows yet. */
export const packedField = 'meridian-packed';
export const hopCoding = 'zstd';

/** Up to so many bytes of plain text, it takes less time (some 40 µs) to pack it at once than to have another thread do it. */
export const atOnceBytes = 32 * 1024;
/** The same of unpacking what is there as a whole (some 150 µs): a stream, and its way to another thread and back, cost more than that. */
export const unpackAtOnceBytes = 256 * 1024;

/**
 * The lowest level is nearly as good as the third for documents such as packuments, in half the time; and a window of 256 KiB, which either
 * side has to hold for each body, as good as one of a megabyte.
 */
const packing = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_windowLog]: 18,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
  chunkSize: 64 * 1024,
};

/** What a decoder has to be able to take (RFC 9659 §3), and no more: 8 MiB. */
const unpacking = { params: { [constants.ZSTD_d_windowLogMax]: 23 }, chunkSize: 64 * 1024 };

export function packer(): ZstdCompress {
  return createZstdCompress(packing);
}

export function unpacker(): ZstdDecompress {
  return createZstdDecompress(unpacking);
}

/** @param bytes no more than `atOnceBytes`. */
export function packedBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return ownBytes(zstdCompressSync(bytes, packing));
}

/** Throws on what cannot be undone, and on what becomes longer than that. */
export function unpackedBytes(bytes: Uint8Array, plainBytes: number): Uint8Array<ArrayBuffer> {
  // No shorter a bound is taken by the runtime.
  return ownBytes(zstdDecompressSync(bytes, { ...unpacking, maxOutputLength: Math.max(plainBytes, 1) }));
}

function ownBytes({ buffer, byteOffset, length }: Buffer): Uint8Array<ArrayBuffer> {
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError('a codec has given shared memory');
  return new Uint8Array(buffer, byteOffset, length);
}
