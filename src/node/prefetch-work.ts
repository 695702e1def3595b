/** Finds out what there is to have of an order, a few things at a time, and tells nodes of it as it goes. */
import { MeridianError } from '../errors.ts';
import type { PrefetchItem } from '../foresight.ts';
import type { Identity } from '../identity.ts';
import type { PrefetchOrder, PrefetchRecord } from '../messages/prefetch-order.ts';
import { isOrdered, type Lists } from '../prefetch/lists.ts';
import type { Orders } from '../prefetch/orders.ts';
import { sideBySide } from '../protocols/side-by-side.ts';
import { type Looked, type Looking, lookAtAddress, lookAtVersion } from './prefetch-look.ts';
import type { Want } from './prefetch-wants.ts';
import type { Purger } from './purge.ts';

export interface Working {
  readonly node: Purger;
  readonly lists: Lists;
  readonly orders: Orders;
  readonly order: PrefetchOrder;
  readonly wants: readonly Want[];
  readonly identity: Identity | null;
  readonly signal: AbortSignal;
  record(): PrefetchRecord;
  update(record: PrefetchRecord): void;
  /** Another order of this name takes its place. */
  forget(id: string): Promise<void>;
}

/** Things that are looked at at once. */
const atOnce = 16;
/** Items of one list: nodes begin with the first while the rest is looked at. */
const perList = 250;
/** Items of all orders together. */
const mostItems = 200_000;
const mostRefused = 1_000;

/** Never fails: what goes wrong is in the record. */
export async function carryOut(working: Working): Promise<void> {
  const { node, orders, order } = working;
  try {
    await lookAtAll(working);
    await replaceOthers(working);
    update(working, { state: 'told' });
  } catch (thrown) {
    const isStopped = working.signal.aborted;
    if (!isStopped) node.log.warn('what was to be prefetched could not be told', { error: thrown });
    const why =
      thrown instanceof MeridianError ? thrown.detail : 'the origin has failed to find out what it is';
    update(working, {
      state: 'failed',
      error: isStopped ? 'it was called off before the origin had looked at all of it' : why,
    });
  }
  if (order.dryRun) return;
  await orders
    .replace(working.record())
    .catch((error: unknown) =>
      node.log.warn('what was to be prefetched could not be written down', { error }),
    );
}

function update(working: Working, change: Partial<PrefetchRecord>): void {
  working.update({ ...working.record(), ...change });
}

async function lookAtAll(working: Working): Promise<void> {
  const { node, wants, order, identity, signal } = working;
  const { platforms, indexes } = order;
  const looking: Looking = { node, identity, platforms, indexes, isExact: false };
  const telling = tellerOf(working);
  await sideBySide(wants, atOnce, signal, async (want) => {
    const { items, lacks } = await lookAt(want, looking);
    const { looked, refused, refusedCount } = working.record();
    update(working, { looked: looked + 1 });
    if (lacks !== null) {
      const more = refused.length < mostRefused ? [...refused, { what: want.what, why: lacks }] : refused;
      update(working, { refused: more, refusedCount: refusedCount + 1 });
    }
    await telling.add(want.route.name, items);
  });
  await telling.end();
}

export function lookAt(want: Want, looking: Looking): Promise<Looked> {
  return 'version' in want
    ? lookAtVersion(want.route, want.version, looking)
    : lookAtAddress(want.route, want.target, looking);
}

/** Of each item, nodes are told once. */
function tellerOf(working: Working) {
  const { lists, order, node, signal } = working;
  const { id, untilMs } = working.record();
  const known = new Set<string>();
  const waiting = new Map<string, PrefetchItem[]>();
  const others = [...lists.all].reduce(
    (sum, [key, { items }]) => (isOrdered(key) ? sum + items.length : sum),
    0,
  );
  let told = 0;

  async function tell(route: string, items: readonly PrefetchItem[]): Promise<void> {
    if (order.dryRun || items.length === 0) return;
    signal.throwIfAborted();
    const { to, bases } = order;
    const until = untilMs === null ? {} : { untilMs };
    const list = { route, group: id, to, items, error: null, ...(bases.length > 0 && { bases }), ...until };
    await lists.ordered.tell(`${id}/${told++}`, list);
  }

  return {
    async add(route: string, items: readonly PrefetchItem[]): Promise<void> {
      const own = waiting.get(route) ?? [];
      waiting.set(route, own);
      for (const item of items) {
        const name = `${route} ${item.target} ${item.accept ?? ''}`;
        if (known.has(name)) continue;
        known.add(name);
        own.push(item);
        const { items: count, bytes } = working.record();
        if (others + count >= mostItems)
          throw new MeridianError('quota-exceeded', `nodes shall have ${mostItems} things by order already`);
        update(working, { items: count + 1, bytes: bytes + item.bytes });
      }
      while (own.length >= perList) await tell(route, own.splice(0, perList));
    },
    async end(): Promise<void> {
      for (const [route, items] of waiting) await tell(route, items.splice(0));
      node.log.debug('nodes have been told what to have', { order: id, items: known.size });
    },
  };
}

/** What is ordered under one name, such as that of a branch, is what was ordered last. */
async function replaceOthers({ order, orders, record, forget }: Working): Promise<void> {
  const { id, by, name, atMs } = record();
  if (name === null || order.dryRun) return;
  for (const other of await orders.all())
    if (other.name === name && other.by === by && isBefore(other, { id, atMs })) await forget(other.id);
}

function isBefore(a: Pick<PrefetchRecord, 'id' | 'atMs'>, b: Pick<PrefetchRecord, 'id' | 'atMs'>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}
