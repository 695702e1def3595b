/**
 * The bytes of a response, wherever they are, as a sequence of pieces of bounded size. Each piece is good until the
 * next one is asked for, since its memory may be used again.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { MeridianError } from '../errors.ts';
import type { Range } from '../http/range.ts';
import { discard, streamOf } from './answer.ts';
import { countSent } from './litter.ts';
import type { Served } from './served.ts';

/** Bytes that are read and handed out at a time: many, so that a large body takes few turns, unless many read. */
const largestPieceBytes = 256 * 1024;
const smallestPieceBytes = 16 * 1024;
/** What all readers of files hold together, about, before they get smaller pieces. */
const roomBytes = 32 * 1024 * 1024;
/** What is copied out of memory at a time. */
const copyBytes = 64 * 1024;

let readers = 0;

/** Ranges up to this are gathered before they are sent: they get a length, and may still fail with a status. */
export const gatheredBytes = 64 * 1024;

export async function gathered(pieces: AsyncIterable<Uint8Array>): Promise<Blob> {
  const copies: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) copies.push(piece.slice());
  return new Blob(copies);
}

/** A reader of a fill has its place there from now on; whoever leaves early aborts `gone`. */
export function pieces(
  source: Served['source'],
  range: Range,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  switch (source.from) {
    case 'memory':
      return ofBlob(source.resident.body, range);
    case 'disk':
      return ofStored(source.body, range);
    case 'fill':
      return source.fill.pieces(range.start, range.end + 1, gone);
    case 'parent':
      gone.addEventListener('abort', () => discard(source.answer), { once: true });
      return ofStream(streamOf(source.answer), range);
  }
}

/** A file is opened once, and what is deleted meanwhile can still be read. */
export function ofStored(body: Blob, range: Range): AsyncGenerator<Uint8Array> {
  return 'name' in body && typeof body.name === 'string' ? ofFile(body.name, range) : ofBlob(body, range);
}

async function* ofFile(path: string, { start, end }: Range): AsyncGenerator<Uint8Array> {
  let file: FileHandle | null = null;
  readers++;
  try {
    file = await open(path, 'r');
    const fairBytes = Math.max(smallestPieceBytes, Math.min(largestPieceBytes, roomBytes / readers));
    const buffer = new Uint8Array(Math.min(Math.floor(fairBytes), end + 1 - start));
    for (let at = start; at <= end; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end + 1 - at), at);
      if (bytesRead === 0) throw new MeridianError('internal', 'a stored body is shorter than it was');
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
      countSent(bytesRead);
    }
  } finally {
    readers--;
    await file?.close();
  }
}

async function* ofBlob(body: Blob, { start, end }: Range): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; at += copyBytes) {
    yield await body.slice(at, Math.min(at + copyBytes, end + 1)).bytes();
  }
}

/** The part of a stream that has nothing but this use: what lies before it is skipped, the rest not read. */
async function* ofStream(
  stream: ReadableStream<Uint8Array>,
  { start, end }: Range,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of stream) {
    const from = Math.max(0, start - at);
    const to = Math.min(chunk.length, end + 1 - at);
    at += chunk.length;
    if (to > from) yield chunk.subarray(from, to);
    if (at > end) return;
  }
  throw new MeridianError('upstream-truncated', `${at} of ${end + 1} bytes came`);
}
