/** How far processes are with what they shall have: each tells it on the bus, and origins hear it. */
import type { Bus, Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import {
  type GroupProgress,
  mostGroups,
  type ProcessProgress,
  processProgress,
  progressView,
} from './wire.ts';

/** Between two words of the same process. */
const everyMs = 1_000;

export interface Teller {
  /** There may be something new. */
  changed(): void;
  close(): void;
}

interface Said {
  /** The newest first. */
  readonly groups: readonly GroupProgress[];
  /** The newest list that has been looked at (`PrefetchList.atMs`). */
  readonly lookedMs: number;
}

export interface TellerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly self: { readonly node: string; readonly worker: string };
  readonly read: () => Said;
}

export function openTeller({ bus, clock, self, read }: TellerOptions): Teller {
  const view = bus.view(progressView);
  let said: string | null = null;
  let cancel: (() => void) | null = null;
  let isClosed = false;

  function later(): void {
    if (isClosed) return;
    cancel ??= clock.after(everyMs, () => {
      cancel = null;
      void say();
    });
  }

  async function say(): Promise<void> {
    const { groups: all, lookedMs } = read();
    const groups = all.slice(0, mostGroups);
    const text = JSON.stringify({ groups, lookedMs });
    // Who has never had anything to say says nothing, unless he has said something before he was started anew.
    if (text === said) return;
    try {
      await view.put(self.worker, { ...self, toldMs: clock.now(), lookedMs, groups });
      said = text;
    } catch {
      later(); // Cut off from the bus, there is nobody to tell.
    }
  }

  return {
    changed: later,
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}

/** What each process has told last, by its name. */
export interface Heard extends Subscription {
  readonly all: ReadonlyMap<string, ProcessProgress>;
}

export function hearProgress(bus: Bus): Heard {
  const all = new Map<string, ProcessProgress>();
  const watching = bus.view(progressView).watch({
    changed({ key, value }) {
      const said = value === null ? null : processProgress.safeParse(value).data;
      if (said) all.set(key, said);
      else all.delete(key);
    },
    caughtUp: () => undefined,
  });
  return { all, close: () => watching.close() };
}
