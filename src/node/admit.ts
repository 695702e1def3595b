/**
 * Second phase: what a node refuses before it looks any further. On the way of every hit.
 */
import type { NodeConfig } from '../config/network.ts';
import { type ErrorCode, MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { passesThrough } from '../http/cdn-loop.ts';
import { requestFault } from '../http/listener.ts';
import type { Pass } from '../resource.ts';
import type { Node } from './node.ts';
import type { OpenExchange } from './open.ts';
import { tierField, verifyTier } from './tier.ts';

/** Of all methods, also those that only the upstream knows: the registered ones that leave things as they are (RFC 9110 §9.2.1). */
const safe: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'QUERY',
  'REPORT',
  'SEARCH',
]);

/** Whether a method leaves things as they are, as far as anybody knows: an unknown one may do anything. */
export function isSafe(method: string): boolean {
  return safe.has(method);
}

/** What a PoP refuses to a client; `null` to go on. */
export function admit(exchange: OpenExchange, node: Node): MeridianError | null {
  const { limits } = node.site.config;
  const { headers } = exchange;
  const fault = requestFault(exchange.request);
  if (fault !== null) return refusal(fault);
  if (exchange.target.length > limits.targetBytes) return refusal('target-too-long');
  if (headers.count > limits.headerFields) return refusal('fields-too-large');
  if (node.counts.pending >= limits.clients) return overloaded();
  if (exchange.method !== 'GET' && bodyTooLarge(headers, limits)) return refusal('body-too-large');
  const loop = headers.get('cdn-loop');
  if (loop !== null && passesThrough(loop, node.site.cdnId)) return refusal('loop-detected');
  return null;
}

/** What a shield or an origin refuses: everything that does not come from a node of its network. */
export function admitTier(exchange: OpenExchange, node: Node): MeridianError | null {
  const claim = exchange.headers.get(tierField);
  const { method, target, nowMs } = exchange;
  const verified = claim === null ? null : verifyTier(node.site.secret, claim, method, target, nowMs);
  if (verified === null) return refusal('tier-refused');
  exchange.tier = verified;
  const id = exchange.headers.get('x-request-id');
  if (id !== null) exchange.rename(id);
  return admit(exchange, node);
}

function refusal(code: ErrorCode): MeridianError {
  return new MeridianError(code, 'refused before look-up');
}

function overloaded(): MeridianError {
  return new MeridianError('overloaded', 'too many requests at once', { retryAfterS: 1 });
}

/** A body that is known to be longer than one of its kind may be. */
// off the hit path: goes to the parent
export function refuseTooLong({ headers }: Exchange, { bringsBlob = false }: Pass, limits: Limits): void {
  const atMost = bringsBlob ? limits.blobBytes : limits.bodyBytes;
  if (lengthOf(headers) > atMost)
    throw new MeridianError('body-too-large', `the body is longer than ${atMost} bytes`);
}

/** For any request; how long this one's body may be is known with its name. */
function bodyTooLarge(headers: Headers, { bodyBytes, blobBytes }: Limits): boolean {
  return lengthOf(headers) > Math.max(bodyBytes, blobBytes);
}

function lengthOf(headers: Headers): number {
  return Number(headers.get('content-length') ?? 0);
}

type Limits = NodeConfig['limits'];
