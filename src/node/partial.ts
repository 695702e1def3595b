/**
 * Parts of a body: one range as it is, several as `multipart/byteranges` (RFC 9110 §14.6). `http/range.ts` bounds how
 * many there may be, and makes one of those that overlap.
 */
import { contentRange, multipart, type Range, rangeBytes } from '../http/range.ts';
import { streamOfPieces } from './stream.ts';

/** Where the bytes of a whole body are. */
export interface Bytes {
  readonly sizeBytes: number;
  /** One range that the runtime can send by itself, with a `Content-Length`; `null` when it cannot. */
  blob(range: Range): Blob | null;
  /** In pieces, each good until the next one is asked for. */
  pieces(range: Range): AsyncGenerator<Uint8Array>;
  /** Blobs of it may be joined to a larger one. The runtime drops files from such a blob without a word. */
  readonly inMemory: boolean;
}

interface Partial {
  readonly body: Blob | ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
}

/**
 * @param headers of the whole response; become those of the part.
 * @param gone aborted when the client has left.
 */
export function partial(
  ranges: readonly Range[],
  bytes: Bytes,
  headers: Headers,
  gone: AbortSignal,
): Partial {
  const [first] = ranges;
  if (first && ranges.length === 1) {
    headers.set('content-range', contentRange(first, bytes.sizeBytes));
    const body = bytes.blob(first) ?? streamOfPieces(bytes.pieces(first), gone);
    return { body, sizeBytes: rangeBytes(first) };
  }
  const frame = multipart(ranges, bytes.sizeBytes, headers.get('content-type'));
  headers.set('content-type', frame.contentType);
  const { heads, tail, sizeBytes } = frame;
  if (!bytes.inMemory) return { body: streamOfPieces(framed(ranges, bytes, heads, tail), gone), sizeBytes };
  const parts = ranges.flatMap((range, at) => [heads[at] ?? '', bytes.blob(range) ?? '']);
  return { body: new Blob([...parts, tail]), sizeBytes };
}

async function* framed(
  ranges: readonly Range[],
  bytes: Bytes,
  heads: readonly Uint8Array[],
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for (const [at, range] of ranges.entries()) {
    const head = heads[at];
    if (head) yield head;
    yield* bytes.pieces(range);
  }
  yield tail;
}
