/**
 * Counts of a process that is started again when it dies, as if it were one that goes on: what it had counted when it was
 * last looked at is added to what it counts now, so that no sum of several processes ever falls.
 */
import { type Snapshot, together } from './snapshot.ts';
import { type MetricName, rowOf } from './table.ts';

export interface Restarts {
  /**
   * @param life names this life of the process: its process id.
   * @param now what it says; `undefined` while it does not answer.
   */
  read(life: number | undefined, now: Snapshot | undefined): Snapshot;
}

export function restarts(): Restarts {
  let before: Snapshot = {};
  let last: { readonly life: number; readonly counts: Snapshot } | null = null;
  return {
    read(life, now) {
      if (life === undefined || now === undefined) return together([before, last?.counts ?? {}]);
      if (last !== null && last.life !== life) before = together([before, last.counts]);
      last = { life, counts: onlyCounts(now) };
      return together([before, now]);
    },
  };
}

function onlyCounts(snapshot: Snapshot): Snapshot {
  const all = Object.entries(snapshot) as [MetricName, Snapshot[MetricName]][];
  return Object.fromEntries(all.filter(([name]) => rowOf(name).kind !== 'gauge'));
}
