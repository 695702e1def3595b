/** What the policy of a route says, for the people who run it: its rules, its feed, what it has refused, and why it does or does not let a version through. */
import { MeridianError } from '../../../errors.ts';
import type { Ask } from '../../../parent.ts';
import type { Explanation, OriginDoor, PolicyDesk } from '../../../protocol.ts';
import { allowed, verdictOn } from '../../verdict.ts';
import type { RegistryOrigin } from '../ecosystem.ts';
import { describe } from './describe.ts';
import type { Policy } from './policy.ts';

/** @param policy `null`: nothing is asked. */
export function policyDesk(policy: Policy | null, registry: RegistryOrigin): PolicyDesk {
  return {
    explain: (subject, ask, door) => explain(policy, registry, subject, ask, door),
    terms: () => (policy === null ? [] : describe({ ...policy.options, provenance: [] })),
    refused: async () => (await policy?.refusals.list()) ?? [],
    sources() {
      const feed = policy?.feed ?? null;
      return feed === null ? [] : [{ ...feed, records: feed.advisories }];
    },
  };
}

async function explain(
  policy: Policy | null,
  registry: RegistryOrigin,
  subject: string,
  ask: Ask,
  door: OriginDoor,
): Promise<Explanation> {
  const { ecosystem, hosted } = registry;
  const at = subject.lastIndexOf('@');
  const version = subject.slice(at + 1);
  if (at <= 0 || version === '')
    throw new MeridianError('request-malformed', `${subject} is no package with a version after an @.`);
  const name = ecosystem.canonical(subject.slice(0, at));
  if (hosted?.claims(name) === true)
    return { ...allowed, subject, why: 'has its home here, which the policy is not about' };
  await policy?.ready();
  if (policy === null || policy.judgeOf(name).mark === '')
    return { ...allowed, subject, why: 'is not what any rule of this route is about' };
  const all = policy.refusesAll(name);
  if (all !== null) return verdictOn(subject, [all]);
  const unknown = { publishedMs: null };
  const known = await (ecosystem.facts?.(name, version, { registry, ask, door }) ?? unknown);
  if (known !== null) return verdictOn(subject, policy.findingsOn(name, { ...known, version }));
  return {
    subject,
    verdict: 'unknown',
    why: 'is no version that an upstream has',
    untilMs: null,
    rules: [],
  };
}
