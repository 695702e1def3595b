/**
 * The workers of a node, or of several, as one cache: each key is kept by one of them, and the others ask that one.
 */
import { createHash } from 'node:crypto';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import type { AskSpan, Exchange } from '../exchange.ts';
import { endToEnd } from '../http/fields.ts';
import { memoise } from '../http/memo.ts';
import { openChecks } from '../ring/checks.ts';
import { type Hop, hopField, ownWord, sealHop, signHop, socketSeal } from '../ring/hop.ts';
import { membership } from '../ring/membership.ts';
import { openPeers, type Peer } from '../ring/peers.ts';
import { ring } from '../ring/ring.ts';
import { openRoll, type Roll } from '../ring/roll.ts';
import type { Log } from '../telemetry/log.ts';
import { type Forgotten, forgottenText } from './forget.ts';
import { type Neighbours, openNeighbours } from './neighbours.ts';
import { addressOf, otherMembers, ownMembers } from './ring-members.ts';
import { type Seat, workerName } from './seat.ts';
import type { TierTls } from './tier-tls.ts';

export interface NodeRing {
  /** The name of this worker among the members. */
  readonly own: string;
  /** The names of all members, this worker's and those that are passed over included, in the order of the alphabet. */
  readonly members: readonly string[];
  /** Whom to ask for this key before it is this worker's own turn, in this order; none for what it keeps itself. */
  before(key: string): readonly string[];
  /** The first `count` members on the ring for this key, its owner first, whether they are passed over or not. */
  ownersOf(key: string, count: number): readonly string[];
  /** Whether it makes sense to ask this member now. */
  isUp(member: string): boolean;
  /** Whether members may keep copies of what others own. */
  readonly hasReplicas: boolean;
  /** Requests handed over to a member that it has not answered yet. */
  underWay(member: string): number;
  /**
   * Hands a request over. Fails as `Peers.ask` does.
   *
   * @param memoryOnly it is to be answered only if the member has it fresh in its memory.
   * @param span of the question, for the member.
   */
  ask(member: string, exchange: Exchange, memoryOnly?: boolean, span?: AskSpan): Promise<Answer>;
  /** Says something to another member, signed. Fails as `Peers.ask` does. */
  tell(member: string, what: Word, text: string, signal: AbortSignal): Promise<Answer>;
  /** Has the other members forget what a request has changed. Resolves when they have, or cannot be reached. */
  tellForgotten(forgotten: Forgotten): Promise<void>;
  /** A worker of this node has gone, or serves again: word from whoever watches over them. */
  told(worker: number, isUp: boolean): void;
  /** This worker can be asked from now on: other nodes hear of it. */
  join(): void;
  /** Another config is in force. */
  expect(network: Network): void;
  /** Asks to be asked no more. What comes all the same is answered. */
  leave(): Promise<void>;
  readonly isLeaving: boolean;
  readonly status: RingStatus;
  /** The other workers of this node, asked over frames; `null`: it has none, or is not asked by clients. */
  readonly neighbours: Neighbours | null;
  /**
   * Requests that were handed over and answered, those of them that frames have answered, and those of which a member could not be
   * asked; copies taken of what others keep.
   */
  readonly counts: { relayed: number; framed: number; failed: number; copied: number };
  /** What each member has answered of what was handed to it. */
  readonly answered: Map<string, { requests: number; bytes: number }>;
  /** Asks nobody any more. */
  close(): void;
}

export interface RingStatus {
  /** `null`: it is that of one node alone. */
  readonly name: string | null;
  readonly own: string;
  readonly relayed: number;
  /** Of these: from the memory of another worker of this node, without HTTP. */
  readonly framed: number;
  readonly failed: number;
  /** Copies taken of what others keep, since it began. */
  readonly copied: number;
  /** `share`: of all keys, 0 to 1. `isUp`: it is not passed over. */
  readonly members: readonly { readonly name: string; readonly share: number; readonly isUp: boolean }[];
}

/** What members say to each other, beside handing requests over: to forget something, to give a copy of it, to fetch it ahead. */
export type Word = 'forget' | 'copy' | 'ahead';

export interface NodeRingOptions {
  readonly network: Network;
  readonly config: NodeConfig;
  /** Of a node with several workers. */
  readonly seat: Seat | undefined;
  readonly bus: Bus;
  readonly site: () => { readonly secret: string; readonly config: NodeConfig; readonly tls: TierTls };
  readonly clock: Clock;
  readonly log: Log;
}

/** For a member to forget something: it writes that down, and nothing else. */
const forgetWithinMs = 2_000;
/** For the bus to hear that a member leaves. */
const leaveWithinMs = 1_000;
/** Members that are looked at for one key, before it is this worker's own turn. */
const maxBefore = 8;

export function openRing({ network, config, seat, bus, site, clock, log }: NodeRingOptions): NodeRing {
  const { ring: shared } = config;
  const own = workerName(config.name, seat?.worker ?? 1);
  const counts = { relayed: 0, framed: 0, failed: 0, copied: 0 };
  const answered: NodeRing['answered'] = new Map();
  const underWay = new Map<string, number>();
  const secret = () => site().secret;
  const auto = seat?.workers ?? 1;
  const sign = (to: Peer, method: string, target: string) => signed(to, ownWord(own), method, target);
  const peers = openPeers({
    ...{ clock, sign, timeouts: () => patience(site().config), tls: () => site().tls.current },
    noted(member, error) {
      if (error === null) log.info('a member of the ring is there again', { member });
      else log.warn('a member of the ring is passed over', { member, error });
    },
  });
  // What shields answer depends on more: on what the PoP that asks knows of purges.
  const neighbours =
    seat && config.role === 'pop'
      ? openNeighbours({
          ...{ node: config.name, seat, secret, clock, timeouts: () => patience(site().config) },
          late: (member, waiting) => peers.await(member, waiting),
        })
      : null;
  const goneMs = (shared?.goneS ?? 0) * 1000;
  const of = membership({ own: ownMembers(config, seat), goneMs, clock, changed: arrange });
  let names: readonly string[] = [];
  let circle = ring(of.members, shared);
  let roll: Roll | null = null;
  let endChecks = () => {};
  let isLeaving = false;
  of.expect(otherMembers(network, config, auto));
  arrange();

  function arrange(): void {
    circle = ring(of.members, shared);
    if (names.length > 0) log.info('the ring has changed', { members: of.members.map(({ name }) => name) });
    names = of.members.map(({ name }) => name);
    keepPeers();
  }

  /** Those too that are gone: they may be back. */
  function keepPeers(): void {
    const all = new Map([...of.others, ...of.members].map((member) => [member.name, member]));
    all.delete(own);
    peers.keep([...all.values()]);
  }

  /** Of sockets; for as long as the secret is the same. */
  const seals = memoise((socket: string) => memoise((secret: string) => socketSeal(secret, socket)));

  function signed({ address }: Peer, hop: Hop, method: string, target: string): string {
    const { secret } = site();
    if (address.startsWith('unix:')) return sealHop(seals(address)(secret), hop, clock.now());
    return signHop(secret, hop, method, target, clock.now());
  }

  const ownersOf = (key: string, count: number) =>
    circle.ownersOf(key, count).map((member) => names[member] ?? '');

  function tell(member: string, what: Word, text: string, signal: AbortSignal): Promise<Answer> {
    const body = new TextEncoder().encode(text);
    // The hop covers the target, which covers the body.
    const target = `/${what}?${createHash('sha256').update(body).digest('hex')}`;
    const headers = new Headers({ [hopField]: sign(peers.get(member), 'POST', target) });
    return peers.ask(member, { method: 'POST', target, headers, signal, body });
  }

  async function tellToForget(member: string, text: string): Promise<void> {
    const { status } = await tell(member, 'forget', text, AbortSignal.timeout(forgetWithinMs));
    if (status !== 204) throw new Error(`it answers ${status}`);
  }

  return {
    own,
    counts,
    answered,
    ownersOf,
    tell,
    get hasReplicas() {
      return site().config.hot !== false;
    },
    neighbours,
    underWay: (member) => (underWay.get(member) ?? 0) + (neighbours?.waiting(member) ?? 0),
    get members() {
      return names;
    },
    get isLeaving() {
      return isLeaving;
    },
    isUp: (member) => member === own || peers.isUp(member),
    before(key) {
      if (names[circle.ownerOf(key)] === own) return [];
      const order = ownersOf(key, maxBefore);
      const at = order.indexOf(own);
      return order.slice(0, at === -1 ? order.length : at).filter((member) => peers.isUp(member));
    },
    async ask(member, exchange, memoryOnly = false, span) {
      const { method, target, headers: given, request, id, base } = exchange;
      const added = addedOnTheWay.filter((name) => !given.has(name));
      const headers = endToEnd(given, ofOneHop);
      const hop: Hop = { from: own, id, client: exchange.client(), base, added, memoryOnly };
      headers.set(hopField, signed(peers.get(member), hop, method, target));
      if (span) headers.set('traceparent', span.traceparent);
      const inform = (status: number, fields: Headers) => exchange.inform?.(status, fields);
      underWay.set(member, (underWay.get(member) ?? 0) + 1);
      try {
        return await peers.ask(member, { method, target, headers, signal: request.signal, inform });
      } finally {
        const left = (underWay.get(member) ?? 1) - 1;
        if (left > 0) underWay.set(member, left);
        else underWay.delete(member);
      }
    },
    async tellForgotten(forgotten) {
      const text = forgottenText(forgotten);
      if (text === null) return;
      const others = names.filter((member) => member !== own && peers.isUp(member));
      const told = await Promise.allSettled(others.map((member) => tellToForget(member, text)));
      for (const [at, { status, ...why }] of told.entries()) {
        if (status === 'rejected')
          log.warn('a member of the ring did not hear of a change', { member: others[at], ...why });
      }
    },
    told: (worker, isUp) => peers.told(workerName(config.name, worker), isUp),
    join() {
      if (shared === undefined) return;
      const self = { name: own, address: addressOf(shared, seat?.worker ?? 1), capacity: shared.capacity };
      const opened = openRoll({ bus, name: shared.name, self, secret, membership: of, clock });
      const gone = (members: readonly string[]) => {
        for (const member of members) opened.strike(member);
        keepPeers();
      };
      roll = opened;
      endChecks = openChecks({ own, membership: of, peers, everyMs: shared.checkMs, clock, gone });
    },
    expect(next) {
      of.expect(otherMembers(next, config, auto));
      keepPeers();
    },
    async leave() {
      isLeaving = true;
      endChecks();
      const late = new Promise<void>((resolve) => void clock.after(leaveWithinMs, resolve));
      await Promise.race([roll?.close(), late]);
    },
    close: () => neighbours?.close(),
    get status() {
      const { shares } = circle;
      const members = names.map((name, at) => ({
        name,
        share: shares[at] ?? 0,
        isUp: name === own || peers.isUp(name),
      }));
      return { name: shared?.name ?? null, own, ...counts, members };
    },
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
