/**
 * What a node tells the origin every now and then: which tokens were used, and what was denied to whom. Lost with the process,
 * and bounded; what there is no room for is counted.
 */
import type { Clock } from '../../clock.ts';
import type { Deed, Identity } from '../../identity.ts';

export interface Denied {
  readonly identity: Identity;
  readonly deed: Deed;
  readonly from: string;
  /** ms since the epoch. */
  readonly atMs: number;
}

export interface Report {
  /** By id, ms since the epoch. */
  readonly used: ReadonlyMap<string, number>;
  readonly denied: readonly Denied[];
  /** Denials beyond those. */
  readonly more: number;
}

export interface Notes {
  used(token: string, atMs: number): void;
  denied(denied: Denied): void;
  /** Sends what there is. */
  flush(): Promise<void>;
  close(): void;
}

export interface NotesOptions {
  readonly send: (report: Report) => Promise<void>;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

const everyMs = 10_000;
const maxUsed = 10_000;
const maxDenied = 1_000;

export function notes({ send, clock, warn }: NotesOptions): Notes {
  let used = new Map<string, number>();
  let denied: Denied[] = [];
  let more = 0;
  let isFailing = false;
  let cancel = clock.after(everyMs, tick);

  function tick(): void {
    void flush();
    cancel = clock.after(everyMs, tick);
  }

  async function flush(): Promise<void> {
    if (used.size === 0 && denied.length === 0 && more === 0) return;
    const report: Report = { used, denied, more };
    used = new Map();
    denied = [];
    more = 0;
    try {
      await send(report);
      isFailing = false;
    } catch (error) {
      if (!isFailing) warn('the origin does not take note of what tokens do', { error });
      isFailing = true;
      // When a token was used last is soon known again; a denial is not.
      const room = maxDenied - denied.length;
      denied = [...report.denied.slice(0, room), ...denied];
      more += report.more + Math.max(0, report.denied.length - room);
    }
  }

  return {
    used(token, atMs) {
      if (used.size < maxUsed || used.has(token)) used.set(token, atMs);
    },
    denied(one) {
      if (denied.length < maxDenied) denied.push(one);
      else more++;
    },
    flush,
    close: () => cancel(),
  };
}
