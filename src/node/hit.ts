/**
 * The end of the hit path: a fresh resident of memory as a `Response`, in as few steps as there can be.
 */
import type { PreparedHead, Resident } from '../cache/memory.ts';
import type { Exchange } from '../exchange.ts';
import { isPlain } from '../http/plain.ts';
import { foretellByHit } from './foretell.ts';
import type { Account, Node } from './node.ts';
import { hitOutcome, preparedHit } from './prepare.ts';
import { recordHit } from './record.ts';
import { replyStored } from './reply.ts';

export function replyHit(node: Node, account: Account, resident: Resident): Response {
  const { exchange } = account;
  const { entry } = resident;
  if (resident.isRestricted) account.isRestricted = true;
  if (exchange.method === 'GET' && isPlain(exchange.headers)) {
    const prepared = preparedHit(node, resident, exchange.nowMs);
    const { headers } = prepared;
    if (prepared.timing === '' && node.predictor !== null)
      foretellByHit(node, node.predictor, account, resident);
    const tookMs = signHit(node, exchange, prepared);
    recordHit(node, account, tookMs, entry, hitOutcome(resident), prepared);
    return new Response(
      resident.body,
      entry.status === 200 ? { headers } : { status: entry.status, headers },
    );
  }
  if (node.predictor !== null) foretellByHit(node, node.predictor, account, resident);
  return replyStored(
    { node, account, outcome: hitOutcome(resident), forwarding: null },
    { from: 'memory', entry, resident },
  );
}

/** As `sign`, but most hits take as long as the one before: then `Server-Timing` says so already. */
function signHit(node: Node, exchange: Exchange, prepared: PreparedHead): number {
  const { headers } = prepared;
  headers.set('x-request-id', exchange.id);
  const tookMs = node.clock.elapsed() - exchange.startedMs;
  const timing = node.timing(tookMs);
  if (timing !== prepared.timing) {
    headers.set('server-timing', timing);
    prepared.timing = timing;
  }
  return tookMs;
}
