/**
 * The origin's parents: remotes, asked by the protocol that knows how. The origin lends each pull a door
 * through which it reaches its remote and, by way of the origin's own cache, other resources of its route.
 */

import type { Cache } from '../cache/cache.ts';
import { ageS } from '../cache/freshness.ts';
import { discard } from '../cache/lead.ts';
import type { Obtained } from '../cache/slices/object.ts';
import type { Clock } from '../clock.ts';
import type { Timeouts } from '../config/network.ts';
import type { Answer, Head } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type Caller, type Exchange, inOtherWords } from '../exchange.ts';
import { appendCdnLoop } from '../http/cdn-loop.ts';
import { request, unframedField } from '../http/client.ts';
import { ownTarget } from '../http/targeted.ts';
import { appendVia } from '../http/via.ts';
import type { Accounts, Identity } from '../identity.ts';
import type { Ask, Parent } from '../parent.ts';
import type { Change, OriginDoor, Protocol } from '../protocol.ts';
import type { Remotes } from '../remotes/remotes.ts';
import type { Stores } from '../store.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import { informing } from './inform.ts';
import { hostOf, serverOf } from './servers.ts';
import { streamOfPieces } from './stream.ts';
import { noted } from './tier-request.ts';
import { verifiedAnswer } from './tiers.ts';

export interface PullOptions {
  /** No upstream is asked, for whatever reason: the route is `offline`. */
  readonly offline: boolean;
  readonly node: string;
  readonly cdnId: string;
  readonly cache: Cache;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly remotes: Remotes;
  /** Counts what is asked of them. */
  readonly work: RemoteMeter;
  readonly bounds: { readonly connections: number; readonly waiting: number };
  /** Whether a server, by host and port, is told of the trace that a request belongs to. */
  readonly mayTrace: (authority: string) => boolean;
  /** Takes note of what has changed at a remote. */
  readonly report: (change: Change) => void;
  /** Purges what has changed here; resolves when the nodes know. */
  readonly purge: OriginDoor['purge'];
  /** What is kept here for good. */
  readonly stores: Stores | null;
  /** Users and their tokens; `null` where there are no records of them. */
  readonly accounts: Accounts | null;
  /** Who is behind a request; `null` where there are no records of it. */
  readonly identify: Identify | null;
}

export type RemoteMeter = Pick<WorkMeter, 'askedRemote' | 'sparedRemote' | 'waitedForRemote'>;

type Identify = (caller: Caller | undefined, nowMs: number) => Promise<Identity>;

export interface Puller {
  readonly parent: Parent;
  /** What is lent for one request. */
  door(ask: Ask): OriginDoor;
}

export function pullFrom(protocol: Protocol, options: PullOptions): Puller {
  const parent: Parent = async (ask) => {
    const answer = await protocol.pull(await identified(ask, options.identify), door(ask));
    reportChange(ask, answer);
    return verifiedAnswer(answer);
  };

  /** What others keep of what was stored here is no longer right. */
  function reportChange({ named, stored, reload, part }: Ask, answer: Answer): void {
    if (named.as !== 'resource' || stored === null || part || answer.status === 304) return;
    const change = protocol.changed(named, stored, answer);
    if (change === null) return;
    // What was not stale would be used further here if its successor did not arrive whole.
    options.report(reload ? { ...change, seen: undefined } : change);
  }

  /** Waits until the server may be asked. */
  async function turnAt(server: string, signal: AbortSignal): Promise<void> {
    const { remotes, clock, work } = options;
    const sinceMs = clock.elapsed();
    try {
      const turn = remotes.turn(server, signal);
      if (turn === null) return;
      await turn;
      work.waitedForRemote(server, clock.elapsed() - sinceMs);
    } catch (error) {
      if (!signal.aborted) work.sparedRemote(server);
      throw error;
    }
  }

  function door(ask: Ask): OriginDoor {
    const { exchange } = ask;
    return {
      stores: options.stores,
      accounts: options.accounts,
      purge: options.purge,

      async fetch(remote, url, { method, headers: given, body, signal }) {
        if (options.offline) throw new MeridianError('upstream-offline', `${hostOf(url)} is not asked`);
        const headers = new Headers(given);
        headers.set('via', appendVia(exchange.headers.get('via'), '1.1', options.node));
        headers.set('cdn-loop', appendCdnLoop(exchange.headers.get('cdn-loop'), options.cdnId));
        if (remote.authorization !== undefined) headers.set('authorization', remote.authorization);
        const { timeouts, clock, remotes } = options;
        const inform = informing(ask);
        const server = serverOf(url);
        await turnAt(server, signal);
        const bounds = { ...options.bounds, on: exchange.tier?.route };
        const name = hostOf(url);
        const span = exchange.trace?.ask({ as: 'remote', name, method, url, background: ask.background });
        if (span && options.mayTrace(name)) headers.set('traceparent', span.traceparent);
        const askedMs = clock.elapsed();
        const asked = request(url, {
          ...{ method, headers, body, signal, timeouts, clock, inform, bounds },
        }).catch((error: unknown) => {
          // Who has left says nothing of the remote.
          if (!signal.aborted) options.work.askedRemote(server, null, clock.elapsed() - askedMs);
          throw error;
        });
        const answer = await noted(asked.then(withoutOurFields), span, signal);
        options.work.askedRemote(server, answer.status, clock.elapsed() - askedMs);
        remotes.answered(server, answer);
        refuseUnaskedPart(answer, headers);
        return answer;
      },

      async read(resource, asked, maxBytes) {
        const { cache } = options;
        const inner = innerExchange(asked);
        const served = await cache.obtain(resource, inner, cache.lookup(resource, inner), parent);
        return whole(served, asked.signal, maxBytes, options.clock.now());
      },

      async fetchAhead(resource, asked) {
        const { cache, clock } = options;
        const inner = detached(innerExchange(asked), clock, asked.background);
        const { source } = await cache.obtain(resource, inner, cache.lookup(resource, inner), parent);
        if (source.from === 'fill') await source.fill.over;
        if (source.from === 'parent') discard(source.answer);
      },

      get newestPurge() {
        return options.cache.newestPurge;
      },
      spares: options.cache.spares,
      heldBytes: ({ key }) => options.cache.heldBytes(key),
    };
  }

  return { parent, door };
}

/** What no cache answers comes with who is behind it: by the PoP's word which token, by our own records whose. */
async function identified(ask: Ask, identify: Identify | null): Promise<Ask> {
  const { exchange, named } = ask;
  if (identify === null || named.as !== 'pass' || exchange.tier?.caller === undefined) return ask;
  const identity = await identify(exchange.tier.caller, exchange.nowMs);
  return { ...ask, exchange: inOtherWords(exchange, { identity }) };
}

/** A question of the node's own, on behalf of the request that it serves. */
function innerExchange({ exchange, reload }: Ask): Exchange {
  const headers = new Headers(reload ? { 'cache-control': 'no-cache' } : {});
  for (const name of ['cdn-loop', 'via', 'traceparent']) {
    const value = exchange.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return inOtherWords(exchange, { method: 'GET', headers, body: () => null });
}

/** The same for somebody who neither leaves nor waits: whoever has asked may be gone before it is answered. */
function detached(exchange: Exchange, clock: Clock, background: boolean): Exchange {
  const request = new Request(exchange.request.url);
  const tier = exchange.tier && background ? { ...exchange.tier, background } : exchange.tier;
  return { ...exchange, request, tier, nowMs: clock.now(), startedMs: clock.elapsed(), trace: undefined };
}

export async function whole(
  { source }: Obtained,
  gone: AbortSignal,
  maxBytes: number,
  nowMs: number,
): ReturnType<OriginDoor['read']> {
  switch (source.from) {
    case 'memory':
    case 'disk': {
      const { entry } = source;
      const body = source.from === 'memory' ? source.resident.body : source.body;
      const headers = fieldsOf(entry, nowMs);
      return { status: entry.status, headers, bytes: await collect(body.stream(), maxBytes) };
    }
    case 'fill': {
      const { head } = source.fill;
      const headers = fieldsOf(head, nowMs);
      return {
        status: head.status,
        headers,
        bytes: await collect(source.fill.follow(0, null, gone), maxBytes),
      };
    }
    case 'slices': {
      const { head, sizeBytes } = source.object;
      const opened = await source.object.open([{ start: 0, end: sizeBytes - 1 }], gone);
      if ('again' in opened) return whole(opened.again, gone, maxBytes, nowMs);
      const body = streamOfPieces(opened.pieces({ start: 0, end: sizeBytes - 1 }), gone);
      return { status: head.status, headers: fieldsOf(head, nowMs), bytes: await collect(body, maxBytes) };
    }
    case 'parent': {
      const { status, headers, body } = source.answer;
      if (!(body instanceof ReadableStream)) return { status, headers, bytes: body ?? new Uint8Array() };
      return { status, headers, bytes: await collect(body, maxBytes) };
    }
  }
}

function fieldsOf({ fields, freshness }: Head, nowMs: number): Headers {
  const headers = new Headers(fields.map(([name, value]) => [name, value] as [string, string]));
  headers.set('age', String(Math.floor(ageS(freshness, nowMs))));
  return headers;
}

/** A part of a representation answers a question for one, and no other (RFC 9110 §15.3.7). */
function refuseUnaskedPart({ status, body }: Answer, asked: Headers): void {
  if (status !== 206 || asked.has('range')) return;
  if (body instanceof ReadableStream) void body.cancel();
  throw new MeridianError('upstream-invalid', 'the answer is a part (206) of what was asked for as a whole');
}

/** Of those fields: what our own client says of an answer, and what a server may say to us. */
const believed: ReadonlySet<string> = new Set([unframedField, ownTarget]);

/** Fields that mean something between our own tiers must not come from a remote. */
function withoutOurFields({ status, headers, body }: Answer): Answer {
  const clean = new Headers(headers);
  for (const name of headers.keys()) {
    if (name.startsWith('meridian-') && !believed.has(name)) clean.delete(name);
  }
  return { status, headers: clean, body };
}

async function collect(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) throw new MeridianError('upstream-invalid', `the answer exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
