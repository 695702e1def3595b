/** What was refused lately, for whoever runs the network. Repetitions are counted; a node further down answers them itself for seconds. */
import type { Clock } from '../../../clock.ts';
import type { Refused } from '../../../protocol.ts';

const MAX_KEPT = 1_000;

export interface Refusals {
  note(subject: string, rules: readonly string[], why: string): void;
  /** The newest first. */
  list(): readonly Refused[];
}

export function openRefusals(clock: Clock): Refusals {
  const kept = new Map<string, Refused>();
  return {
    note(subject, rules, why) {
      const times = (kept.get(subject)?.times ?? 0) + 1;
      kept.delete(subject);
      kept.set(subject, { subject, rules, why, times, lastMs: clock.now() });
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    },
    list: () => [...kept.values()].reverse(),
  };
}
