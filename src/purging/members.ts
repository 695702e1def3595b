/**
 * Who is there: every node keeps a record of itself on the bus, and renews it every two seconds. One that does so lives.
 * Readers go by their own clocks alone, so no two have to agree.
 */
import { z } from 'zod';
import type { Bus, Position } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Role } from '../protocol.ts';

const viewName = 'members';
const beatMs = 2_000;
/** Whoever has not renewed his record for this long is not waited for. */
const liveMs = 6_000;
/** Who lives has been heard of within this time: a beat, and what it may be late. */
const settleMs = beatMs + 500;
/** For how long after the last question the records are watched. */
const watchMs = 60_000;

const record = z.object({
  name: z.string().min(1).max(256),
  role: z.enum(['pop', 'shield', 'origin']),
  /** By its own clock, ms since the epoch. */
  startedMs: z.number(),
  applied: z.object({ log: z.string(), sequence: z.number() }).nullable(),
  /** Counts up. */
  beat: z.number(),
});
export type Member = z.output<typeof record>;

export interface Members {
  /** Listens from now on, at least for a while. Resolves when what was written down before has been read. */
  attend(): Promise<void>;
  /** Those that live, by what has been heard of them lately. */
  readonly known: ReadonlyMap<string, Member>;
  /** Whether this node has listened for long enough to have heard of everybody who lives. */
  readonly isSettled: boolean;
  close(): Promise<void>;
}

export interface MembersOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly self: { readonly name: string; readonly role: Role; readonly startedMs: number };
  readonly applied: () => Position | null;
}

interface Watching {
  /** All that was written down has been read. */
  readonly told: Promise<void>;
  /** When that was. */
  toldMs: number | null;
  close(): void;
  /** When somebody last asked. */
  wantedMs: number;
}

export function members({ bus, clock, self, applied }: MembersOptions): Members {
  const view = bus.view(viewName);
  const heard = new Map<string, { readonly member: Member; readonly atMs: number }>();
  let beat = 0;
  let isClosed = false;
  let watching: Watching | null = null;
  let cancelBeat = () => {};
  // An origin is asked to purge, so it always knows who lives.
  const isWatcher = self.role === 'origin';
  renew();
  if (isWatcher) void watch();

  function renew(): void {
    cancelBeat = clock.after(beatMs, renew);
    const own: Member = { ...self, applied: applied(), beat: beat++ };
    // Cut off from the bus, a node is no member: the next beat tries again.
    view.put(self.name, own).catch(() => undefined);
    if (watching && !isWatcher && clock.elapsed() - watching.wantedMs > watchMs) stopWatching();
  }

  function stopWatching(): void {
    watching?.close();
    watching = null;
    heard.clear();
  }

  function watch(): Promise<void> {
    if (watching) {
      watching.wantedMs = clock.elapsed();
      return watching.told;
    }
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const begun: Watching = {
      told,
      toldMs: null,
      close: () => subscription.close(),
      wantedMs: clock.elapsed(),
    };
    const subscription = view.watch({
      changed({ key, value }) {
        const member = value === null ? null : record.safeParse(value).data;
        if (member) heard.set(key, { member, atMs: clock.elapsed() });
        else heard.delete(key);
      },
      caughtUp() {
        begun.toldMs ??= clock.elapsed();
        resolve();
      },
    });
    watching = begun;
    return told;
  }

  function known(): ReadonlyMap<string, Member> {
    const oldestMs = clock.elapsed() - liveMs;
    const live = [...heard].filter(([, { atMs }]) => atMs >= oldestMs);
    return new Map(live.map(([name, { member }]) => [name, member]));
  }

  return {
    get known() {
      return known();
    },
    get isSettled() {
      const toldMs = watching?.toldMs ?? null;
      return toldMs !== null && clock.elapsed() - toldMs >= settleMs;
    },
    attend: watch,
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelBeat();
      stopWatching();
      // Nobody waits for it from now on. Where the bus cannot be reached, they find out by themselves.
      await view.delete(self.name).catch(() => undefined);
    },
  };
}
