/** What has been tried lately: what has failed waits longer each time, and what has gone again after it had come is left alone for a while. */
import type { Clock } from '../clock.ts';
import type { PrefetchItem } from '../foresight.ts';

const firstWaitMs = 1_000;
const longestWaitMs = 5 * 60_000;
/** Who has no room for it drops it again at once: it is not fetched for ever. */
const goneWaitMs = 10 * 60_000;

export interface Attempts {
  nameOf(route: string, item: PrefetchItem): string;
  mayTry(name: string): boolean;
  errorOf(name: string): string | null;
  succeeded(route: string, item: PrefetchItem): void;
  failed(route: string, item: PrefetchItem, error: string): void;
  /** In how many ms something that has failed may be tried again; `null`: nothing has. */
  nextInMs(): number | null;
  /** Forgets the others. */
  keepOnly(names: ReadonlySet<string>): void;
}

interface Attempt {
  readonly failures: number;
  readonly error: string | null;
  /** By `Clock.elapsed()`. */
  readonly againMs: number;
}

export function attempts(clock: Clock): Attempts {
  const known = new Map<string, Attempt>();
  const nameOf = (route: string, { target, etag }: PrefetchItem) => `${route} ${target} ${etag ?? ''}`;

  return {
    nameOf,
    mayTry: (name) => (known.get(name)?.againMs ?? 0) <= clock.elapsed(),
    errorOf: (name) => known.get(name)?.error ?? null,
    succeeded(route, item) {
      known.set(nameOf(route, item), { failures: 0, error: null, againMs: clock.elapsed() + goneWaitMs });
    },
    failed(route, item, error) {
      const name = nameOf(route, item);
      const failures = (known.get(name)?.failures ?? 0) + 1;
      const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
      known.set(name, { failures, error, againMs: clock.elapsed() + waitMs });
    },
    nextInMs() {
      const waits = [...known.values()].filter(({ failures }) => failures > 0).map(({ againMs }) => againMs);
      if (waits.length === 0) return null;
      const firstMs = waits.reduce((least, each) => Math.min(least, each));
      return Math.max(firstWaitMs / 2, firstMs - clock.elapsed());
    },
    keepOnly(names) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}
