/**
 * The files of bodies that no entry refers to any more. Each stays for a while, so that responses which are about
 * to open it still can, and is deleted then, unless an entry refers to it again or is about to.
 */
import type { Clock } from '../../clock.ts';

/** How long a file stays. */
const graceMs = 30_000;

export interface Leaving {
  add(sha256: string): void;
  /** The body is about to be referred to: its file must not go. Settles when one that was going has gone. */
  hold(sha256: string): Promise<void>;
  release(sha256: string): void;
  /** Deletes the files whose time has come. */
  sweep(): Promise<void>;
  /** Deletes a file at once, unless it is held or referred to. */
  remove(sha256: string): Promise<void>;
}

export interface LeavingOptions {
  readonly clock: Clock;
  readonly isReferred: (sha256: string) => boolean;
  /** Does not reject. */
  readonly remove: (sha256: string) => Promise<void>;
}

export function leaving(options: LeavingOptions): Leaving {
  const { clock } = options;
  /** When each file may go, in that order. */
  const due = new Map<string, number>();
  const held = new Map<string, number>();
  const going = new Map<string, Promise<void>>();
  let sweeping = false;

  async function remove(sha256: string): Promise<void> {
    if (held.has(sha256) || going.has(sha256) || options.isReferred(sha256)) return;
    const gone = options.remove(sha256);
    going.set(sha256, gone);
    await gone;
    going.delete(sha256);
  }

  return {
    add(sha256) {
      due.delete(sha256);
      due.set(sha256, clock.elapsed() + graceMs);
    },

    async hold(sha256) {
      held.set(sha256, (held.get(sha256) ?? 0) + 1);
      await going.get(sha256);
    },

    release(sha256) {
      const holders = (held.get(sha256) ?? 0) - 1;
      if (holders > 0) held.set(sha256, holders);
      else held.delete(sha256);
    },

    async sweep() {
      if (sweeping) return;
      sweeping = true;
      for (const [sha256, dueMs] of due) {
        if (dueMs > clock.elapsed()) break;
        due.delete(sha256);
        await remove(sha256);
      }
      sweeping = false;
    },

    remove,
  };
}
