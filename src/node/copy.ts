/**
 * Copies a parent's answer into a key/value store while it passes. Only what any cache may keep and give to everybody: what is
 * private, or sets a cookie, never goes there.
 */
import { announcedBytes } from '../cache/answer.ts';
import { freshnessOf, isFresh, remainingS } from '../cache/freshness.ts';
import { headOf, refreshed } from '../cache/head.ts';
import { policyFor, refusalToStore } from '../cache/storable.ts';
import type { Clock } from '../clock.ts';
import type { Answer, Freshness } from '../entry.ts';
import { parseCacheStatus } from '../http/cache-status.ts';
import type { Copies, Copy, Found, Wanted } from '../kv/copies.ts';
import type { Copying } from '../kv/copying.ts';
import type { Stamp } from '../kv/record.ts';
import type { Ask } from '../parent.ts';
import type { Resource } from '../resource.ts';
import type { Followed } from './recent-purges.ts';

export interface Occasion {
  readonly copies: Copies;
  readonly wanted: Wanted;
  readonly found: Found;
  /** When the parent was asked, ms since the epoch, and which purges its answer takes account of. */
  readonly askedMs: number;
  readonly followed: Followed;
  readonly objectBytes: number;
  readonly lifetimeMs: number;
  readonly clock: Clock;
}

/** The answer, to be passed on in place of the one given; `null`: it is not copied. */
export function copyOnTheWay(answer: Answer, ask: Ask, named: Resource, occasion: Occasion): Answer | null {
  const { copies, found, followed, objectBytes } = occasion;
  if (found.stamp === null || followed === 'unsure' || isThere(answer, copies)) return null;
  if (answer.status === 304) return confirmation(answer, ask, named, found.stamp, occasion);
  const announced = announcedBytes(answer);
  if (announced !== null && announced > objectBytes) return null;
  const copying = begin(answer, ask, named, found.stamp, occasion);
  if (!copying) return null;
  const { body } = answer;
  if (body instanceof ReadableStream) return { ...answer, body: copied(body, copying, announced) };
  if (body) copying.add(body);
  copying.end();
  return answer;
}

/** A copy that the parent has confirmed (304) is good for another while. A long one, whose body ends some day, is not renewed. */
function confirmation(
  answer: Answer,
  ask: Ask,
  named: Resource,
  stamp: Stamp,
  occasion: Occasion,
): Answer | null {
  const { found, clock } = occasion;
  const copy = found.as === 'copy' ? found.copy : null;
  const bytes = copy?.bytes;
  if (!copy || !bytes || !ask.stored || !isAbout(copy, ask.stored)) return null;
  const { status, fields } = copy.record;
  const headers = refreshed({ ...ask.stored, fields }, answer.headers, clock.now());
  const copying = begin({ status, headers, body: bytes }, ask, named, stamp, occasion);
  copying?.add(bytes);
  copying?.end();
  return copying && answer;
}

function isAbout({ record }: Copy, { etag, sourceEtag }: { etag: string | null; sourceEtag: string | null }) {
  return record.etag !== null && record.etag === (sourceEtag ?? etag);
}

function begin(
  answer: Answer,
  ask: Ask,
  named: Resource,
  stamp: Stamp,
  { copies, wanted, askedMs, followed, objectBytes, lifetimeMs, clock }: Occasion,
): Copying | null {
  const nowMs = clock.now();
  const { status, headers } = answer;
  if (headers.has('set-cookie') || refusalToStore(ask.exchange, named, answer, nowMs) !== null) return null;
  const freshness = freshnessOf(headers, askedMs, nowMs, policyFor(named, status));
  if (!isFresh(freshness, nowMs)) return null;
  const { fields, tags, etag, selecting } = headOf(named, ask.exchange.headers, answer, freshness);
  return copies.keep({
    wanted,
    varies: selecting.map(([name]) => name),
    known: { status, fields, tags: [...tags], freshness, etag },
    stamp,
    followed: followed === 'unsure' ? null : followed,
    lifetimeMs: Math.min(lifetimeMs, usefulMs(freshness, nowMs)),
    objectBytes,
  });
}

/** Until it could not even stand in for a failure. */
function usefulMs(freshness: Freshness, nowMs: number): number {
  const { staleWhileRevalidateS, staleIfErrorS, staleIfDisconnectedS, neverStale } = freshness;
  const staleS = neverStale ? 0 : Math.max(staleWhileRevalidateS, staleIfErrorS, staleIfDisconnectedS);
  return (remainingS(freshness, nowMs) + staleS) * 1000;
}

/** A node on the way has found it there, or brings it there. */
function isThere({ headers }: Answer, { name }: Copies): boolean {
  const members = parseCacheStatus(headers.get('cache-status') ?? '');
  return members.some(({ cache, hit, stored }) => cache === name && (hit === true || stored === true));
}

/** The same bytes, no faster than they are read. */
function copied(
  body: ReadableStream<Uint8Array>,
  copying: Copying,
  announced: number | null,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let received = 0;

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await reader.read();
      if (done) {
        if (announced === null || announced === received) copying.end();
        else copying.abandon();
        return controller.close();
      }
      received += value.length;
      copying.add(value);
      controller.enqueue(value);
    } catch (error) {
      copying.abandon();
      controller.error(error);
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      pull,
      cancel(reason) {
        copying.abandon();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
