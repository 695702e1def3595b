/**
 * The other workers of this node, as this one hands requests to them: over one connection each, which costs a fraction of a
 * request over HTTP. What they do not answer that way, for whatever reason, is asked for over HTTP.
 */
import type { Clock } from '../clock.ts';
import type { AskSpan, Exchange } from '../exchange.ts';
import { forEachEndToEnd } from '../http/fields.ts';
import { type Caller, type CallerOptions, type Got, openCaller } from '../ring/frames/caller.ts';
import { fieldLine } from '../ring/frames/message.ts';
import { hopField, ownWord, signHop } from '../ring/hop.ts';
import type { EndOfWaiting, Waiting } from '../ring/peers.ts';
import { forASecond } from './for-a-second.ts';
import { hitSocketOf, type Seat, workerName } from './seat.ts';

export interface Neighbours {
  /**
   * `null`, at once or later: it has to be asked for otherwise. Fails as `Caller.ask` does.
   *
   * @param memoryOnly it is to be answered only if the member has it fresh in its memory.
   * @param span of the question, for the member.
   */
  ask(
    member: string,
    exchange: Exchange,
    memoryOnly: boolean,
    span: AskSpan | undefined,
  ): Promise<Got | null> | null;
  /** Of what they have had in memory, the heads as clients get them. */
  readonly heads: HeadsReady;
  /** Of those that this member was asked, without a whole answer yet. */
  waiting(member: string): number;
  close(): void;
}

/** Made once a second at most for each text that stands for one. */
export type HeadsReady = (text: string, nowMs: number, make: () => Headers) => Headers;

export interface NeighboursOptions extends Pick<CallerOptions, 'timeouts'> {
  readonly node: string;
  readonly seat: Seat;
  readonly secret: () => string;
  readonly clock: Clock;
  /** See `Peers.await`. */
  readonly late: (member: string, waiting: Waiting) => EndOfWaiting;
}

/** What is signed by who comes to the socket of another one, in place of a request's method. */
export const helloMethod = 'HELLO';

/** Heads that are kept ready, for a second each. */
const mostHeads = 1024;

export function openNeighbours({
  node: name,
  seat,
  secret,
  clock,
  timeouts,
  late,
}: NeighboursOptions): Neighbours {
  const own = workerName(name, seat.worker);
  const callers = new Map<string, Caller>();
  for (let worker = 1; worker <= seat.workers; worker++) {
    if (worker === seat.worker) continue;
    const member = workerName(name, worker);
    const path = hitSocketOf(seat, worker);
    const hello = () => signHop(secret(), ownWord(own), helloMethod, path, clock.now());
    const isLate = (waiting: Waiting) => late(member, waiting);
    callers.set(member, openCaller({ path, hello, clock, timeouts, late: isLate }));
  }

  return {
    ask(member, exchange, memoryOnly, span) {
      const caller = callers.get(member);
      const { method, target, base, id, tier, request, inform } = exchange;
      // Those of other nodes say more than a client does.
      if (caller === undefined || tier !== null) return null;
      const fields = fieldsOf(exchange.headers, span);
      const asking = { method, target, base, client: exchange.client(), id, memoryOnly, fields };
      return caller.ask(asking, { signal: request.signal, inform: inform?.bind(exchange) });
    },
    heads: forASecond(mostHeads),
    waiting: (member) => callers.get(member)?.waiting ?? 0,
    close() {
      for (const caller of callers.values()) caller.close();
    },
  };
}

const ofOneHop: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', hopField]);

function fieldsOf(headers: Headers, span: AskSpan | undefined): string {
  let text = span === undefined ? '' : fieldLine('traceparent', span.traceparent);
  forEachEndToEnd(headers, ofOneHop, (name, value) => {
    if (span === undefined || name !== 'traceparent') text += fieldLine(name, value);
  });
  return text;
}
