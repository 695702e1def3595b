/** What the origin makes of an upstream's answers: the same for all clients, and named by digest. */
import type { Answer, Entry } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { type Digest, digestOf, etagOf, reprDigestOf } from './digest.ts';

/** The specification asks registries to take manifests of 4 MiB at least. */
export const longestManifest = 16 * 2 ** 20;

export function manifestAnswer(
  digest: Digest,
  type: string | null,
  bytes: Uint8Array<ArrayBuffer>,
  cacheControl: string,
): Answer {
  const headers = fieldsOf(digest, cacheControl);
  headers.set('content-type', type ?? 'application/octet-stream');
  headers.set('content-length', String(bytes.byteLength));
  return { status: 200, headers, body: bytes };
}

/** By `Repr-Digest` every tier checks the bytes as they stream, and keeps nothing that differs. */
export function fieldsOf(digest: Digest, cacheControl: string): Headers {
  return new Headers({
    'cache-control': cacheControl,
    'docker-content-digest': digest,
    etag: etagOf(digest),
    'repr-digest': reprDigestOf(digest),
  });
}

/** A document that has no name of its own, such as a list. */
export function documentAnswer(type: string, bytes: Uint8Array<ArrayBuffer>, cacheControl: string): Answer {
  const answer = manifestAnswer(digestOf(bytes), type, bytes, cacheControl);
  answer.headers.delete('docker-content-digest');
  return answer;
}

/** What is stored is what there is; `null` when it is not. */
export function confirmed(digest: Digest, stored: Entry | null, cacheControl: string): Answer | null {
  if (stored?.etag !== etagOf(digest)) return null;
  const headers = new Headers({ etag: etagOf(digest), 'cache-control': cacheControl });
  return { status: 304, headers, body: null };
}

export function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** All of a body. @throws `upstream-invalid` beyond `maxBytes`, `upstream-truncated` for less than was announced. */
export async function wholeOf(
  { body, headers }: Answer,
  maxBytes: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body instanceof ReadableStream ? body : [body ?? new Uint8Array()]) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new MeridianError('upstream-invalid', `${what} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const announced = headers.get('content-length');
  if (announced !== null && bytes < Number(announced) && !headers.has('content-encoding'))
    throw new MeridianError('upstream-truncated', `${bytes} of ${announced} bytes of ${what} came`);
  return new Uint8Array(Buffer.concat(chunks, bytes));
}
