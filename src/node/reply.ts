/**
 * From what was found to a `Response`: conditions, ranges, head. `replyHit` is the end of the hit path.
 */
import type { Fill } from '../cache/fill.ts';
import type { Resident } from '../cache/memory.ts';
import type { Forwarding, Served } from '../cache/served.ts';
import type { Answer, Entry, Head } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { parseHttpDate } from '../http/date.ts';
import { endToEnd } from '../http/fields.ts';
import { evaluate, ifRangeHolds } from '../http/precondition.ts';
import { contentRange, parseRange, type Range, rangeBytes, unsatisfiedRange } from '../http/range.ts';
import { appendVia } from '../http/via.ts';
import type { Outcome } from '../outcome.ts';
import type { Answered } from '../resource.ts';
import type { Account, Node } from './node.ts';
import { partial } from './partial.ts';
import { cacheStatus, preparedHit, storedHeaders } from './prepare.ts';
import { record, sign } from './record.ts';

/** Fields that a 304 repeats (RFC 9110 §15.4.5); the rest describes a body that is not sent. */
const notModifiedOmits = [
  'content-encoding',
  'content-length',
  'content-type',
  'last-modified',
  'repr-digest',
];

/** A fresh resident of memory: the whole of it, or `304`, in as few steps as there can be. */
export function replyHit(node: Node, account: Account, resident: Resident): Response {
  const { exchange } = account;
  const { entry } = resident;
  const headers = preparedHit(node, resident, exchange.nowMs);
  if (isPlain(exchange.headers) && exchange.method === 'GET') {
    sign(node, exchange, headers);
    record(node, account, entry.status, entry.sizeBytes, 'hit');
    return new Response(resident.body, { status: entry.status, headers });
  }
  return replyStored(node, account, entry, resident.body, copyOf(headers), 'hit');
}

/** Whether a request asks for the whole response, whatever it is. */
function isPlain(headers: Headers): boolean {
  return (
    headers.get('if-none-match') === null &&
    headers.get('range') === null &&
    headers.get('if-modified-since') === null
  );
}

// off the hit path: conditions and ranges change the head, which residents share
function copyOf(headers: Headers): Headers {
  return new Headers(headers);
}

// off the hit path: whatever comes from disk, from a fill, or from the parent
export function reply(node: Node, account: Account, served: Served): Response {
  const { source, outcome, forwarding } = served;
  switch (source.from) {
    case 'memory':
    case 'disk': {
      const { entry } = source;
      const headers = storedHeaders(node, entry, node.clock.now(), outcome, forwarding);
      const body = source.from === 'memory' ? source.resident.body : source.body;
      return replyStored(node, account, entry, body, headers, outcome, source.from === 'disk');
    }
    case 'fill':
      return replyFill(node, account, source.fill, outcome, forwarding);
    case 'parent':
      return replyAnswer(node, account, source.answer, outcome, forwarding);
  }
}

/** A stored response: `304` or `412` by the request's conditions, a part of it, or the whole. */
// off the hit path: conditions and ranges copy the head
function replyStored(
  node: Node,
  account: Account,
  entry: Entry,
  body: Blob,
  headers: Headers,
  outcome: Outcome,
  onDisk = false,
): Response {
  const { exchange } = account;
  const short = byConditions(node, account, entry, headers, outcome);
  if (short) return short;
  headers.set('accept-ranges', 'bytes');
  // A file as body makes the runtime add a Content-Disposition with the file's name; this one says nothing.
  if (onDisk && !headers.has('content-disposition')) headers.set('content-disposition', 'inline');

  const range = entry.status === 200 ? rangeOf(exchange, entry, entry.sizeBytes) : 'ignore';
  if (range === 'unsatisfiable') return unsatisfiable(node, account, headers, entry.sizeBytes, outcome);
  // The runtime cannot join parts of a file; the whole is a correct answer as well (RFC 9110 §14.2).
  if (range !== 'ignore' && !(onDisk && range.length > 1)) {
    const part = partial(range, body, entry.sizeBytes, headers);
    return send(node, account, 206, headers, part.body, part.sizeBytes, outcome);
  }
  if (exchange.method === 'HEAD') headers.set('content-length', String(entry.sizeBytes));
  // Given a file and a Range field, the runtime would answer the range on its own account.
  const whole =
    onDisk && exchange.headers.has('range') ? body.stream().pipeThrough(new TransformStream()) : body;
  return send(node, account, entry.status, headers, whole, entry.sizeBytes, outcome);
}

/** A response that is still arriving. */
// off the hit path: a fill is under way
function replyFill(
  node: Node,
  account: Account,
  fill: Fill,
  outcome: Outcome,
  forwarding: Forwarding | null,
): Response {
  const { exchange } = account;
  const { head, announcedBytes } = fill;
  const headers = storedHeaders(node, head, node.clock.now(), outcome, forwarding);
  const short = byConditions(node, account, head, headers, outcome);
  if (short) return short;
  const { signal } = exchange.request;
  if (announcedBytes === null || head.status !== 200) {
    return send(node, account, head.status, headers, fill.follow(0, null, signal), announcedBytes, outcome);
  }
  headers.set('accept-ranges', 'bytes');
  const range = rangeOf(exchange, head, announcedBytes);
  if (range === 'unsatisfiable') return unsatisfiable(node, account, headers, announcedBytes, outcome);
  const [only] = range === 'ignore' ? [] : range;
  if (!only || range.length > 1) {
    // Several ranges of something that is still arriving: the whole is a correct answer (RFC 9110 §14.2).
    return send(node, account, head.status, headers, fill.follow(0, null, signal), announcedBytes, outcome);
  }
  headers.set('content-range', contentRange(only, announcedBytes));
  const { start, end } = only;
  return send(node, account, 206, headers, fill.follow(start, end + 1, signal), rangeBytes(only), outcome);
}

/** An answer of the parent that is for this request alone. */
// off the hit path: another machine has been asked
function replyAnswer(
  node: Node,
  account: Account,
  answer: Answer,
  outcome: Outcome,
  forwarding: Forwarding | null,
): Response {
  const headers = endToEnd(answer.headers, ownFields);
  const announced = answer.headers.get('content-length');
  headers.set('via', appendVia(headers.get('via'), '1.1', node.name));
  headers.set('cache-status', cacheStatus(node, outcome, forwarding, undefined));
  const bytes = announced === null ? null : Number(announced);
  return send(node, account, answer.status, headers, answer.body, bytes, outcome);
}

const ownFields: ReadonlySet<string> = new Set([
  'meridian-source',
  'meridian-source-etag',
  'meridian-unframed',
]);

/** What the node answers by itself. */
// off the hit path: nothing is looked up
export function replyLocally(node: Node, account: Account, answered: Answered): Response {
  const headers = new Headers(answered.fields.map(([name, value]) => [name, value] as [string, string]));
  return send(node, account, answered.status, headers, answered.body, answered.body.length, 'answer');
}

function byConditions(
  node: Node,
  account: Account,
  head: Head,
  headers: Headers,
  outcome: Outcome,
): Response | null {
  const { exchange } = account;
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
  for (const name of notModifiedOmits) headers.delete(name);
  return send(node, account, verdict === 'not-modified' ? 304 : 412, headers, null, 0, outcome);
}

function rangeOf(
  exchange: Exchange,
  head: Head,
  sizeBytes: number,
): readonly Range[] | 'ignore' | 'unsatisfiable' {
  const value = exchange.headers.get('range');
  if (value === null || exchange.method !== 'GET') return 'ignore';
  const holds = ifRangeHolds(exchange.headers.get('if-range'), head.etag, head.lastModifiedMs, dateOf(head));
  return holds ? parseRange(value, sizeBytes) : 'ignore';
}

function dateOf({ fields }: Head): number | undefined {
  const date = fields.find(([name]) => name === 'date');
  return date && parseHttpDate(date[1]);
}

function unsatisfiable(
  node: Node,
  account: Account,
  headers: Headers,
  sizeBytes: number,
  outcome: Outcome,
): Response {
  for (const name of notModifiedOmits) headers.delete(name);
  headers.set('content-range', unsatisfiedRange(sizeBytes));
  return send(node, account, 416, headers, null, 0, outcome);
}

function send(
  node: Node,
  account: Account,
  status: number,
  headers: Headers,
  body: Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string | null,
  bytes: number | null,
  outcome: Outcome,
): Response {
  sign(node, account.exchange, headers);
  record(node, account, status, bytes, outcome);
  const bodiless = account.exchange.method === 'HEAD' || status === 204 || status === 304;
  if (bodiless && body instanceof ReadableStream) void body.cancel();
  return new Response(bodiless ? null : body, { status, headers });
}
