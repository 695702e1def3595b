/** How somebody is told that he does not get what he asked for, and why: one sentence, whatever the protocol. */
import { reasonsOf } from '../../verdict.ts';
import type { Finding, Rule } from './judge.ts';

export interface Refusal {
  readonly message: string;
  readonly why: string;
  readonly rules: readonly Rule[];
  /** When something else may be said of it; infinite: nobody knows. */
  readonly atMostS: number;
}

/** @param subject `lodash@4.17.20`, or a name. @param against at least one. */
export function refusalOf(subject: string, against: readonly Finding[], nowMs: number): Refusal {
  const why = reasonsOf(against);
  const rules = against.map(({ rule }) => rule);
  const ends = against.flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]));
  return {
    message: `${subject} is refused by the policy of this registry: it ${why}. ${advice(rules)}`,
    why,
    rules,
    atMostS: Math.min(...ends.map((ms) => Math.ceil((ms - nowMs) / 1000))),
  };
}

function advice(rules: readonly Rule[]): string {
  const isTime = rules.length === 1 && rules[0] === 'releaseAge';
  const exception = 'ask whoever runs this registry for an exception';
  return isTime ? `Use an older version, or ${exception}.` : `Use another version, or ${exception}.`;
}
