/** The lists of what nodes shall have, at an origin: what all origins have told, and the way to tell more. */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Prefetching, PrefetchList } from '../foresight.ts';
import { listsView, longestList, mostItems, mostLists, prefetchList } from './wire.ts';

export interface Lists {
  /** Those of one route. */
  of(route: string): Prefetching;
  /** Those that somebody has ordered, or the config says, by name. */
  readonly ordered: Ordered;
  /** All, by the names that they have on the bus. */
  readonly all: ReadonlyMap<string, PrefetchList>;
  close(): void;
}

export interface Ordered extends Omit<Prefetching, 'tell'> {
  /** As `Prefetching.tell`. */
  tell(name: string, list: Omit<PrefetchList, 'atMs'>): Promise<void>;
}

/** No route is called so. */
const orderedBelow = '~/';

/** Whether a list is one of those that somebody has ordered. @param key that it has on the bus. */
export function isOrdered(key: string): boolean {
  return key.startsWith(orderedBelow);
}

export function openLists(bus: Bus, clock: Clock): Lists {
  const view = bus.view(listsView);
  const all = new Map<string, PrefetchList>();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  /** What is not told again is gone. */
  let untold = new Set<string>();

  const watching = view.watch({
    begins() {
      untold = new Set(all.keys());
    },
    changed({ key, value }) {
      untold.delete(key);
      const list = value === null ? null : prefetchList.safeParse(value).data;
      if (list) all.set(key, list);
      else all.delete(key);
    },
    caughtUp() {
      for (const key of untold) all.delete(key);
      untold.clear();
      resolve();
    },
  });

  async function tell(key: string, list: PrefetchList): Promise<void> {
    const known = all.get(key);
    if (known !== undefined && isSame(known, list)) return;
    if (known === undefined && all.size >= mostLists)
      throw new MeridianError('internal', `nodes shall have ${mostLists} lists already, and no more`);
    if (list.items.length > mostItems || JSON.stringify(list).length > longestList)
      throw new MeridianError('internal', `${list.items.length} items are more than one list may have`);
    await view.put(key, list);
    all.set(key, list);
  }

  async function forget(key: string): Promise<void> {
    if (!all.has(key)) return;
    await view.delete(key);
    all.delete(key);
  }

  function below(start: string): ReadonlyMap<string, PrefetchList> {
    const own = [...all].filter(([key]) => key.startsWith(start));
    return new Map(own.map(([key, list]) => [key.slice(start.length), list]));
  }

  return {
    all,
    of: (route) => ({
      ready,
      told: () => below(`${route}/`),
      tell: (name, list) => tell(`${route}/${name}`, { ...list, route, atMs: clock.now() }),
      forget: (name) => forget(`${route}/${name}`),
    }),
    ordered: {
      ready,
      told: () => below(orderedBelow),
      tell: (name, list) => tell(orderedBelow + name, { ...list, atMs: clock.now() }),
      forget: (name) => forget(orderedBelow + name),
    },
    close: () => watching.close(),
  };
}

function isSame(a: PrefetchList, b: PrefetchList): boolean {
  return Bun.deepEquals({ ...a, atMs: 0 }, { ...b, atMs: 0 });
}
