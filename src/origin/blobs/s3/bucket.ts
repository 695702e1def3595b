/**
 * Requests to a bucket: signed, sent by our own client, and sent again where that may help. All of them may be: what they do
 * twice is what they have done once.
 */
import type { Answer } from '../../../entry.ts';
import type { ClientTls } from '../../../http/client/tls.ts';
import { type ClientTimeouts, request } from '../../../http/client.ts';
import { again, type Patience } from './again.ts';
import { type PlaceOptions, placeOf } from './place.ts';
import { refusalIn, storeFailure } from './refusal.ts';
import { encodedQuery, type Fields, type Query, signedFields, signedQuery } from './sigv4.ts';

export interface BucketOptions extends PlaceOptions, Patience {
  /** What is shown over `https:`, and who is believed, asked for each request. */
  readonly clientTls?: (() => ClientTls | undefined) | undefined;
}

/** A body, and its SHA-256 in hexadecimal digits, which is signed: a server that has received something else refuses it. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Of an object; without it, it is about the bucket. */
  readonly key?: string;
  readonly query?: Query;
  readonly fields?: Fields;
  readonly body?: Payload;
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: ClientTimeouts;
  /** Whether a failure is told at once. */
  readonly once?: boolean;
}

export interface Bucket extends Patience {
  /**
   * Resolves with what `read` makes of an answer with a status of 2xx. Whatever `read` throws counts as the answer's failure.
   *
   * @throws `store-unavailable`, `store-full`, with the `Refusal` as the cause; the signal's reason.
   */
  ask<Result>(ask: Ask, read: (answer: Answer) => Result | Promise<Result>): Promise<Result>;
  /** Where anybody can get an object for a while. */
  url(key: string, expiresS: number): string;
}

const standardTimeouts: ClientTimeouts = { connectMs: 5_000, firstByteMs: 30_000, betweenBytesMs: 60_000 };
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** A shorter body is written with the request's head. */
const shortBytes = 64 * 1024;
/** What the connection is given at once of a longer one. */
const pieceBytes = 512 * 1024;

export function openBucket(options: BucketOptions): Bucket {
  const { clock, random, clientTls } = options;
  const place = placeOf(options);
  const signer = () => ({ credentials: place.credentials(), region: place.region, nowMs: clock.now() });

  async function send({
    method,
    key,
    query = {},
    fields = {},
    body,
    signal,
    timeouts,
  }: Ask): Promise<Answer> {
    const asked = { method, ...place.at(key), query, fields };
    const headers = new Headers(signedFields(asked, body?.sha256 ?? emptySha256, signer()));
    if (body) headers.set('content-length', String(body.bytes.length));
    const search = encodedQuery(query);
    const answer = await request(`${place.origin}${asked.path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers,
      body: body && sent(body.bytes),
      signal: signal ?? new AbortController().signal,
      timeouts: timeouts ?? standardTimeouts,
      clock,
      tls: clientTls?.(),
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw await refusalIn(answer, clock.now());
  }

  return {
    clock,
    random,
    async ask(ask, read) {
      const attempt = async () => read(await send(ask));
      try {
        return await (ask.once ? attempt() : again(attempt, options, ask.signal));
      } catch (error) {
        throw storeFailure(error);
      }
    },
    url(key, expiresS) {
      const asked = { method: 'GET', ...place.at(key), query: {} };
      return `${place.origin}${asked.path}?${signedQuery(asked, expiresS, signer())}`;
    },
  };
}

/** As it goes to the client. A long body is not copied: pieces of it are handed over as the connection takes them. */
function sent(bytes: Uint8Array): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> {
  if (bytes.length <= shortBytes) return new Uint8Array(bytes);
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(bytes.subarray(at, at + pieceBytes));
        at += pieceBytes;
        if (at >= bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
