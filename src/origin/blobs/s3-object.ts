/**
 * Reads an object, or a range of it, in one request: the address is signed by Bun's client, and asked for by our own, which
 * has a bound for every wait and tells a body that has broken off from a whole one.
 */
import type { S3Client } from 'bun';
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { asMeridianError, MeridianError } from '../../errors.ts';
import { type ClientTimeouts, request } from '../../http/client.ts';
import { parseContentRange } from '../../http/range.ts';
import type { BlobRange, OpenBlob, Sha256 } from '../../store.ts';
import { checkedBody, partOf } from './whole.ts';

/** How long the signature holds; the answer has begun by then. */
const signedS = 120;
const timeouts: ClientTimeouts = { connectMs: 5_000, firstByteMs: 30_000, betweenBytesMs: 60_000 };

export async function openObject(
  client: S3Client,
  key: string,
  sha256: Sha256,
  range: BlobRange | undefined,
  clock: Clock,
): Promise<OpenBlob | null> {
  const headers = new Headers(range && { range: `bytes=${range.from}-${range.to}` });
  const url = client.presign(key, { expiresIn: signedS, method: 'GET' });
  const { signal } = new AbortController();
  const answer = await request(url, { method: 'GET', headers, signal, timeouts, clock }).catch(unavailable);
  const { status, body } = answer;
  const sent = status === 200 || status === 206 ? sentIn(answer) : undefined;
  if (sent === undefined) {
    if (body instanceof ReadableStream) await body.cancel();
    if (status === 404 || status === 416) return null;
    throw new MeridianError('store-unavailable', `the bucket answers ${status}`);
  }
  const { sizeBytes } = sent;
  // A server may send more than was asked for, all of it above all (RFC 9110 §14.2).
  const part = partOf(range, sizeBytes);
  if (part === undefined) return null;
  const wanted = streamOf(body).pipeThrough(only(part, sent.range.from));
  return { sizeBytes, range: part, body: checkedBody(wanted, sha256, part, sizeBytes) };
}

/** What the body holds, and of how much. */
function sentIn({ status, headers }: Answer): Pick<OpenBlob, 'sizeBytes' | 'range'> | undefined {
  if (status === 200) {
    const sizeBytes = Number(headers.get('content-length') ?? Number.NaN);
    return Number.isInteger(sizeBytes) ? { sizeBytes, range: { from: 0, to: sizeBytes - 1 } } : undefined;
  }
  const parsed = parseContentRange(headers.get('content-range') ?? '');
  if (parsed?.size === undefined) return undefined;
  return { sizeBytes: parsed.size, range: { from: parsed.range.start, to: parsed.range.end } };
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

function unavailable(error: unknown): never {
  const { detail } = asMeridianError(error);
  throw new MeridianError('store-unavailable', `the bucket: ${detail}`, { cause: error });
}
