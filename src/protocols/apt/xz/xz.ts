/**
 * Reads .xz files (version 1.2 of their specification): streams of blocks with the one filter that everybody uses, LZMA2. Bytes that are
 * compared with a digest anyway are what it is for: of the checks of blocks, CRC32 is held, and the others are passed over.
 */
import {
  decodeChunk,
  type LzmaState,
  newState,
  newWindow,
  propertiesIn,
  putByte,
  type Window,
} from './lzma.ts';
import { XzError } from './xz-error.ts';

/** `xz -9`, the largest preset. */
const MAX_DICTIONARY_BYTES = 64 * 1024 * 1024;
const LZMA2 = 0x21;
/** Bytes of a block's check, by its id. */
const checkBytes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;

/**
 * Unpacks piece by piece, 2 MiB each at most.
 * @param maxBytes of all pieces together; more is refused.
 * @throws XzError
 */
export function* unxz(input: Uint8Array, maxBytes: number): Generator<Uint8Array> {
  let left = maxBytes;
  for (let at = 0; at < input.length; ) {
    if (isPadding(input, at)) {
      at += 4;
      continue;
    }
    const check = streamHeader(input, at);
    at += 12;
    while (byteAt(input, at) !== 0) {
      const block = blockHeader(input, at);
      at += block.headerBytes;
      let crc = 0;
      const started = at;
      const chunks = lzma2(input, at, newWindow(Math.min(block.dictionaryBytes, Math.max(maxBytes, 4096))));
      for (let next = chunks.next(); ; next = chunks.next()) {
        if (next.done === true) {
          at = next.value;
          break;
        }
        left -= next.value.length;
        if (left < 0) throw new XzError(`It unpacks to more than ${maxBytes} bytes.`);
        if (check === 1) crc = Bun.hash.crc32(next.value, crc);
        yield next.value;
      }
      at += (4 - ((at - started) % 4)) % 4;
      const stated = check === 1 ? word(input, at) : crc;
      if (stated !== crc) throw new XzError('A block does not have the checksum that it says.');
      at += checkBytes[check] ?? 0;
    }
    at = endOfIndex(input, at) + 12;
    if (at > input.length) throw new XzError('The file ends too early.');
  }
}

function isPadding(input: Uint8Array, at: number): boolean {
  return at > 0 && input.length - at >= 4 && word(input, at) === 0;
}

function byteAt(input: Uint8Array, at: number): number {
  const byte = input[at];
  if (byte === undefined) throw new XzError('The file ends too early.');
  return byte;
}

function word(input: Uint8Array, at: number): number {
  byteAt(input, at + 3);
  return new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0, true);
}

/** @returns the id of the check of its blocks. */
function streamHeader(input: Uint8Array, at: number): number {
  const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
  if (magic.some((byte, index) => byteAt(input, at + index) !== byte))
    throw new XzError('It is no .xz file.');
  const check = byteAt(input, at + 7);
  const flagsHold = byteAt(input, at + 6) === 0 && check < 16;
  if (!flagsHold || word(input, at + 8) !== Bun.hash.crc32(input.subarray(at + 6, at + 8)))
    throw new XzError('The header of the file is broken.');
  return check;
}

function blockHeader(
  input: Uint8Array,
  at: number,
): { readonly headerBytes: number; readonly dictionaryBytes: number } {
  const headerBytes = (byteAt(input, at) + 1) * 4;
  const end = at + headerBytes - 4;
  if (word(input, end) !== Bun.hash.crc32(input.subarray(at, end)))
    throw new XzError('The header of a block is broken.');
  const flags = byteAt(input, at + 1);
  let next = at + 2;
  if ((flags & 0x40) !== 0) next = varint(input, next).end;
  if ((flags & 0x80) !== 0) next = varint(input, next).end;
  const isPlain = (flags & 0x3f) === 0 && byteAt(input, next) === LZMA2 && byteAt(input, next + 1) === 1;
  if (!isPlain) throw new XzError('It is packed with a filter other than LZMA2.');
  const bits = byteAt(input, next + 2);
  if (bits > 40) throw new XzError('The header of a block is broken.');
  const dictionaryBytes = bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  return { headerBytes, dictionaryBytes: Math.min(dictionaryBytes, MAX_DICTIONARY_BYTES) };
}

/** @returns where what follows the chunks begins. */
function* lzma2(input: Uint8Array, from: number, window: Window): Generator<Uint8Array, number> {
  let at = from;
  let lzma: LzmaState | null = null;
  for (;;) {
    const control = byteAt(input, at);
    if (control === 0) return at + 1;
    if (control === 1 || control >= 0xe0) window.written = 0;
    const short = byteAt(input, at + 1) * 256 + byteAt(input, at + 2) + 1;
    if (control < 0x80) {
      if (control > 2) throw new XzError('A chunk is of no known kind.');
      const output = part(input, at + 3, short);
      for (const byte of output) putByte(window, byte);
      at += 3 + short;
      yield output.slice();
      continue;
    }
    const output = new Uint8Array(((control & 0x1f) << 16) + short);
    const packed = byteAt(input, at + 3) * 256 + byteAt(input, at + 4) + 1;
    const brings = control >= 0xc0 ? 1 : 0;
    if (brings === 1) lzma = newState(propertiesIn(byteAt(input, at + 5)));
    else if (lzma !== null && control >= 0xa0) lzma = newState(lzma.properties);
    if (lzma === null) throw new XzError('The first chunk does not say how it is packed.');
    decodeChunk(part(input, at + 5 + brings, packed), window, lzma, output);
    at += 5 + brings + packed;
    yield output;
  }
}

function part(input: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length > input.length) throw new XzError('The file ends too early.');
  return input.subarray(at, at + length);
}

function varint(input: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = byteAt(input, from + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { value, end: from + index + 1 };
  }
  throw new XzError('A number in the file is too long.');
}

/** @param at where the index of a stream begins. @returns where the stream's footer does. */
function endOfIndex(input: Uint8Array, at: number): number {
  const records = varint(input, at + 1);
  let next = records.end;
  for (let left = records.value * 2; left > 0; left--) next = varint(input, next).end;
  next += (4 - ((next - at) % 4)) % 4;
  if (word(input, next) !== Bun.hash.crc32(input.subarray(at, next)))
    throw new XzError('The index of the file is broken.');
  return next + 4;
}
