/**
 * The decoder of LZMA, as the chunks of LZMA2 carry it (the LZMA specification of the LZMA SDK, and `lzma2` in the specification of .xz). The
 * runtime has none, and Debian compresses both its indexes and what packages say of themselves with it.
 */
import { type Bits, bitsOf } from './range.ts';
import { XzError } from './xz-error.ts';

/** Lengths of matches: 2 to 273. */
const MIN_MATCH = 2;
const OUTSIDE = 'The compressed bytes refer to something before their beginning.';

/** Bytes that matches may refer to. */
export interface Window {
  bytes: Uint8Array;
  /** Where the next byte goes. */
  at: number;
  /** Bytes since the last reset, of which `sizeBytes` at most are there. */
  written: number;
  /** Of the dictionary: `bytes` grows up to it. */
  readonly sizeBytes: number;
}

const FIRST_WINDOW = 64 * 1024;

export function newWindow(sizeBytes: number): Window {
  return { bytes: new Uint8Array(Math.min(sizeBytes, FIRST_WINDOW)), at: 0, written: 0, sizeBytes };
}

export function putByte(window: Window, byte: number): void {
  if (window.at === window.bytes.length) {
    if (window.bytes.length < window.sizeBytes) {
      const grown = new Uint8Array(Math.min(window.sizeBytes, window.bytes.length * 2));
      grown.set(window.bytes);
      window.bytes = grown;
    } else window.at = 0;
  }
  window.bytes[window.at++] = byte;
  window.written++;
}

export interface Properties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

/** `(pb * 5 + lp) * 9 + lc`, as one byte says it. */
export function propertiesIn(byte: number): Properties {
  const lc = byte % 9;
  const lp = Math.floor(byte / 9) % 5;
  const pb = Math.floor(byte / 45);
  if (pb > 4 || lc + lp > 4) throw new XzError('The compressed bytes have properties that there are not.');
  return { lc, lp, pb };
}

// Where the probabilities of each kind of bit begin, in one array.
const isMatch = 0;
const isRep = isMatch + (12 << 4);
const isRepG0 = isRep + 12;
const isRepG1 = isRepG0 + 12;
const isRepG2 = isRepG1 + 12;
const isRep0Long = isRepG2 + 12;
const slots = isRep0Long + (12 << 4);
const specials = slots + (4 << 6);
const align = specials + 128;
const matchLength = align + 16;
const lengthSize = 2 + (16 << 3) + (16 << 3) + 256;
const repLength = matchLength + lengthSize;
const literals = repLength + lengthSize;

/** What goes from one chunk to the next. */
export interface LzmaState {
  readonly properties: Properties;
  readonly probabilities: Uint16Array;
  state: number;
  /** The last four distances, the newest first. */
  readonly reps: Uint32Array;
}

export function newState(properties: Properties): LzmaState {
  const probabilities = new Uint16Array(literals + (0x300 << (properties.lc + properties.lp))).fill(1024);
  return { properties, probabilities, state: 0, reps: new Uint32Array(4) };
}

/** Decodes one chunk, which says exactly how long it is in both forms. */
export function decodeChunk(input: Uint8Array, window: Window, lzma: LzmaState, output: Uint8Array): void {
  const bits = bitsOf(input, lzma.probabilities);
  const { reps } = lzma;
  const positions = (1 << lzma.properties.pb) - 1;
  for (let to = 0; to < output.length; ) {
    const position = window.written & positions;
    let matched = 1;
    if (bits.bit(isMatch + (lzma.state << 4) + position) === 0) {
      const byte = literal(bits, lzma, window);
      lzma.state = lzma.state < 4 ? 0 : lzma.state < 10 ? lzma.state - 3 : lzma.state - 6;
      putByte(window, byte);
      output[to++] = byte;
      continue;
    }
    if (bits.bit(isRep + lzma.state) === 1) {
      matched = repeated(bits, lzma, position);
    } else {
      reps.copyWithin(1, 0, 3);
      matched = lengthAt(bits, matchLength, position);
      lzma.state = lzma.state < 7 ? 7 : 10;
      reps[0] = distanceOf(bits, matched);
    }
    if (matched > output.length - to) throw new XzError('The compressed bytes hold more than they say.');
    const far = reps[0] ?? 0;
    for (let left = matched; left > 0; left--) {
      const byte = back(window, far);
      putByte(window, byte);
      output[to++] = byte;
    }
  }
}

function literal(bits: Bits, lzma: LzmaState, window: Window): number {
  const { lc, lp } = lzma.properties;
  const before = window.written === 0 ? 0 : back(window, 0);
  const place = ((window.written & ((1 << lp) - 1)) << lc) + (before >> (8 - lc));
  const base = literals + 0x300 * place;
  let symbol = 1;
  if (lzma.state >= 7) {
    let match = back(window, lzma.reps[0] ?? 0);
    while (symbol < 0x100) {
      const expected = (match >> 7) & 1;
      match <<= 1;
      const found = bits.bit(base + ((1 + expected) << 8) + symbol);
      symbol = (symbol << 1) | found;
      if (found !== expected) break;
    }
  }
  while (symbol < 0x100) symbol = (symbol << 1) | bits.bit(base + symbol);
  return symbol & 0xff;
}

/** A match at one of the last four distances, which becomes the first. @returns its length. */
function repeated(bits: Bits, lzma: LzmaState, position: number): number {
  const { reps, state } = lzma;
  if (bits.bit(isRepG0 + state) === 0) {
    if (bits.bit(isRep0Long + (state << 4) + position) === 0) {
      lzma.state = state < 7 ? 9 : 11;
      return 1;
    }
  } else {
    const which = bits.bit(isRepG1 + state) === 0 ? 1 : bits.bit(isRepG2 + state) === 0 ? 2 : 3;
    const chosen = reps[which] ?? 0;
    reps.copyWithin(1, 0, which);
    reps[0] = chosen;
  }
  lzma.state = state < 7 ? 8 : 11;
  return lengthAt(bits, repLength, position);
}

function lengthAt(bits: Bits, base: number, position: number): number {
  if (bits.bit(base) === 0) return MIN_MATCH + bits.tree(base + 2 + (position << 3), 3);
  if (bits.bit(base + 1) === 0) return MIN_MATCH + 8 + bits.tree(base + 130 + (position << 3), 3);
  return MIN_MATCH + 16 + bits.tree(base + 258, 8);
}

function distanceOf(bits: Bits, matched: number): number {
  const slot = bits.tree(slots + (Math.min(matched - MIN_MATCH, 3) << 6), 6);
  if (slot < 4) return slot;
  const count = (slot >> 1) - 1;
  const base = (2 | (slot & 1)) * 2 ** count;
  if (slot < 14) return base + bits.reverseTree(specials + base - slot, count);
  return base + bits.direct(count - 4) * 16 + bits.reverseTree(align, 4);
}

/** @param far 0: the byte before this one. */
function back(window: Window, far: number): number {
  if (far >= window.written || far >= window.sizeBytes) throw new XzError(OUTSIDE);
  const at = window.at - far - 1;
  return window.bytes[at < 0 ? at + window.bytes.length : at] ?? 0;
}
