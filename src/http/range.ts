/**
 * Byte ranges (RFC 9110 §14): what `Range` asks for, and the fields and frames of the answer.
 */
import { split } from './syntax.ts';

/** Bytes from `start` to `end`, both included, counted from 0. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * More ranges than these in one request are not honoured (RFC 9110 §14.2 and §17.15). The whole is sent instead:
 * every client has to cope with that, while a 416 would say something untrue about the representation.
 */
const maxRanges = 6;

/**
 * Which bytes of a representation of `size` bytes a `Range` field asks for, in the order in which it asks,
 * with those that overlap or touch made one (RFC 9110 §15.3.7.2).
 *
 * @returns `ignore`: answer as if the field were not there, because it has another unit, is malformed, asks
 *   for too many ranges, or the representation is empty. `unsatisfiable`: answer 416, also where one ends before it
 *   begins (RFC 9110 §15.5.17): whoever asks for that has no use for the whole, which may be large.
 */
export function parseRange(header: string, size: number): Range[] | 'ignore' | 'unsatisfiable' {
  if (size === 0 || header.slice(0, 6).toLowerCase() !== 'bytes=') return 'ignore';
  const specs = split(header.slice(6), ',');
  if (specs.length === 0 || specs.length > maxRanges) return 'ignore';
  const ranges: Range[] = [];
  for (const spec of specs) {
    const range = resolve(spec, size);
    if (range === 'ignore') return 'ignore';
    if (range === 'reversed') return 'unsatisfiable';
    if (range !== 'unsatisfiable') add(ranges, range);
  }
  return ranges.length === 0 ? 'unsatisfiable' : ranges;
}

/**
 * Where the first range begins that a `Range` field asks for, of a representation whose size is not known yet: 0 for a
 * suffix, which only the size gives a place. `null`: the field is to be ignored, whatever the size.
 */
export function firstByteWanted(header: string): number | null {
  const ranges = parseRange(header, Number.MAX_SAFE_INTEGER);
  if (ranges === 'ignore') return null;
  if (ranges === 'unsatisfiable') return 0;
  const [first = ''] = split(header.slice(6), ',');
  return first.startsWith('-') ? 0 : Number.parseInt(first, 10);
}

/** `Content-Range` of a part (RFC 9110 §14.4). */
export function contentRange({ start, end }: Range, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}

/** `Content-Range` of a 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}

/**
 * Which bytes a 206 carries, and of how many in all (`undefined`: the sender does not know).
 * `undefined` for anything that is not a satisfied `bytes` range, an inconsistent one included.
 */
export function parseContentRange(value: string): { range: Range; size: number | undefined } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(?:(\d+)|\*)$/i.exec(value);
  if (match === null) return undefined;
  const range = { start: Number(match[1]), end: Number(match[2]) };
  const size = match[3] === undefined ? undefined : Number(match[3]);
  if (!Number.isSafeInteger(range.end) || range.start > range.end) return undefined;
  if (size !== undefined && (!Number.isSafeInteger(size) || range.end >= size)) return undefined;
  return { range, size };
}

export function rangeBytes({ start, end }: Range): number {
  return end - start + 1;
}

/** The frame of a `multipart/byteranges` body (RFC 9110 §14.6): `heads[i]`, the bytes of range i, … and `tail`. */
export interface Multipart {
  readonly boundary: string;
  readonly contentType: string;
  readonly heads: readonly Uint8Array<ArrayBuffer>[];
  readonly tail: Uint8Array<ArrayBuffer>;
  /** Of the whole body: its `Content-Length`. */
  readonly sizeBytes: number;
}

/**
 * @param contentType of the representation, which each part repeats; `null` when it has none.
 * @param boundary occurs nowhere in the body: by default 122 random bits, drawn for this response, which
 *   nobody who stored a body can have foreseen.
 */
export function multipart(
  ranges: readonly Range[],
  size: number,
  contentType: string | null,
  boundary: string = crypto.randomUUID(),
): Multipart {
  const type = contentType === null ? '' : `Content-Type: ${contentType}\r\n`;
  const heads = ranges.map((range, i) => {
    const delimiter = `${i === 0 ? '' : '\r\n'}--${boundary}\r\n`;
    return bytes(`${delimiter}${type}Content-Range: ${contentRange(range, size)}\r\n\r\n`);
  });
  const tail = bytes(`\r\n--${boundary}--\r\n`);
  const framed = heads.reduce((sum, head) => sum + head.length, tail.length);
  const sizeBytes = ranges.reduce((sum, range) => sum + rangeBytes(range), framed);
  return { boundary, contentType: `multipart/byteranges; boundary=${boundary}`, heads, tail, sizeBytes };
}

/** Field values are ISO 8859-1 on the wire. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One `range-spec` (RFC 9110 §14.1.1 and §14.1.2) for a representation of `size` > 0 bytes. */
function resolve(spec: string, size: number): Range | 'ignore' | 'reversed' | 'unsatisfiable' {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'ignore';
  // Numbers of any length: beyond 2^53 they lose precision, but all lie beyond every size there is.
  if (first === '') {
    const length = Number(last);
    return length === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'reversed';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/**
 * Adds a range to some of which no two overlap or touch, and keeps them so. What it joins takes the place of
 * the first that it joins.
 */
function add(ranges: Range[], added: Range): void {
  let { start, end } = added;
  let place = ranges.length;
  for (let i = ranges.length - 1; i >= 0; i--) {
    const range = ranges[i];
    if (range === undefined || range.start > end + 1 || range.end < start - 1) continue;
    start = Math.min(start, range.start);
    end = Math.max(end, range.end);
    ranges.splice(i, 1);
    place = i;
  }
  ranges.splice(place, 0, { start, end });
}
