/**
 * The last purges of the network, as an origin hears of them on the bus, and how far each has come: by the nodes' own word
 * (`applied`) where they were asked for that, else by the places that they write down every two seconds (`members.ts`).
 */
import { type Bus, type Delivery, isAtLeast, type Position, type Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { PurgeState } from '../messages/purge-state.ts';
import { appliedSubject, purgeSubject, readApplied, readPurge } from './event.ts';
import type { Members } from './members.ts';

/** Purges that are remembered. */
const remembered = 200;
/** Selectors of one, as they are told. */
const toldSelectors = 20;
/** How long one that was only just issued is waited for, and between two looks. */
const awaitMs = 2_000;
const lookMs = 20;
/** How often it is looked where the members have come to, while any purge is not everywhere. */
const countMs = 500;
/** Who has not carried it out by then is looked for only when somebody asks. */
const watchedMs = 120_000;
/** Answers to purges that this origin has not heard of itself yet. */
const maxEarly = 1_000;

export interface Progress {
  /** The newest first. */
  recent(): readonly PurgeState[];
  /** `null`: it is not among them. One that has just been issued is waited for a little. */
  find(position: Position): Promise<PurgeState | null>;
  /** This node itself has carried out the event with this id. */
  appliedHere(id: string): void;
  close(): void;
}

export interface ProgressOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly members: Pick<Members, 'known' | 'isSettled'>;
  readonly node: string;
}

interface Purge
  extends Pick<PurgeState, 'position' | 'atMs' | 'by' | 'soft' | 'selectors' | 'selectorCount'> {
  readonly id: string;
  /** By `Clock.elapsed()`; `null`: before this origin listened. */
  readonly heardMs: number | null;
  /** By name; `null`: not yet. */
  readonly nodes: Map<string, { readonly ms: number | null } | null>;
  /** Who lived then is known: who comes from now on began after it. */
  isCounted: boolean;
}

export function openProgress({ bus, clock, members, node }: ProgressOptions): Progress {
  const purges = new Map<string, Purge>();
  const byId = new Map<string, Purge>();
  const early = new Map<string, readonly string[]>();
  /** What was the newest when this origin began to listen: who has carried out what came before is known, and not when. */
  let begun: Position | null = null;
  let isClosed = false;
  let subscription: Subscription | null = null;
  let cancelCount: (() => void) | null = null;

  function heard(delivery: Delivery): void {
    const event = readPurge(delivery);
    if (event === null) return;
    const { position, publishedMs: atMs } = delivery;
    const { id, by, soft, selectors } = event;
    const purge: Purge = {
      ...{ id, position, atMs, by, soft },
      selectors: selectors.slice(0, toldSelectors),
      selectorCount: selectors.length,
      heardMs: begun !== null && isAtLeast(begun, position) ? null : clock.elapsed(),
      nodes: new Map([...members.known.keys()].map((name) => [name, null])),
      isCounted: members.isSettled,
    };
    purges.set(nameOf(position), purge);
    byId.set(id, purge);
    for (const name of early.get(id) ?? []) hasApplied(purge, name);
    early.delete(id);
    for (const [name, old] of purges) {
      if (purges.size <= remembered) break;
      purges.delete(name);
      if (byId.get(old.id) === old) byId.delete(old.id);
    }
    cancelCount ??= clock.after(countMs, countAll);
  }

  function applied(id: string, name: string): void {
    const purge = byId.get(id);
    if (purge) hasApplied(purge, name);
    else if (early.size < maxEarly) early.set(id, [...(early.get(id) ?? []), name]);
    else early.clear(); // Of purges that are no longer known, or of another log.
  }

  function hasApplied({ nodes, heardMs }: Purge, name: string): void {
    if (nodes.get(name)) return;
    nodes.set(name, { ms: heardMs === null ? null : clock.elapsed() - heardMs });
  }

  /** Those that live, by where they say they are. */
  function count(purge: Purge, known: Members['known']): void {
    const { nodes, position, isCounted } = purge;
    for (const [name, member] of known) {
      const isThere = isAtLeast(member.applied, position);
      if (nodes.has(name)) {
        if (isThere) hasApplied(purge, name);
      } else if (!isCounted) nodes.set(name, isThere ? { ms: null } : null);
    }
    purge.isCounted ||= members.isSettled;
  }

  function countAll(): void {
    cancelCount = null;
    const oldestMs = clock.elapsed() - watchedMs;
    const { known } = members;
    const isOpen = (purge: Purge) => (purge.heardMs ?? 0) >= oldestMs && !isEverywhere(purge, known);
    const open = [...purges.values()].filter(isOpen);
    for (const purge of open) count(purge, known);
    if (open.some(isOpen)) cancelCount = clock.after(countMs, countAll);
  }

  function isEverywhere({ nodes }: Purge, known: Members['known']): boolean {
    return members.isSettled && [...nodes].every(([name, done]) => done !== null || !known.has(name));
  }

  function stateOf(purge: Purge, known = members.known): PurgeState {
    count(purge, known);
    const { position, atMs, by, soft, selectors, selectorCount } = purge;
    const all = isEverywhere(purge, known);
    const times = [...purge.nodes.values()].flatMap((done) => done?.ms ?? []);
    const nodes = [...purge.nodes].filter(([name, done]) => done !== null || known.has(name));
    const gone = [...purge.nodes.keys()].filter((name) => !purge.nodes.get(name) && !known.has(name));
    return {
      ...{ position, atMs, by, soft, selectors, selectorCount, gone, all },
      nodes: Object.fromEntries(
        nodes.map(([name, done]) => [name, { applied: done !== null, ms: done?.ms ?? null }]),
      ),
      allMs: all && times.length > 0 ? Math.max(...times) : null,
    };
  }

  async function begin(): Promise<void> {
    begun = await bus.newest(purgeSubject);
    if (isClosed) return;
    const { log, sequence } = begun;
    const since = { log, sequence: Math.max(0, sequence - remembered), digest: null };
    subscription = bus.subscribe(purgeSubject, since, {
      event: heard,
      gap: () => undefined, // Those before it are not known: the list begins later.
      caughtUp: () => undefined,
    });
  }

  function beginInTime(): void {
    begin().catch(() => {
      if (!isClosed) cancelBegin = clock.after(awaitMs, beginInTime);
    });
  }

  let cancelBegin = () => {};
  beginInTime();
  const acknowledged = bus.subscribe(appliedSubject, 'now', {
    event(delivery) {
      const told = readApplied(delivery);
      if (told) applied(told.id, told.node);
    },
    gap: () => undefined, // What they have carried out is in their places, too.
    caughtUp: () => undefined,
  });

  return {
    recent() {
      const { known } = members;
      return [...purges.values()].reverse().map((purge) => stateOf(purge, known));
    },
    async find(position) {
      const dueMs = clock.elapsed() + awaitMs;
      for (;;) {
        const found = purges.get(nameOf(position));
        if (found) return stateOf(found);
        const newest = [...purges.values()].at(-1)?.position;
        const isToCome = newest === undefined || !isAtLeast(newest, position);
        if (!isToCome || clock.elapsed() >= dueMs || isClosed) return null;
        await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
      }
    },
    appliedHere: (id) => applied(id, node),
    close() {
      isClosed = true;
      cancelBegin();
      cancelCount?.();
      subscription?.close();
      acknowledged.close();
    },
  };
}

function nameOf({ log, sequence }: Position): string {
  return `${log} ${sequence}`;
}
