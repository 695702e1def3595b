/** Unpacks what archives and packages are packed with, piece by piece, with a turn for everybody else after each, and never beyond a bound. */
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { turn } from '../turn.ts';
import { unxz } from './xz/xz.ts';
import { XzError } from './xz/xz-error.ts';

/** What is wrong with packed bytes, in a sentence. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
}

const pieceBytes = 1024 * 1024;
const unzip = promisify(gunzip);
const unzstd = promisify(zstdDecompress);

/** By the ends of file names, without the dot; empty: it is not packed. */
const packings = ['', 'gz', 'xz', 'zst'] as const;
export type Packing = (typeof packings)[number];

export function packingOf(path: string): Packing | null {
  const end = /\.(gz|xz|zst|bz2|lzma|lz4)$/.exec(path)?.[1] ?? '';
  return packings.find((packing) => packing === end) ?? null;
}

/** @throws UnpackError */
export async function* unpacked(
  bytes: Uint8Array,
  packing: Packing,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  try {
    for (const piece of packing === 'xz'
      ? unxz(bytes, maxBytes)
      : piecesOf(await whole(bytes, packing, maxBytes))) {
      yield piece;
      await turn();
    }
  } catch (cause) {
    if (cause instanceof XzError) throw new UnpackError(cause.message, { cause });
    throw cause;
  }
}

async function whole(bytes: Uint8Array, packing: '' | 'gz' | 'zst', maxBytes: number): Promise<Uint8Array> {
  const tooLong = `It unpacks to more than ${maxBytes} bytes.`;
  if (packing === '') {
    if (bytes.length > maxBytes) throw new UnpackError(tooLong);
    return bytes;
  }
  try {
    const unpack = packing === 'gz' ? unzip : unzstd;
    // The threads of the system do the work; a bomb is given up at the bound.
    return new Uint8Array(await unpack(bytes, { maxOutputLength: maxBytes }));
  } catch (cause) {
    const isBomb = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw new UnpackError(isBomb ? tooLong : `It is not valid ${packing === 'gz' ? 'gzip' : 'Zstandard'}.`, {
      cause,
    });
  }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
