/**
 * Issues purges: writes them to the bus, where every node reads them, and waits, if that is wanted, until all nodes
 * that live have carried them out.
 */
import { type Bus, isAtLeast, type Position, type Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Selector } from '../purge.ts';
import { appliedSubject, maxSelectors, purgeEvent, purgeSubject, readApplied } from './event.ts';
import { gather, type SmallOrder } from './gather.ts';
import type { Members } from './members.ts';

/** Of selectors in one event, as JSON in UTF-8, with the keys that a node has seen: less than an event may have. */
const eventBytes = 448 * 1024;
/** How often it is looked whether those that are still waited for live. */
const lookMs = 500;
/** How long the answers are listened for after the last question. */
const listenMs = 60_000;
/** Purges at once whose answers are waited for. */
const maxWaits = 1_000;
/** What is needed to hear the answers takes no longer where the bus can be reached. */
const prepareMs = 2_000;

export interface Order {
  /** Each of them as nodes can read it (`isReadable`). */
  readonly selectors: readonly Selector[];
  readonly soft: boolean;
  /** Who asked for it. */
  readonly by: string;
  /** A node that has fetched these keys anew since they changed: there they are not meant. */
  readonly seen?: { readonly node: string; readonly keys: readonly string[] } | undefined;
  /** Whether every node says when it has carried it out, also where nobody waits for that here. */
  readonly acknowledge?: boolean | undefined;
}

/** Where an order is on the bus: every node that has come so far has carried it out. */
export interface Issued {
  readonly position: Position;
  readonly applied?: Applied;
}

export interface Applied {
  /** All nodes that live have carried it out. */
  readonly all: boolean;
  /** Milliseconds from the call until the node's answer was here; `null` when none came in time. By name. */
  readonly nodes: Readonly<Record<string, number | null>>;
  /** Those that nothing more was heard of while they were waited for: they catch up, or trust nothing, when they are back. */
  readonly gone: readonly string[];
}

export interface Issuer {
  /**
   * Resolves when the order is on the bus; with `waitMs`, when all nodes that live have carried it out, or after that time.
   * Fails with a `MeridianError` when the bus cannot be reached: nodes may or may not hear of it.
   */
  issue(order: Order, waitMs?: number): Promise<Issued>;
  /** This node itself has carried out the event with this id. Returns false where the issuer is another node. */
  appliedHere(id: string): boolean;
  close(): void;
}

export interface IssuerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly members: Members;
  /** By which others know this one. */
  readonly node: string;
}

export function issuer({ bus, clock, members, node: own }: IssuerOptions): Issuer {
  const waits = new Map<string, (node: string) => void>();
  let listening: { readonly ready: Promise<void>; readonly subscription: Subscription } | null = null;
  let cancelRest = () => {};

  /** Answers are heard from now on. */
  function listen(): Promise<void> {
    cancelRest();
    cancelRest = clock.after(listenMs, rest);
    if (listening) return listening.ready;
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const subscription = bus.subscribe(appliedSubject, 'now', {
      event(delivery) {
        const applied = readApplied(delivery);
        if (applied) waits.get(applied.id)?.(applied.node);
      },
      gap: () => undefined, // Answers that were missed are missing in the result, which says so.
      caughtUp: () => resolve(),
    });
    listening = { ready, subscription };
    return ready;
  }

  function rest(): void {
    if (waits.size > 0) return void listen();
    listening?.subscription.close();
    listening = null;
  }

  async function publish(order: Order, id: string, acknowledge: boolean): Promise<Position> {
    const { soft, by } = order;
    const parts = inParts(order.selectors);
    let position: Position | null = null;
    // In order, so that whoever has carried out the last one has carried out all.
    for (const [at, selectors] of parts.entries()) {
      const isLast = at === parts.length - 1;
      const event = purgeEvent({
        ...{ id, selectors: [...selectors], soft, by, acknowledge: acknowledge && isLast },
        ...(order.seen && { seen: seenOf(selectors, order.seen) }),
      });
      position = await bus.publish(purgeSubject, event);
    }
    if (position === null) throw new Error('an order without anything to purge');
    return position;
  }

  async function issueAndWait(order: Order, waitMs: number): Promise<Issued> {
    if (waits.size >= maxWaits)
      throw new MeridianError('overloaded', 'too many purges are being waited for', { retryAfterS: 1 });
    const id = crypto.randomUUID();
    const startedMs = clock.elapsed();
    const nodes = new Map<string, number | null>();
    const gone: string[] = [];
    const { promise: changed, resolve: look } = Promise.withResolvers<void>();
    const isDone = () => members.isSettled && [...nodes.values()].every((ms) => ms !== null);
    let position: Position | null = null;
    waits.set(id, (node) => {
      nodes.set(node, clock.elapsed() - startedMs);
      if (position && isDone()) look();
    });
    const timer = { cancel: () => {} };

    /** Those that live, by now: who has come meanwhile begins after the purge, and who has gone will not answer. */
    function countMembers(): void {
      const live = members.known;
      for (const [name, { applied }] of live) {
        const hasApplied = position !== null && isAtLeast(applied, position);
        nodes.set(name, nodes.get(name) ?? (hasApplied ? clock.elapsed() - startedMs : null));
      }
      for (const [name, ms] of nodes) {
        if (ms !== null || live.has(name)) continue;
        nodes.delete(name);
        gone.push(name);
      }
    }

    function again(): void {
      countMembers();
      if (isDone() || clock.elapsed() - startedMs >= waitMs) look();
      else timer.cancel = clock.after(Math.min(lookMs, waitMs), again);
    }

    try {
      const prepared = Promise.all([listen(), members.attend()]);
      await atMost(prepared, Math.min(waitMs, prepareMs), clock);
      countMembers();
      position = await publish(order, id, true);
      again();
      await changed;
      return { position, applied: { all: isDone(), nodes: Object.fromEntries(nodes), gone } };
    } finally {
      timer.cancel();
      waits.delete(id);
    }
  }

  async function issueAlone(order: Order & Pick<SmallOrder, 'waitMs'>): Promise<Begun> {
    const begunMs = clock.elapsed();
    const { waitMs } = order;
    if (waitMs !== undefined) return { ...(await issueAndWait(order, waitMs)), begunMs };
    const { acknowledge = false } = order;
    return { position: await publish(order, crypto.randomUUID(), acknowledge), begunMs };
  }
  const gathered = gather(issueAlone, clock.after);

  return {
    async issue(order, waitMs) {
      const calledMs = clock.elapsed();
      const wanted = { ...order, waitMs };
      // What a node has seen already is about its own event.
      const { begunMs, ...issued } = await (order.seen ? issueAlone(wanted) : gathered(wanted));
      return sinceCall(issued, begunMs - calledMs);
    },
    appliedHere(id) {
      const told = waits.get(id);
      told?.(own);
      return told !== undefined;
    },
    close() {
      cancelRest();
      listening?.subscription.close();
      listening = null;
    },
  };
}

interface Begun extends Issued {
  /** After it has waited for its turn. */
  readonly begunMs: number;
}

/** With the time that the order waited for its turn. */
function sinceCall({ position, applied }: Issued, waitedMs: number): Issued {
  if (applied === undefined) return { position };
  const nodes = Object.entries(applied.nodes).map(([name, ms]) => [name, ms === null ? null : ms + waitedMs]);
  return { position, applied: { ...applied, nodes: Object.fromEntries(nodes) } };
}

/** As many events as it takes. */
function inParts(selectors: readonly Selector[]): readonly (readonly Selector[])[] {
  const parts: Selector[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const selector of selectors) {
    const own = 2 * Buffer.byteLength(JSON.stringify(selector)); // Once more where it has been seen.
    bytes += own;
    if (bytes > eventBytes || parts.at(-1)?.length === maxSelectors) {
      parts.push([]);
      bytes = own;
    }
    parts.at(-1)?.push(selector);
  }
  return parts;
}

/** What a node has seen, of that which is in the same event. */
function seenOf(selectors: readonly Selector[], { node, keys }: NonNullable<Order['seen']>) {
  const seen = new Set(keys);
  const own = selectors.flatMap((each) => (each.by === 'key' && seen.has(each.key) ? [each.key] : []));
  return { node, keys: own };
}

/** Waits for it, but for no longer than that: what it would have told is told later, or missing. */
function atMost(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    promise.then(() => resolve(), reject).finally(cancel);
  });
}
