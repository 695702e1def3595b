/** What several processes have said of how far they are, as one. */
import type { ReplicaState } from '../messages/replication.ts';
import type { GroupProgress, ProcessProgress } from '../prefetch/wire.ts';

/** @param own what they have said of the groups that it is about, and `processes` those who have said anything. */
export function progressSums(
  own: readonly GroupProgress[],
  processes: readonly Pick<ProcessProgress, 'toldMs'>[],
): Omit<ReplicaState, 'node' | 'state'> {
  const sum = (of: (each: GroupProgress) => number) => own.reduce((total, each) => total + of(each), 0);
  return {
    wanted: sum((each) => each.wanted),
    present: sum((each) => each.present),
    wantedBytes: sum((each) => each.wantedBytes),
    missingBytes: sum((each) => each.missingBytes),
    beyondBytes: sum((each) => each.beyondBytes),
    error: own.find(({ error }) => error !== null)?.error ?? null,
    toldMs: processes.reduce<number | null>((newest, { toldMs }) => Math.max(newest ?? 0, toldMs), null),
  };
}
