/** What has been tried lately: what has failed waits longer each time, and what has gone again after it had come is left alone for a while. */
import type { Clock } from '../clock.ts';

const firstWaitMs = 1_000;
const longestWaitMs = 5 * 60_000;
/** Who has no room for it drops it again at once: it is not fetched for ever. */
const goneWaitMs = 10 * 60_000;

export interface Attempts {
  mayTry(name: string): boolean;
  errorOf(name: string): string | null;
  succeeded(name: string): void;
  failed(name: string, error: string): void;
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

  return {
    mayTry: (name) => (known.get(name)?.againMs ?? 0) <= clock.elapsed(),
    errorOf: (name) => known.get(name)?.error ?? null,
    succeeded(name) {
      known.set(name, { failures: 0, error: null, againMs: clock.elapsed() + goneWaitMs });
    },
    failed(name, error) {
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
