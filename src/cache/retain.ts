/**
 * Lets go, in the background, of what is on disk and nobody has asked for during the time that its route is kept for. First the
 * disk is told what memory has answered with since the last round: of a hit in memory, it learns nothing.
 *
 * Uses leave their time on the resident (`Resident.prepared`, `usedMs`), which is all that is looked at here.
 */
import type { Clock } from '../clock.ts';
import { variantOf } from './disk/row.ts';
import type { UsePlace } from './disk/statements.ts';
import type { Disk } from './disk/tier.ts';
import type { Tuning } from './engine.ts';
import type { Memory, Resident } from './memory.ts';
import { routeOf } from './purge/ledger.ts';

/** From one round to the next; the first comes sooner, so that a node that is often started has some, too. */
const roundMs = 6 * 3600_000;
const firstMs = 5 * 60_000;
/** Between two steps: one takes about 2 ms. */
const stepMs = 20;
/** Residents of memory that are looked at in a step, and of those, entries that are looked up on disk. */
const residentsPerStep = 1_000;
const notedPerStep = 100;

export interface Retaining {
  /** Other times are in force. */
  retune(): void;
  end(): void;
}

export interface RetainOptions {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly disk: Disk;
  /** As it is now. */
  readonly tuning: () => Pick<Tuning, 'keepUnusedMs'>;
}

const none: ReadonlyMap<string, number> = new Map();
/** Of all uses. */
const first: UsePlace = { used: Number.MIN_SAFE_INTEGER, id: 0 };

export function retain({ clock, memory, disk, tuning }: RetainOptions): Retaining {
  let cancel = clock.after(firstMs, begin);
  let lastRoundMs = clock.now();

  function begin(): void {
    const byRoute = tuning().keepUnusedMs ?? none;
    const sinceMs = lastRoundMs;
    lastRoundMs = clock.now();
    if (byRoute.size === 0) rest();
    else noteSome(memory.all()[Symbol.iterator](), byRoute, sinceMs);
  }

  function rest(): void {
    cancel = clock.after(roundMs, begin);
  }

  function noteSome(
    residents: Iterator<Resident>,
    byRoute: ReadonlyMap<string, number>,
    sinceMs: number,
  ): void {
    let noted = 0;
    for (let left = residentsPerStep; left > 0 && noted < notedPerStep; left--) {
      const { done, value } = residents.next();
      if (done) {
        dropSome(first);
        return;
      }
      const usedMs = Math.max(value.usedMs, (value.prepared?.second ?? 0) * 1000);
      if (usedMs + 1000 < sinceMs || !byRoute.has(routeOf(value.entry.key))) continue;
      disk.noteUse(value.entry.key, variantOf(value.entry), usedMs);
      noted++;
    }
    cancel = clock.after(stepMs, () => noteSome(residents, byRoute, sinceMs));
  }

  function dropSome(from: UsePlace): void {
    const dropped = disk.dropUnused(from);
    // A disk that is out of use now is gone through in the next round.
    const next = dropped?.next ?? null;
    if (next === null) rest();
    else cancel = clock.after(stepMs, () => dropSome(next));
  }

  function retune(): void {
    disk.keepUnused(tuning().keepUnusedMs ?? none);
  }

  retune();
  return { retune, end: () => cancel() };
}
