/**
 * What nodes always have, as the config says it (`warm`): the origin finds out what that is, tells them, and finds it out anew now and then, and soon
 * after something has been purged, which is how it hears of whatever has changed.
 */
import type { WarmConfig } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import type { PrefetchItem } from '../foresight.ts';
import type { PrefetchOrder, PrefetchRecord } from '../messages/prefetch-order.ts';
import { prefetchOrder } from '../messages/prefetch-order.ts';
import { readReference } from '../messages/reference.ts';
import type { Lists } from '../prefetch/lists.ts';
import { sideBySide } from '../protocols/side-by-side.ts';
import type { Looked } from './prefetch-look.ts';
import { type Want, wantsOf } from './prefetch-wants.ts';
import { lookAt } from './prefetch-work.ts';
import type { Purger } from './purge.ts';

export interface Warm {
  /** The site is in force, or another config is. */
  begin(): void;
  /** Something has been purged. */
  purged(): void;
  /** By the config, in its order. */
  readonly records: readonly PrefetchRecord[];
  close(): Promise<void>;
}

export interface WarmOptions {
  readonly node: Purger;
  readonly lists: Lists;
  /** As the config in force has it. */
  readonly entries: () => readonly WarmConfig[];
}

/** Things that are looked at at once, of all entries. */
const atOnce = 8;
/** Items of one list. */
const perList = 250;
const mostRefused = 1_000;
/** After a purge: others may follow, and who purges all the time does not have everything looked at all the time. */
const settleMs = 1_000;
const restMs = 15_000;
const nameStart = 'warm-';

export function openWarm({ node, lists, entries }: WarmOptions): Warm {
  const { clock, log } = node;
  const stop = new AbortController();
  let cancel = () => {};
  let dueMs = Infinity;
  let lastMs = -Infinity;
  let running: Promise<void> | null = null;
  /** What was found last of each thing: it stays when nobody can say what it is now. */
  let found = new Map<string, readonly PrefetchItem[]>();
  const records = new Map<string, PrefetchRecord>();

  function lookIn(ms: number): void {
    const atMs = clock.elapsed() + ms;
    if (stop.signal.aborted || atMs >= dueMs) return;
    dueMs = atMs;
    cancel();
    cancel = clock.after(ms, () => {
      dueMs = Infinity;
      if (running !== null) return lookIn(settleMs);
      running = round()
        .catch((error) => {
          if (!stop.signal.aborted) log.warn('it could not be found out what nodes always have', { error });
        })
        .finally(() => {
          running = null;
          lastMs = clock.elapsed();
          const everyS = entries().map((entry) => entry.everyS);
          if (everyS.length > 0) lookIn(Math.min(...everyS) * 1000);
        });
    });
  }

  async function round(): Promise<void> {
    await lists.ordered.ready;
    const all = entries();
    const known = new Map<string, readonly PrefetchItem[]>();
    for (const [at, entry] of all.entries()) await tell(`${nameStart}${at}`, entry, known);
    found = known;
    for (const name of lists.ordered.told().keys()) {
      const [, at] = /^warm-(\d+)\//.exec(name) ?? [];
      if (at !== undefined && Number(at) >= all.length) await lists.ordered.forget(name);
    }
    for (const id of records.keys()) if (Number(id.slice(nameStart.length)) >= all.length) records.delete(id);
  }

  async function tell(id: string, entry: WarmConfig, known: Map<string, readonly PrefetchItem[]>) {
    const { route, to, platforms, indexes } = entry;
    const before = records.get(id) ?? recordOf(id, entry, node);
    const { wants, wrong } = wantsIn(entry, node);
    const looking = { node, identity: null, platforms: [...platforms], indexes, isExact: true };
    const looked = new Map<Want, Looked>();
    await sideBySide(wants, atOnce, stop.signal, async (want) => {
      looked.set(want, await lookAt(want, looking));
    });
    const items = new Map<string, PrefetchItem>();
    const refused = [...wrong];
    for (const want of wants) {
      const { items: now = [], lacks = null } = looked.get(want) ?? {};
      const name = `${id} ${want.what}`;
      const own = now.length === 0 ? (found.get(name) ?? []) : now;
      known.set(name, own);
      if (lacks !== null) refused.push({ what: want.what, why: lacks });
      for (const item of own) items.set(`${item.target} ${item.accept ?? ''}`, item);
    }
    stop.signal.throwIfAborted();
    await tellLists(id, { route, to }, [...items.values()]);
    records.set(id, {
      ...{ ...before, state: 'told', to: [...to], wanted: entry.what.length, looked: entry.what.length },
      ...{ items: items.size, bytes: [...items.values()].reduce((sum, { bytes }) => sum + bytes, 0) },
      ...{ refused: refused.slice(0, mostRefused), refusedCount: refused.length },
    });
  }

  async function tellLists(
    id: string,
    { route, to }: Pick<WarmConfig, 'route' | 'to'>,
    items: readonly PrefetchItem[],
  ): Promise<void> {
    const count = Math.ceil(items.length / perList);
    for (let at = 0; at < count; at++) {
      const own = items.slice(at * perList, (at + 1) * perList);
      await lists.ordered.tell(`${id}/${at}`, { route, group: id, to, items: own, error: null });
    }
    for (const name of lists.ordered.told().keys()) {
      const [own, at] = name.split('/');
      if (own === id && Number(at) >= count) await lists.ordered.forget(name);
    }
  }

  return {
    begin: () => lookIn(0),
    purged() {
      if (entries().length > 0) lookIn(Math.max(settleMs, lastMs + restMs - clock.elapsed()));
    },
    get records() {
      return [...records.values()];
    },
    async close() {
      stop.abort();
      cancel();
      await running;
    },
  };
}

function recordOf(id: string, { to }: WarmConfig, { name: origin, clock }: Purger): PrefetchRecord {
  return {
    ...{ id, name: null, by: 'config', to: [...to], dryRun: false, atMs: clock.now(), untilMs: null },
    ...{ state: 'looking', origin, wanted: 0, looked: 0, items: 0, bytes: 0 },
    ...{ refused: [], refusedCount: 0, error: null },
  };
}

/** One thing that makes no sense keeps none of the others from being had. */
function wantsIn({ route, what }: WarmConfig, { site }: Purger) {
  const protocol = site.routes.named(route)?.protocol.id ?? '';
  const wrong: PrefetchRecord['refused'][number][] = [];
  const wants = what.flatMap((text): readonly Want[] => {
    try {
      return wantsOf(orderFor(text, route, protocol), site);
    } catch (thrown) {
      if (!(thrown instanceof MeridianError)) throw thrown;
      wrong.push({ what: text, why: thrown.detail });
      return [];
    }
  });
  return { wants, wrong };
}

function orderFor(text: string, route: string, protocol: string): PrefetchOrder {
  const { name, version } = readReference(text, protocol);
  const about =
    text.startsWith('/') || version === null
      ? { addresses: [{ route, url: text }] }
      : { versions: [{ route, packages: [{ name, version }] }] };
  return prefetchOrder.parse({ to: ['*'], ...about });
}
