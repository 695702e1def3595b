/** The lists of what nodes shall have, at an origin: what all origins have told, and the way to tell more. */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Prefetching, PrefetchList } from '../foresight.ts';
import { listsView, longestList, mostItems, mostLists, prefetchList } from './wire.ts';

export interface Lists {
  /** Those of one route. */
  of(route: string): Prefetching;
  /** All, by the names that they have on the bus. */
  readonly all: ReadonlyMap<string, PrefetchList>;
  close(): void;
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

  return {
    all,
    of: (route) => ({
      ready,
      told() {
        const own = [...all].filter(([, list]) => list.route === route);
        return new Map(own.map(([key, list]) => [key.slice(route.length + 1), list]));
      },
      tell: (name, list) => tell(`${route}/${name}`, { ...list, route, atMs: clock.now() }),
      async forget(name) {
        const key = `${route}/${name}`;
        if (!all.has(key)) return;
        await view.delete(key);
        all.delete(key);
      },
    }),
    close: () => watching.close(),
  };
}

function isSame(a: PrefetchList, b: PrefetchList): boolean {
  return Bun.deepEquals({ ...a, atMs: 0 }, { ...b, atMs: 0 });
}
