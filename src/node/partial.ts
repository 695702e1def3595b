/**
 * Parts of a stored body: one range as it is, several as `multipart/byteranges` (RFC 9110 §14.6).
 */
import { contentRange, multipart, type Range, rangeBytes } from '../http/range.ts';

export interface Partial {
  readonly body: Blob;
  readonly sizeBytes: number;
}

/** @param headers of the whole response; become those of the part. */
export function partial(ranges: readonly Range[], body: Blob, sizeBytes: number, headers: Headers): Partial {
  const [first] = ranges;
  if (first && ranges.length === 1) {
    headers.set('content-range', contentRange(first, sizeBytes));
    return { body: slice(body, first), sizeBytes: rangeBytes(first) };
  }
  const frame = multipart(ranges, sizeBytes, headers.get('content-type'));
  headers.set('content-type', frame.contentType);
  const parts: (Uint8Array<ArrayBuffer> | Blob)[] = [];
  for (const [at, range] of ranges.entries()) {
    const head = frame.heads[at];
    if (head) parts.push(head, slice(body, range));
  }
  parts.push(frame.tail);
  return { body: new Blob(parts), sizeBytes: frame.sizeBytes };
}

function slice(body: Blob, { start, end }: Range): Blob {
  return body.slice(start, end + 1);
}
