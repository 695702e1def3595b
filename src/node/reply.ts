/**
 * From what was found to a `Response`: conditions, ranges, head. Memory hits that ask for nothing of the kind
 * end in `hit.ts` instead.
 */
import { announcedBytes } from '../cache/answer.ts';
import type { Fill } from '../cache/fill.ts';
import { remainingS } from '../cache/freshness.ts';
import { gathered, gatheredBytes, ofStored } from '../cache/pieces.ts';
import type { Forwarding } from '../cache/served.ts';
import type { Obtained, SlicedObject } from '../cache/slices/object.ts';
import type { Stored } from '../cache/store.ts';
import type { Answer, Head } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { lengthField, unframedField } from '../http/client.ts';
import { parseHttpDate } from '../http/date.ts';
import { endToEnd } from '../http/fields.ts';
import { evaluate, ifRangeHolds } from '../http/precondition.ts';
import { contentRange, parseRange, type Range, rangeBytes, unsatisfiedRange } from '../http/range.ts';
import { ownTarget } from '../http/targeted.ts';
import { appendVia } from '../http/via.ts';
import { accessField } from '../identity.ts';
import type { Outcome } from '../outcome.ts';
import type { Answered } from '../resource.ts';
import { tellKept } from './kept.ts';
import type { Account, Node } from './node.ts';
import { type Bytes, partial } from './partial.ts';
import { cacheStatus, storedHeaders } from './prepare.ts';
import { record, recordRelayed, sign } from './record.ts';
import { handedOverBytes, wholeIfDocument, wholeIfSmall } from './small-body.ts';
import { streamOfPieces, wholeBody } from './stream.ts';

/** Whose request is answered, and how its answer came about. */
export interface Circumstances {
  readonly node: Node;
  readonly account: Account;
  readonly outcome: Outcome;
  readonly forwarding: Forwarding | null;
}

type Body = Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string | null;

export function reply(node: Node, account: Account, served: Obtained): Response | Promise<Response> {
  const { source, outcome, forwarding } = served;
  const how = { node, account, outcome, forwarding };
  if (source.from === 'fill') return replyFill(how, source.fill);
  if (source.from === 'parent') return replyAnswer(how, source.answer);
  if (source.from === 'slices') return replySlices(how, source.object);
  return replyStored(how, source);
}

/** A stored response: `304` by the request's conditions, a part of it, or the whole. */
export function replyStored(how: Circumstances, stored: Stored): Response {
  const { entry } = stored;
  const { sizeBytes } = entry;
  const { exchange } = how.account;
  const onDisk = stored.from === 'disk';
  if (!onDisk) stored.resident.usedMs = exchange.nowMs;
  const body = onDisk ? stored.body : stored.resident.body;
  const headers = headersOf(how, entry);
  const short = byConditions(how, entry, headers);
  if (short) return short;
  headers.set('accept-ranges', 'bytes');
  if (onDisk) withoutFileName(headers);

  const range = entry.status === 200 ? rangeOf(exchange, entry, sizeBytes) : 'ignore';
  if (range === 'unsatisfiable') return unsatisfiable(how, headers, sizeBytes);
  if (range !== 'ignore') {
    return sendPart(how, headers, range, {
      sizeBytes,
      inMemory: !onDisk,
      blob: ({ start, end }) => body.slice(start, end + 1),
      pieces: (wanted) => ofStored(body, wanted),
    });
  }
  if (exchange.method === 'HEAD') headers.set('content-length', String(sizeBytes));
  // Given a file and a Range field, the runtime would answer the range on its own account.
  const guarded = onDisk && exchange.headers.has('range');
  const whole = guarded ? body.stream().pipeThrough(new TransformStream()) : body;
  return send(how, entry.status, headers, whole, sizeBytes);
}

/** A response that is still arriving. */
function replyFill(how: Circumstances, fill: Fill): Response | Promise<Response> {
  const { head, announcedBytes, bytes } = fill;
  const { exchange } = how.account;
  const headers = headersOf(how, head);
  const short = byConditions(how, head, headers);
  if (short) return short;
  if (announcedBytes !== null && head.status === 200) {
    headers.set('accept-ranges', 'bytes');
    const ranges = rangeOf(exchange, head, announcedBytes);
    if (ranges === 'unsatisfiable') return unsatisfiable(how, headers, announcedBytes);
    if (ranges !== 'ignore') return replyPartOfFill(how, headers, fill, announcedBytes, ranges);
  }
  if (hasNoBody(exchange, head.status)) {
    if (exchange.method === 'HEAD' && announcedBytes !== null)
      headers.set('content-length', String(announcedBytes));
    return send(how, head.status, headers, null, 0);
  }
  if (bytes) return send(how, head.status, headers, bytes, bytes.length);
  return replyFollowing(how, headers, fill);
}

async function replyFollowing(how: Circumstances, headers: Headers, fill: Fill): Promise<Response> {
  const { head, announcedBytes } = fill;
  const { signal } = how.account.exchange.request;
  const body = fill.follow(0, null, signal);
  try {
    const whole = await wholeBeforeSent(how, body, announcedBytes);
    if (announcedBytes === null) countOnceOver(how, fill, signal);
    return send(how, head.status, headers, whole, announcedBytes);
  } catch (thrown) {
    // A client that has left wants no answer; another one can still be told, as nothing has been sent yet.
    if (signal.aborted) return send(how, head.status, headers, null, 0);
    throw fill.error ?? thrown;
  }
}

/** Nobody knows how much it will be, until it has come. */
function countOnceOver(
  { node, account, outcome, forwarding }: Circumstances,
  fill: Fill,
  gone: AbortSignal,
): void {
  void fill.over.then(() => {
    if (gone.aborted) return;
    node.meter.sent(account.route, outcome, fill.receivedBytes, forwarding?.cacheStatus ?? null);
  });
}

function replyPartOfFill(
  how: Circumstances,
  headers: Headers,
  fill: Fill,
  sizeBytes: number,
  ranges: readonly Range[],
): Response | Promise<Response> {
  const { signal } = how.account.exchange.request;
  const read = ({ start, end }: Range) => fill.pieces(start, end + 1, signal);
  const bytes = { sizeBytes, inMemory: false, blob: (): Blob | null => null };
  const [only] = ranges;
  if (only && ranges.length === 1) {
    const whenGathered = (blob: Blob) =>
      sendPart(how, headers, ranges, { ...bytes, blob: () => blob, pieces: read });
    if (rangeBytes(only) <= gatheredBytes) return gathered(read(only)).then(whenGathered);
    headers.set('content-range', contentRange(only, sizeBytes));
    return send(how, 206, headers, fill.follow(only.start, only.end + 1, signal), rangeBytes(only));
  }
  // In the order in which they arrive, and each with its place from now on: a reader who is behind may hold up a fill
  // that nothing stores (RFC 9110 §15.3.7.2 allows any order).
  const inOrder = ranges.toSorted((a, b) => a.start - b.start);
  const places = new Map(inOrder.map((range) => [range, read(range)]));
  return sendPart(how, headers, inOrder, { ...bytes, pieces: (range) => places.get(range) ?? read(range) });
}

/** A response that is kept in slices. */
async function replySlices(how: Circumstances, object: SlicedObject): Promise<Response> {
  const { head, sizeBytes } = object;
  const { exchange } = how.account;
  const headers = headersOf(how, head);
  const short = byConditions(how, head, headers);
  if (short) return short;
  headers.set('accept-ranges', 'bytes');
  const range = rangeOf(exchange, head, sizeBytes);
  if (range === 'unsatisfiable') return unsatisfiable(how, headers, sizeBytes);
  if (exchange.method === 'HEAD') {
    headers.set('content-length', String(sizeBytes));
    return send(how, head.status, headers, null, sizeBytes);
  }
  const { signal } = exchange.request;
  const whole: Range = { start: 0, end: sizeBytes - 1 };
  const wanted = range === 'ignore' ? [whole] : range;
  const opened = await object.open(wanted, signal);
  if ('again' in opened) return reply(how.node, how.account, opened.again);

  const { outcome, forwarding, blob } = opened;
  const actual = { ...how, outcome, forwarding };
  headers.set('cache-status', statusOf(actual, head));
  if (range === 'ignore') {
    return send(actual, head.status, headers, streamOfPieces(opened.pieces(whole), signal), sizeBytes);
  }
  if (blob) withoutFileName(headers);
  const bytes = { sizeBytes, inMemory: false, blob: () => blob, pieces: opened.pieces };
  return sendPart(actual, headers, range, bytes);
}

function sendPart(how: Circumstances, headers: Headers, ranges: readonly Range[], bytes: Bytes): Response {
  const part = partial(ranges, bytes, headers, how.account.exchange.request.signal);
  return send(how, 206, headers, part.body, part.sizeBytes);
}

/** A file as body makes the runtime add a Content-Disposition with the file's name; this one says nothing. */
function withoutFileName(headers: Headers): void {
  if (!headers.has('content-disposition')) headers.set('content-disposition', 'inline');
}

/** An answer of the parent that is for this request alone. */
async function replyAnswer(how: Circumstances, answer: Answer): Promise<Response> {
  const headers = endToEnd(answer.headers, ownFields);
  const announced = announcedBytes(answer);
  if (how.account.exchange.tier === null) for (const name of [ownTarget, accessField]) headers.delete(name);
  headers.set('via', appendVia(headers.get('via'), '1.1', how.node.name));
  headers.set('cache-status', cacheStatus(how.node, how.outcome, how.forwarding, { key: how.account.key }));
  const { body, status } = answer;
  if (!(body instanceof ReadableStream) || hasNoBody(how.account.exchange, status)) {
    return send(how, status, headers, body, announced);
  }
  return send(how, status, headers, await wholeBeforeSent(how, body, announced), announced);
}

/** A body that can be waited for; any other as it comes. */
function wholeBeforeSent(
  { node, account, outcome }: Circumstances,
  body: ReadableStream<Uint8Array>,
  announced: number | null,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  if (isWantedWhole(account)) return wholeIfDocument(body, announced, node.clock);
  return wholeIfSmall(body, announced, node.clock, outcome === 'relayed' ? handedOverBytes : undefined);
}

/** A client waits for all of a document; another node or worker does not. */
export function isWantedWhole({ exchange, resource }: Account): boolean {
  return resource?.isDocument === true && exchange.tier === null && !exchange.relayed;
}

const ownFields: ReadonlySet<string> = new Set([
  'meridian-coding',
  'meridian-policy',
  'meridian-source',
  'meridian-source-etag',
  unframedField,
]);

/** What the node answers by itself. */
export function replyLocally(node: Node, account: Account, { status, fields, body }: Answered): Response {
  const headers = new Headers(fields.map(([name, value]) => [name, value] as [string, string]));
  return send({ node, account, outcome: 'answer', forwarding: null }, status, headers, body, body.length);
}

function headersOf({ node, account, outcome, forwarding }: Circumstances, head: Head): Headers {
  const toNode = account.exchange.tier !== null;
  return storedHeaders(node, head, node.clock.now(), outcome, forwarding, toNode);
}

function statusOf({ node, outcome, forwarding }: Circumstances, { freshness, key }: Head): string {
  const ttl = Math.floor(remainingS(freshness, node.clock.now()));
  return cacheStatus(node, outcome, forwarding, { ttl, key });
}

/** Fields that describe a body, which a 304 (RFC 9110 §15.4.5) or a 416 does not have. */
const ofBody = ['content-encoding', 'content-length', 'content-type', 'last-modified', 'repr-digest'];

/** Of these, what a 304 may bring up to date in another cache. */
const updated: ReadonlySet<string> = new Set(['content-type', 'last-modified']);

function byConditions(how: Circumstances, head: Head, headers: Headers): Response | null {
  const { exchange } = how.account;
  const verdict = evaluate({
    method: exchange.method,
    headers: exchange.headers,
    etag: head.etag,
    lastModifiedMs: head.lastModifiedMs,
    dateMs: dateOf(head),
    status: head.status,
    by: 'cache',
    nowMs: exchange.nowMs,
  });
  if (verdict === 'proceed') return null;
  // Another tier stores what it learns here; a client has it already.
  const isUpdate = exchange.tier !== null && verdict === 'not-modified';
  for (const name of ofBody) if (!isUpdate || !updated.has(name)) headers.delete(name);
  return send(how, verdict === 'not-modified' ? 304 : 412, headers, null, 0);
}

function rangeOf(
  exchange: Exchange,
  head: Head,
  sizeBytes: number,
): readonly Range[] | 'ignore' | 'unsatisfiable' {
  const value = exchange.headers.get('range');
  if (value === null || exchange.method !== 'GET') return 'ignore';
  const condition = exchange.headers.get('if-range');
  const holds = ifRangeHolds(condition, head.etag, head.lastModifiedMs, dateOf(head));
  return holds ? parseRange(value, sizeBytes) : 'ignore';
}

function dateOf({ fields }: Head): number | undefined {
  const date = fields.find(([name]) => name === 'date');
  return date && parseHttpDate(date[1]);
}

function unsatisfiable(how: Circumstances, headers: Headers, sizeBytes: number): Response {
  for (const name of ofBody) headers.delete(name);
  headers.set('content-range', unsatisfiedRange(sizeBytes));
  return send(how, 416, headers, null, 0);
}

function hasNoBody({ method }: Exchange, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/** @param bytes of the body; `null` when its length is not known. */
function send(
  { node, account, outcome, forwarding }: Circumstances,
  status: number,
  headers: Headers,
  body: Body,
  bytes: number | null,
): Response {
  const tookMs = sign(node, account.exchange, headers, forwarding?.serverTiming);
  // What another worker of this node has answered, that one has counted and logged, with all it knows.
  if (outcome === 'relayed' || outcome === 'relayed-to-replica')
    recordRelayed(node, account, tookMs, status, outcome);
  else {
    record(node, account, tookMs, status, bytes, outcome, forwarding?.cacheStatus);
    if (forwarding?.collapsed) node.work.collapsed(account.route);
  }
  tellKept(account.exchange, headers);
  if (body !== null && bytes !== null) {
    headers.set('content-length', String(bytes));
    // Bun.serve sends what streams in chunks all the same, so another node or worker is told in a field of our own.
    const { tier, relayed } = account.exchange;
    if ((tier !== null || relayed) && body instanceof ReadableStream) headers.set(lengthField, String(bytes));
  }
  const bodiless = hasNoBody(account.exchange, status);
  if (bodiless && body instanceof ReadableStream) void body.cancel();
  const sent = body instanceof Uint8Array ? wholeBody([body], body.length) : body;
  return new Response(bodiless ? null : sent, { status, headers });
}
