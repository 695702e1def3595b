/**
 * The workers of a node as one cache: each key is kept by one of them, and the others ask that one.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { endToEnd } from '../http/fields.ts';
import { type Hop, hopField, signHop } from '../ring/hop.ts';
import { openPeers } from '../ring/peers.ts';
import { ring } from '../ring/ring.ts';
import type { Log } from '../telemetry/log.ts';
import { type Forgotten, forgottenText } from './forget.ts';
import { type Seat, socketOf, workerName } from './seat.ts';

export interface NodeRing {
  readonly name: string;
  /** This worker, as a member. */
  readonly own: number;
  /** Whether workers may keep copies of what others own. */
  readonly hasReplicas: boolean;
  isUp(member: number): boolean;
  /** The first `count` different members for this key, its owner first, whether they are up or not. */
  owners(key: string, count: number): readonly number[];
  /** Requests handed over to a member that it has not answered yet. */
  underWay(member: number): number;
  /** Whom to ask for this key before it is this worker's own turn, in this order; none for what it keeps itself. */
  before(key: string): readonly number[];
  nameOf(member: number): string;
  /**
   * Hands a request over. Fails as `Peers.ask` does.
   *
   * @param memoryOnly it is to be answered only if the member has it fresh in its memory.
   */
  ask(member: number, exchange: Exchange, memoryOnly?: boolean): Promise<Answer>;
  /** Says something to another worker, signed. Fails as `Peers.ask` does. */
  tell(member: number, what: Word, text: string, signal: AbortSignal): Promise<Answer>;
  /** Has the other workers forget what a request has changed. Resolves when they have, or cannot be reached. */
  tellForgotten(forgotten: Forgotten): Promise<void>;
  /** A worker has gone, or serves again: word from whoever watches over them. */
  told(worker: number, isUp: boolean): void;
  /** Requests that were handed over and answered. */
  readonly counts: { relayed: number; failed: number };
}

/** What workers say to each other, beside handing requests over: to forget something, or to give a copy of it. */
export type Word = 'forget' | 'copy';

export interface NodeRingOptions {
  readonly node: string;
  readonly seat: Seat;
  readonly site: () => { readonly secret: string; readonly config: NodeConfig };
  readonly clock: Clock;
  readonly log: Log;
}

/** For a worker to forget something: it writes that down, and nothing else. */
const forgetWithinMs = 2_000;

export function openRing({ node, seat, site, clock, log }: NodeRingOptions): NodeRing {
  const numbers = Array.from({ length: seat.workers }, (_, at) => at + 1);
  const own = seat.worker - 1;
  const names = numbers.map((worker) => workerName(node, worker));
  const circle = ring(names.map((name) => ({ name, capacity: 1 })));
  const members = numbers.map((worker, at) => ({
    name: names[at] ?? '',
    address: `unix:${socketOf(seat, worker)}`,
  }));
  const peers = openPeers({ peers: members, clock, timeouts: () => patience(site().config) });
  const counts = { relayed: 0, failed: 0 };
  const from = names[own] ?? '';
  const underWay: number[] = names.map(() => 0);

  function signed(hop: Hop, method: string, target: string): string {
    return signHop(site().secret, hop, method, target, clock.now());
  }

  function tell(member: number, what: Word, text: string, signal: AbortSignal): Promise<Answer> {
    const body = new TextEncoder().encode(text);
    // The hop covers the target, which covers the body.
    const target = `/${what}?${createHash('sha256').update(body).digest('hex')}`;
    const hop: Hop = { from, id: '-', client: '-', base: '-', added: [] };
    const headers = new Headers({ [hopField]: signed(hop, 'POST', target) });
    return peers.ask(member, { method: 'POST', target, headers, signal, body });
  }

  async function tellToForget(member: number, text: string): Promise<void> {
    const { status } = await tell(member, 'forget', text, AbortSignal.timeout(forgetWithinMs));
    if (status !== 204) throw new Error(`it answers ${status}`);
  }

  return {
    counts,
    name: node,
    own,
    get hasReplicas() {
      return site().config.hot !== false;
    },
    isUp: peers.isUp,
    owners: circle.ownersOf,
    underWay: (member) => underWay[member] ?? 0,
    tell,
    nameOf: (member) => names[member] ?? '',
    before(key) {
      const first = circle.ownerOf(key);
      if (first === own) return [];
      const order = circle.ownersOf(key, names.length);
      return order.slice(0, order.indexOf(own)).filter((member) => peers.isUp(member));
    },
    async ask(member, exchange, memoryOnly = false) {
      const { method, target, headers: given, request, id, base } = exchange;
      const added = addedOnTheWay.filter((name) => !given.has(name));
      const headers = endToEnd(given, ofOneHop);
      const hop: Hop = { from, id, client: exchange.client(), base, added, memoryOnly };
      headers.set(hopField, signed(hop, method, target));
      const inform = (status: number, fields: Headers) => exchange.inform?.(status, fields);
      underWay[member] = (underWay[member] ?? 0) + 1;
      try {
        return await peers.ask(member, { method, target, headers, signal: request.signal, inform });
      } finally {
        underWay[member] = (underWay[member] ?? 1) - 1;
      }
    },
    async tellForgotten(forgotten) {
      const text = forgottenText(forgotten);
      if (text === null) return;
      const others = names
        .map((_, member) => member)
        .filter((member) => member !== own && peers.isUp(member));
      const told = await Promise.allSettled(others.map((member) => tellToForget(member, text)));
      for (const [at, { status, ...why }] of told.entries()) {
        if (status === 'rejected')
          log.warn('a worker did not hear of a change', { worker: names[others[at] ?? 0], ...why });
      }
    },
    told: (worker, isUp) => peers.told(worker - 1, isUp),
  };
}

/** By our own client, where a request has none: the owner takes them away again. */
const addedOnTheWay = ['accept-encoding', 'user-agent'] as const;
const ofOneHop: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', hopField]);

/**
 * An owner that lives answers in its own time, which is that of its parents, one after the other. This is the last
 * bound, beyond which something is wrong with the owner itself.
 */
function patience({ timeouts, parents }: NodeConfig) {
  const { connectMs, firstByteMs, lockMs, betweenBytesMs } = timeouts;
  const ownMs = lockMs + (connectMs + firstByteMs) * Math.max(1, parents.length) + 5_000;
  return { connectMs: ownMs, firstByteMs: ownMs, betweenBytesMs: betweenBytesMs + 5_000 };
}
