/**
 * A PoP's parent whose answers are compressed for the client, where whoever made them has not done so. Tiers talk
 * about one plain representation; each coding of it is made here and stored as a variant of its own (see
 * `chosenCoding`), so that a hit costs nothing.
 *
 * Only what may be stored for everybody is compressed. So no secret of one client is ever compressed together with
 * what another one wrote, whose length would tell of it (BREACH).
 */
import { announcedBytes, streamOf } from '../cache/answer.ts';
import { refusalToStore, refusesStore } from '../cache/storable.ts';
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { compress, type MadeCoding } from '../http/compress.ts';
import { isCompressible } from '../http/compressible.ts';
import { parseEntityTag } from '../http/etag.ts';
import { peek } from '../http/peek.ts';
import { chosenCoding, codingFor, varyNames } from '../http/vary.ts';
import type { Ask, Parent } from '../parent.ts';
import type { Resource } from '../resource.ts';
import { type Slots, slots } from './slots.ts';

/** Below this, a compressed body saves no packet. */
const worthwhileBytes = 1024;
/** A body of unknown length that takes longer to come to its end is taken for a longer one. */
const patienceMs = 20;
/** Bodies compressed at the same time: each takes up to 4 MB. */
const compressedAtOnce = 24;
/** How long an answer waits for its turn before it is stored as it is, for this coding as well. */
const turnMs = 1000;

/** The canonical entity tag, by which the cache confirms its entry with the parent. */
const sourceEtagField = 'meridian-source-etag';
/** Fields of a body that a compressed one has not. */
const ofPlainBody = ['content-length', 'content-md5', 'digest', 'meridian-unframed', 'repr-digest'] as const;

export function encoding(parent: Parent, clock: Clock): Parent {
  const room = slots(compressedAtOnce, clock);

  return async (ask) => {
    const { named, exchange } = ask;
    if (named.as === 'pass') return parent(inPlainTerms(ask));
    if (!named.compress) return parent(ask);
    const answer = await parent(ask);
    if (answer.status === 304) return varied(ask, answer);
    if (!mayEncode(named, exchange, answer, clock.now())) return answer;
    const measured = await measure(answer, clock);
    const length = announcedBytes(measured);
    if (length !== null && length < worthwhileBytes) return measured;
    return encoded(measured, codingFor(exchange.headers), room, clock);
  };
}

/** An answer that does not say how long it is may be a short one all the same. */
async function measure(answer: Answer, clock: Clock): Promise<Answer> {
  const { body } = answer;
  if (!(body instanceof ReadableStream) || announcedBytes(answer) !== null) return answer;
  const seen = await peek(body, worthwhileBytes, patienceMs, clock);
  return { ...answer, body: seen.as === 'short' ? seen.bytes : seen.body };
}

function mayEncode(resource: Resource, exchange: Exchange, answer: Answer, nowMs: number): boolean {
  const { headers, status } = answer;
  if (status !== 200 || headers.has('content-encoding') || headers.has('content-range')) return false;
  if (answer.body === null && exchange.method !== 'HEAD') return false;
  if (!isCompressible(headers.get('content-type'))) return false;
  if (parseCacheControl(headers.get('cache-control')).noTransform) return false;
  return !refusesStore(exchange, resource) && refusalToStore(exchange, resource, answer, nowMs) === null;
}

async function encoded(
  answer: Answer,
  coding: 'identity' | MadeCoding,
  room: Slots,
  clock: Clock,
): Promise<Answer> {
  const headers = new Headers(answer.headers);
  headers.set('vary', withAcceptEncoding(headers.get('vary')));
  headers.set(chosenCoding, coding);
  const plain = { status: answer.status, headers, body: answer.body };
  if (coding === 'identity') return plain;
  const hasBody = answer.body !== null;
  if (hasBody && !(await room.take(turnMs))) return plain;

  for (const name of ofPlainBody) headers.delete(name);
  headers.set('content-encoding', coding);
  const etag = headers.get('etag');
  if (etag !== null) {
    if (!headers.has(sourceEtagField)) headers.set(sourceEtagField, etag);
    const derived = derivedEtag(etag, coding);
    if (derived === null) headers.delete('etag');
    else headers.set('etag', derived);
  }
  if (!hasBody) return { ...plain, headers };
  const body = compress(wholeOf(answer), coding, clock, room.give);
  return { ...plain, headers, body };
}

/**
 * Another coding is another representation, and its strong tag must differ (RFC 9110 §8.8.3.3). A weak one stands
 * for all of them (§8.8.1). `null`: a malformed one, of which none can be made.
 */
function derivedEtag(etag: string, coding: MadeCoding): string | null {
  const parsed = parseEntityTag(etag);
  if (parsed === undefined) return null;
  return parsed.weak ? etag : `${etag.slice(0, -1)}${mark}${coding}"`;
}

const mark = '~';
const derivedEtags = /~(?:zstd|br|gzip)"/g;

/** A parent that is asked something on the client's own terms knows its own entity tags only. */
function inPlainTerms(ask: Ask): Ask {
  const { exchange } = ask;
  const conditions = ['if-match', 'if-none-match', 'if-range'] as const;
  if (!conditions.some((name) => exchange.headers.get(name)?.includes(mark))) return ask;
  const headers = new Headers(exchange.headers);
  for (const name of conditions) {
    const value = headers.get(name);
    if (value !== null) headers.set(name, value.replaceAll(derivedEtags, '"'));
  }
  return { ...ask, exchange: inOtherWords(exchange, { headers }) };
}

/** What a 304 says it varies by, as it was put when the response was stored. */
function varied({ stored }: Ask, answer: Answer): Answer {
  const vary = answer.headers.get('vary');
  if (vary === null || !stored?.selecting.some(([name]) => name === chosenCoding)) return answer;
  const headers = new Headers(answer.headers);
  headers.set('vary', withAcceptEncoding(vary));
  return { ...answer, headers };
}

function withAcceptEncoding(vary: string | null): string {
  if (vary === null || vary.trim() === '') return 'Accept-Encoding';
  return varyNames(vary).includes('accept-encoding') ? vary : `${vary}, Accept-Encoding`;
}

/** Compressed, nothing would tell any more that a body was cut off. */
function wholeOf(answer: Answer): ReadableStream<Uint8Array> {
  const announced = announcedBytes(answer);
  const stream = streamOf(answer);
  if (announced === null) return stream;
  let received = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        received += bytes.length;
        controller.enqueue(bytes);
      },
      flush() {
        if (received === announced) return;
        throw new MeridianError('upstream-truncated', `${received} of ${announced} bytes came`);
      },
    }),
  );
}
