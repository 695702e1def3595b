/** The formats in which traces are passed around, read into one form. */
import { type Trace, type TraceWriter, traceWriter } from './trace.ts';

const readers = { oracleGeneral, arc, csv } as const;

export type Format = keyof typeof readers;
export const formats = Object.keys(readers) as Format[];

/** @param path a file, as it is or compressed (`.gz`, `.zst`). It is read whole. */
export async function readTrace(path: string, format: Format): Promise<Trace> {
  const packed = await Bun.file(path).bytes();
  const writer = traceWriter(path.replace(/^.*\//, ''));
  readers[format](unpacked(packed), writer);
  if (writer.length === 0) throw new Error(`${path} has no requests in it.`);
  return writer.done();
}

/** Known by its first bytes rather than by its name. */
function unpacked(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (magic === 0x28b52ffd) return Bun.zstdDecompressSync(bytes);
  if (magic >>> 16 === 0x1f8b) return Bun.gunzipSync(bytes);
  return bytes;
}

/** libCacheSim's: time u32, object u64, size u32, next access i64, little endian, without padding. */
function oracleGeneral(bytes: Uint8Array, writer: TraceWriter): void {
  const recordBytes = 24;
  if (bytes.length % recordBytes !== 0)
    throw new Error(`An oracleGeneral trace has records of ${recordBytes} bytes; this one ends within one.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += recordBytes) {
    writer.add(view.getBigUint64(at + 4, true), view.getUint32(at + 12, true));
  }
}

/** The block of ARC's traces (`.lis`): 512 bytes. */
const arcBlockBytes = 512;

/** ARC's: lines of `first block, number of blocks, ignored, request number`. Each block is a request. */
function arc(bytes: Uint8Array, writer: TraceWriter): void {
  for (const [line, cells] of lines(bytes, /\s+/)) {
    const [first, count] = [Number(cells[0]), Number(cells[1])];
    if (!Number.isInteger(first) || !Number.isInteger(count)) throw unreadable(line, cells);
    for (let block = first; block < first + count; block++) writer.add(block, arcBlockBytes);
  }
}

/** Lines of `time,key,size`. A first line without figures is taken for a heading. */
function csv(bytes: Uint8Array, writer: TraceWriter): void {
  for (const [line, cells] of lines(bytes, /,/)) {
    const key = cells[1];
    const size = Number(cells[2]);
    if (key !== undefined && Number.isFinite(size) && size >= 0) writer.add(key, size);
    else if (line > 1) throw unreadable(line, cells);
  }
}

function* lines(bytes: Uint8Array, separator: RegExp): Generator<[number, string[]]> {
  const decoder = new TextDecoder();
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(10, from);
    const to = found < 0 ? bytes.length : found;
    line++;
    const text = decoder.decode(bytes.subarray(from, to)).trim();
    if (text !== '') yield [line, text.split(separator)];
    from = to + 1;
  }
}

function unreadable(line: number, cells: readonly string[]): Error {
  return new Error(`Line ${line} is not of this format: ${cells.join(' ').slice(0, 80)}`);
}
