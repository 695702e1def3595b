/** How somebody is told that he does not get what he asked for, and why. npm shows the sentence. */
import type { Answer } from '../../../entry.ts';
import { type Finding, refusesAll } from '../../registry/policy/judge.ts';
import { refusalOf } from '../../registry/policy/refusal.ts';
import type { Facts } from '../../registry/policy/terms.ts';
import { refusedAnswer } from '../canonical.ts';
import type { NpmOrigin } from '../origin.ts';
import { judge } from './judge.ts';

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
  const { message, rules, why, atMostS } = refusalOf(subject, against, nowMs);
  npm.policy?.refusals.note(subject, rules, why);
  return refusedAnswer(message, atMostS);
}
