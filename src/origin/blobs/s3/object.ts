/** Reads an object, or a range of it, in one request. A body that has broken off is told from a whole one. */
import type { Answer } from '../../../entry.ts';
import { parseContentRange } from '../../../http/range.ts';
import type { BlobRange, OpenBlob, Sha256 } from '../../../store.ts';
import { checkedBody, partOf } from '../whole.ts';
import type { Bucket } from './bucket.ts';
import { isNotThere, Refusal, refusalBehind } from './refusal.ts';

export async function openObject(
  bucket: Bucket,
  key: string,
  sha256: Sha256,
  range: BlobRange | undefined,
): Promise<OpenBlob | null> {
  const fields = range ? { range: `bytes=${range.from}-${range.to}` } : undefined;
  try {
    const { body, sizeBytes, start } = await bucket.ask(
      { method: 'GET', key, ...(fields && { fields }) },
      holds,
    );
    // A server may send more than was asked for, all of it above all (RFC 9110 §14.2).
    const part = partOf(range, sizeBytes);
    if (part === undefined) {
      await body.cancel();
      return null;
    }
    const wanted = body.pipeThrough(only(part, start));
    return { sizeBytes, range: part, body: checkedBody(wanted, sha256, part, sizeBytes) };
  } catch (error) {
    if (isNotThere(error) || refusalBehind(error)?.status === 416) return null;
    throw error;
  }
}

interface Held {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the whole object. */
  readonly sizeBytes: number;
  /** Where in it the body begins. */
  readonly start: number;
}

async function holds({ status, headers, body }: Answer): Promise<Held> {
  const stream = streamOf(body);
  const sizeBytes = Number(headers.get('content-length') ?? Number.NaN);
  if (status === 200 && Number.isInteger(sizeBytes)) return { body: stream, sizeBytes, start: 0 };
  const part = status === 206 ? parseContentRange(headers.get('content-range') ?? '') : undefined;
  if (part?.size !== undefined) return { body: stream, sizeBytes: part.size, start: part.range.start };
  await stream.cancel();
  throw new Refusal(status, undefined, 'the answer does not say what it holds');
}

/** The bytes of the part, out of a stream whose first byte is at `start`. */
function only({ from, to }: BlobRange, start: number): TransformStream<Uint8Array, Uint8Array> {
  let at = start;
  return new TransformStream({
    transform(chunk, controller) {
      const wanted = chunk.subarray(Math.max(0, from - at), Math.max(0, to + 1 - at));
      at += chunk.length;
      if (wanted.length > 0) controller.enqueue(wanted);
    },
  });
}

function streamOf(body: Answer['body']): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  return new Blob(body === null ? [] : [body]).stream();
}
