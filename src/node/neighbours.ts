/**
 * The other workers of this node, as this one asks them for what they have in memory: over one connection each, which costs a
 * fraction of a request over HTTP. What they do not answer that way, for whatever reason, is asked for over HTTP.
 */
import { remember } from '../cache/remember.ts';
import type { Clock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import { forEachEndToEnd } from '../http/fields.ts';
import { isPlain } from '../http/plain.ts';
import type { CacheKey } from '../resource.ts';
import { type Caller, openCaller } from '../ring/frames/caller.ts';
import { fieldLine, type Got, type Hit } from '../ring/frames/message.ts';
import { hopField, ownWord, signHop } from '../ring/hop.ts';
import { forASecond } from './for-a-second.ts';
import { hitSocketOf, type Seat, workerName } from './seat.ts';

export interface Neighbours {
  /** `null`: this is not for them. Resolves with `null` when it has to be asked for otherwise. */
  ask(member: string, key: CacheKey, exchange: Exchange): Promise<Hit | 'absent' | null> | null;
  /** Of what they give, the heads as clients get them. */
  readonly heads: HeadsReady;
  /** Of those that this member was asked, without an answer yet. */
  waiting(member: string): number;
  close(): void;
}

/** Made once a second at most for each text that stands for one. */
export type HeadsReady = (text: string, nowMs: number, make: () => Headers) => Headers;

export interface NeighboursOptions {
  readonly node: string;
  readonly seat: Seat;
  readonly secret: () => string;
  readonly clock: Clock;
}

/** What is signed by who comes to the socket of another one, in place of a request's method. */
export const helloMethod = 'HELLO';

/** Heads that are kept ready, for a second each. */
const mostHeads = 1024;
/** Keys of what is too long for this. */
const mostLong = 4096;
/** For how long a key is believed to be that of something long. */
const longMs = 10_000;

export function openNeighbours({ node: name, seat, secret, clock }: NeighboursOptions): Neighbours {
  const own = workerName(name, seat.worker);
  const long = remember<true>(clock, mostLong);
  const callers = new Map<string, Caller>();
  for (let worker = 1; worker <= seat.workers; worker++) {
    if (worker === seat.worker) continue;
    const path = hitSocketOf(seat, worker);
    const hello = () => signHop(secret(), ownWord(own), helloMethod, path, clock.now());
    callers.set(workerName(name, worker), openCaller({ path, hello, clock }));
  }

  async function heard(key: CacheKey, asked: Promise<Got | null>): Promise<Hit | 'absent' | null> {
    const got = await asked;
    if (got === 'long') long.note(key, true, longMs);
    return got === 'long' || got === 'otherwise' ? null : got;
  }

  return {
    ask(member, key, exchange) {
      const caller = callers.get(member);
      if (caller === undefined || !isForFrames(exchange) || long.get(key)) return null;
      const { target, base, id } = exchange;
      const fields = fieldsOf(exchange.headers);
      const asked = caller.ask({ target, base, client: exchange.client(), id, fields });
      return asked && heard(key, asked);
    },
    heads: forASecond(mostHeads),
    waiting: (member) => callers.get(member)?.waiting ?? 0,
    close() {
      for (const caller of callers.values()) caller.close();
    },
  };
}

/** The whole of a response, whatever it is, for a client. */
function isForFrames({ method, tier, headers }: Exchange): boolean {
  return method === 'GET' && tier === null && isPlain(headers);
}

const ofOneHop: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', hopField]);

function fieldsOf(headers: Headers): string {
  let text = '';
  forEachEndToEnd(headers, ofOneHop, (name, value) => {
    text += fieldLine(name, value);
  });
  return text;
}
