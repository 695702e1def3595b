/** How somebody is told that he does not get what he asked for, and why. npm shows the sentence. */
import type { Answer } from '../../../entry.ts';
import { reasonsOf } from '../../verdict.ts';
import { refusedAnswer } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import { type Finding, judge, refusesAll } from './judge.ts';
import type { Facts } from './terms.ts';

/** Refuses a version that the policy hides. `null`: not any more. */
export function refuseVersion(npm: NpmOrigin, name: string, facts: Facts): Answer | null {
  const terms = npm.policy?.termsOf(name) ?? null;
  const nowMs = npm.clock.now();
  const against = terms === null ? [] : judge(terms, facts, nowMs).filter(({ passes }) => !passes);
  if (against.length === 0) return null;
  return refusal(npm, `${name}@${facts.version}`, against, nowMs);
}

/** Refuses a package of which no version may be used, whatever they are. `null`: that depends. */
export function refusePackage(npm: NpmOrigin, name: string): Answer | null {
  const terms = npm.policy?.termsOf(name) ?? null;
  const against = terms && refusesAll(terms);
  return against && refusal(npm, name, [against], npm.clock.now());
}

function refusal(npm: NpmOrigin, subject: string, against: readonly Finding[], nowMs: number): Answer {
  const why = reasonsOf(against);
  const rules = against.map(({ rule }) => rule);
  npm.policy?.refusals.note(subject, rules, why);
  const ends = against.flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]));
  const atMostS = Math.min(...ends.map((ms) => Math.ceil((ms - nowMs) / 1000)));
  const message = `${subject} is refused by the policy of this registry: it ${why}. ${advice(rules)}`;
  return refusedAnswer(message, atMostS);
}

function advice(rules: readonly Finding['rule'][]): string {
  const isTime = rules.length === 1 && rules[0] === 'releaseAge';
  const exception = 'ask whoever runs this registry for an exception';
  return isTime ? `Use an older version, or ${exception}.` : `Use another version, or ${exception}.`;
}
