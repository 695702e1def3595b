/**
 * What another worker of this node has had in memory, as the client gets it.
 */
import type { Exchange } from '../exchange.ts';
import { appendVia } from '../http/via.ts';
import type { Outcome } from '../outcome.ts';
import { type Hit, headersIn } from '../ring/frames/message.ts';
import type { HeadsReady } from './neighbours.ts';
import type { Node } from './node.ts';
import { cacheStatus } from './prepare.ts';
import { sign } from './record.ts';

/** Whose answer it is, and why it was asked. */
export interface From {
  readonly member: string;
  readonly outcome: Outcome;
}

export function replyFramed(
  node: Node,
  exchange: Exchange,
  from: From,
  { status, timing, head, body }: Hit,
  heads: HeadsReady,
): Response {
  const text = `${from.outcome} ${from.member} ${status}${head}`;
  const headers = heads(text, exchange.nowMs, () => headOf(node, from, status, head));
  sign(node, exchange, headers, timing);
  return new Response(body.size === 0 ? null : body, { status, headers });
}

function headOf(node: Node, { member, outcome }: From, status: number, head: string): Headers {
  // It begins with a line break.
  const headers = headersIn(head.split('\n'), 1);
  if (headers === null) throw new Error('a worker of this node has sent a head that is none');
  const forwarding = { status, detail: member, cacheStatus: headers.get('cache-status') };
  headers.set('via', appendVia(headers.get('via'), '1.1', node.name));
  headers.set('cache-status', cacheStatus(node, outcome, forwarding, {}));
  return headers;
}
