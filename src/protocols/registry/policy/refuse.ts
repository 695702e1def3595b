/** The answer of somebody who does not get what he asked for: 403 with the reason, in the words of his ecosystem. */
import type { Answer } from '../../../entry.ts';
import { absentFreshS, errorAnswer } from '../answers.ts';
import type { Item, Pulling } from '../ecosystem.ts';
import type { Finding } from './judge.ts';
import type { KnownFacts } from './judge-of.ts';
import { refusalOf } from './refusal.ts';

/** Marks a refusal as one of the route's policy: what was given out before is wrong from now on. */
export const policyField = 'meridian-policy';

/** Refuses what belongs to a version that the policy is against. `null`: it may be used. @throws `policy-unready`. */
export function refuseVersion({ name }: Item, facts: KnownFacts, at: Pulling): Answer | null {
  const { policy } = at.registry;
  if (name === null || policy === null) return null;
  const against = policy.judgeOf(name).against(facts);
  return against && refusal(`${name}@${facts.version}`, against, at);
}

/** Refuses a package of which no version may be used, whatever they are. `null`: that depends. @throws `policy-unready`. */
export function refusePackage(name: string, at: Pulling): Answer | null {
  const against = at.registry.policy?.refusesAll(name) ?? null;
  return against && refusal(name, [against], at);
}

/** Kept for seconds, and never beyond the moment at which it may be used. What nobody has asked for is not noted as refused. */
function refusal(subject: string, against: readonly Finding[], { registry, ask }: Pulling): Answer {
  const { message, rules, why, atMostS } = refusalOf(subject, against, registry.clock.now());
  if (!ask.background) registry.policy?.refusals.note(subject, rules, why);
  const answer = errorAnswer(registry.ecosystem, 403, message, Math.min(absentFreshS, atMostS));
  answer.headers.set(policyField, 'refused');
  return answer;
}
