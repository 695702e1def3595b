/**
 * Carries out in the background what purges have only written down: goes through memory and disk in small steps, drops
 * what is gone, marks what is stale, and then retires the purges that were known when it set out.
 *
 * What is under way into the store may pass a place that has been swept. So only those purges are retired that all of
 * it has been compared with.
 */
import type { Clock } from '../../clock.ts';
import type { Disk } from '../disk/disk.ts';
import type { Memory, Resident } from '../memory.ts';
import type { Ledger } from './ledger.ts';

/** Purges that come within this time are carried out together. */
const restMs = 1000;
/** Between two steps. One on disk takes about a millisecond. */
const memoryStepMs = 1;
const diskStepMs = 15;
/** Residents of memory per step: half a millisecond. */
const residentsPerStep = 250;

export interface Sweep {
  /** There is something to do. */
  wake(): void;
  close(): void;
}

export interface SweepOptions {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly memory: Memory;
  readonly disk: Disk | null;
  /** Compares what is on its way into the store with the purges so far; up to which, for all of it. */
  readonly judgeArrivals: () => number;
}

/** How far a round has come. */
interface Round {
  /** What is retired at its end. */
  readonly upTo: number;
  readonly residents: Iterator<Resident>;
  isMemoryDone: boolean;
  /** Place on disk; `null` when there is nothing to do there any more. */
  from: number | null;
}

export function sweep({ clock, ledger, memory, disk, judgeArrivals }: SweepOptions): Sweep {
  let round: Round | null = null;
  let cancel: (() => void) | null = null;

  function begin(): Round | null {
    const upTo = Math.min(ledger.sequence, judgeArrivals());
    if (ledger.oldest > upTo) return null;
    const from = disk?.needsSweep ? 0 : null;
    return { upTo, residents: memory.all()[Symbol.iterator](), isMemoryDone: false, from };
  }

  function sweepMemory(current: Round): void {
    for (let left = residentsPerStep; left > 0; left--) {
      const { done, value } = current.residents.next();
      if (done) {
        current.isMemoryDone = true;
        return;
      }
      memory.judge(value);
    }
  }

  /** Returns when to go on, in ms; `null` when there is nothing left to do. */
  function step(): number | null {
    round ??= begin();
    if (round === null) return rest();
    if (!round.isMemoryDone) {
      sweepMemory(round);
      return memoryStepMs;
    }
    if (disk && round.from !== null) {
      const swept = disk.sweep(round.from);
      if (!swept) return restMs; // Out of use: it goes on where it is.
      round.from = swept.next;
      return diskStepMs;
    }
    if (disk && !disk.retire(round.upTo)) return restMs;
    ledger.retire(round.upTo);
    round = null;
    return rest();
  }

  /** A disk that is still to be opened may know of purges. */
  function rest(): number | null {
    return ledger.size > 0 || disk?.needsSweep ? restMs : null;
  }

  function wakeAfter(delayMs: number): void {
    cancel ??= clock.after(delayMs, () => {
      cancel = null;
      const next = step();
      if (next !== null) wakeAfter(next);
    });
  }

  return {
    wake: () => wakeAfter(restMs),
    close: () => cancel?.(),
  };
}
