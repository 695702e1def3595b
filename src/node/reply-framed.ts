/**
 * What another worker of this node has had in memory, as the client gets it. Its head is that of many answers, and is made once for them.
 */
import type { Answer } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { joined } from '../http/joined.ts';
import { appendVia } from '../http/via.ts';
import type { Outcome } from '../outcome.ts';
import type { Got } from '../ring/frames/caller.ts';
import { headersIn } from '../ring/frames/message.ts';
import type { HeadsReady } from './neighbours.ts';
import type { Account, Node } from './node.ts';
import { cacheStatus } from './prepare.ts';
import { recordRelayed, sign } from './record.ts';
import { wholeIfDocument } from './small-body.ts';
import { streamOfPieces, wholeBody } from './stream.ts';

/** Whose answer it is, and why it was asked. */
export interface From {
  readonly member: string;
  readonly outcome: Outcome;
}

export function replyFramed(
  node: Node,
  account: Account,
  from: From,
  { status, timing, head, body }: Got,
  heads: HeadsReady,
): Response {
  const { exchange } = account;
  const text = `${from.outcome} ${from.member} ${status}${head}`;
  const headers = heads(text, exchange.nowMs, () => headOf(node, from, status, head));
  const tookMs = sign(node, exchange, headers, timing);
  recordRelayed(node, account, tookMs, status, from.outcome);
  if (body === null) return new Response(null, { status, headers });
  const { signal } = exchange.request;
  const sent = isWhole(body) ? wholeBody(body, sizeOf(body)) : streamOfPieces(body, signal);
  return new Response(sent, { status, headers });
}

function headOf(node: Node, { member, outcome }: From, status: number, head: string): Headers {
  const headers = framedFields(head);
  const forwarding = { status, detail: member, cacheStatus: headers.get('cache-status') };
  headers.set('via', appendVia(headers.get('via'), '1.1', node.name));
  headers.set('cache-status', cacheStatus(node, outcome, forwarding, {}));
  return headers;
}

/** The same of a document: all that there is of it, where that can be waited for. Rejects as its body does. */
export async function gotDocument(got: Got, { clock }: Node): Promise<Got> {
  const { body, sizeBytes } = got;
  if (body === null || isWhole(body)) return got;
  const whole = await wholeIfDocument(streamed(body), sizeBytes, clock);
  return { ...got, body: whole instanceof ReadableStream ? piecesOf(whole) : [whole] };
}

/** For a reader that copies each piece before it asks for the next one. */
function streamed(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* body;
}

/** Anything else that another worker of this node has answered. */
export function answerFramed({ status, head, body }: Got, { request }: Exchange): Answer {
  const bytes = body === null ? null : isWhole(body) ? joined(body) : streamOfPieces(body, request.signal);
  return { status, headers: framedFields(head), body: bytes };
}

function isWhole(body: NonNullable<Got['body']>): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let sizeBytes = 0;
  for (const { length } of pieces) sizeBytes += length;
  return sizeBytes;
}

function framedFields(head: string): Headers {
  // It begins with a line break.
  const headers = headersIn(head.split('\n'), 1);
  if (headers === null) throw new Error('a worker of this node has sent a head that is none');
  return headers;
}
