/**
 * Purges, and what a parent has withdrawn, that must not be lost. The index takes them at once, even while the tier is out of use; what it cannot
 * take is remembered, and made up for before anything is read from it or written to it again.
 */
import type { Place } from '../../bus.ts';
import type { Entry } from '../../entry.ts';
import type { Mark } from '../purge/ledger.ts';
import type { DiskIndex, Orphan } from './index.ts';

/** Purges remembered; beyond it, all that the ledger has are written once more. */
const maxMissed = 10_000;
/** Variants remembered that are to be dropped; beyond it, everything is purged. */
const maxUndropped = 10_000;

export interface Journal {
  /**
   * Throws when the index cannot take them now.
   *
   * @param marks in the order of their numbers.
   * @param at the place on the bus that the index has come to with them.
   */
  add(marks: readonly Mark[], durable: boolean, at?: Place): Written;
  /** The same for a place that needs nothing to be purged. */
  passed(at: Place): void;
  /** Drops a variant that the parent has withdrawn. Throws when the index cannot do it now. */
  withdraw(entry: Entry): readonly Orphan[];
  /** Makes up for what was missed. Throws when the index still cannot take it. */
  retry(): readonly Orphan[];
}

export interface Written {
  readonly orphans: readonly Orphan[];
  /** Whether they have been carried out as well. */
  readonly isAll: boolean;
}

export function journal(index: DiskIndex): Journal {
  const { ledger, purges } = index;
  const missed = new Set<Mark>();
  const undropped = new Set<Entry>();
  /** Where the index is on the bus once it has been told what it missed. */
  let missedAt: Place | undefined;

  function write(marks: readonly Mark[], durable: boolean, at?: Place): Written {
    const orphans: Orphan[] = [];
    const left: Mark[] = [];
    for (const mark of marks) {
      const { selector } = mark;
      if (selector.by === 'all' && ledger.size === 1) purges.saveAlone(mark);
      // What is kept under one key is soon gone through, and then there is nothing to remember.
      const done = selector.by === 'key' ? index.purgeKey(selector.key) : null;
      if (done) orphans.push(...done.orphans);
      if (done?.isAll !== true || durable) left.push(mark);
    }
    const last = marks.at(-1);
    const sequence = last ? Math.max(last.hard, last.soft) : 0;
    // Nothing is stored while this runs, so the number of the last one stands for all of them.
    if (left.length > 0) purges.save(left, sequence, durable, at);
    else purges.passed(sequence, at);
    return { orphans, isAll: left.length === 0 };
  }

  function miss(marks: readonly Mark[]): void {
    for (const mark of marks) missed.add(mark);
    if (missed.size <= maxMissed) return;
    missed.clear();
    for (const each of ledger.marks()) missed.add(each);
  }

  return {
    add(marks, durable, at) {
      // After a crash the bus tells again of what was missed, as long as the index does not claim to know it.
      const isMissing = missed.size > 0;
      if (isMissing) missedAt = at ?? missedAt;
      try {
        return write(marks, durable, isMissing ? undefined : at);
      } catch (error) {
        miss(marks);
        missedAt = at ?? missedAt;
        throw error;
      }
    },

    passed(at) {
      if (missed.size > 0) missedAt = at;
      else purges.passed(ledger.sequence, at);
    },

    withdraw(entry) {
      try {
        return index.dropVariant(entry, 'withdrawn');
      } catch (error) {
        undropped.add(entry);
        if (undropped.size > maxUndropped) {
          undropped.clear();
          missed.add(ledger.add({ selector: { by: 'all' }, soft: false }, 0)); // hard: the time does not matter
        }
        throw error;
      }
    },

    retry() {
      if (missed.size + undropped.size === 0) return [];
      const orphans: Orphan[] = [];
      for (const entry of undropped) {
        orphans.push(...index.dropVariant(entry, 'withdrawn'));
        undropped.delete(entry);
      }
      for (const mark of missed) {
        orphans.push(...write([mark], false).orphans);
        missed.delete(mark);
      }
      if (missedAt) purges.passed(ledger.sequence, missedAt);
      missedAt = undefined;
      return orphans;
    },
  };
}
