/** Answers of other items of the route, handed on. */
import type { Answer } from '../../entry.ts';

const kept = [
  'content-type',
  'cache-control',
  'retry-after',
  'x-error-code',
  'x-error-message',
  'meridian-policy',
];

/** An error that was found while something else was looked up: told as it is. */
export function answerOf({
  status,
  headers,
  bytes,
}: {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}): Answer {
  const fields = new Headers({ 'content-length': String(bytes.byteLength) });
  for (const name of kept) {
    const value = headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  return { status, headers: fields, body: new Uint8Array(bytes) };
}
