/** What the policy says of one version, rule by rule: for `meridian policy explain`. */
import { MeridianError } from '../../../errors.ts';
import type { Ask } from '../../../parent.ts';
import type { Explanation, OriginDoor, PolicyDesk } from '../../../protocol.ts';
import { describe } from '../../registry/policy/describe.ts';
import { refusesAll } from '../../registry/policy/judge.ts';
import type { Facts } from '../../registry/policy/terms.ts';
import { copyInPieces } from '../../turn.ts';
import { allowed, verdictOn } from '../../verdict.ts';
import { livesHere } from '../hosted/claims.ts';
import { indexResource, packumentResource } from '../name.ts';
import type { NpmOrigin } from '../origin.ts';
import { isPackageName, isVersion } from '../path.ts';
import { hiddenInIndex } from '../tarball-index.ts';
import { readCurrent } from './current.ts';
import { judge } from './judge.ts';

export function policyDesk(npm: NpmOrigin): PolicyDesk {
  return {
    explain: (subject, ask, origin) => explain(npm, subject, ask, origin),
    terms: () => (npm.policy === null ? [] : describe(npm.policy.options)),
    refused: async () => (await npm.policy?.refusals.list()) ?? [],
    sources() {
      const feed = npm.policy?.feed ?? null;
      return feed === null ? [] : [{ ...feed, records: feed.advisories }];
    },
  };
}

async function explain(npm: NpmOrigin, subject: string, ask: Ask, origin: OriginDoor): Promise<Explanation> {
  const at = subject.lastIndexOf('@');
  const [name, version] = at > 0 ? [subject.slice(0, at), subject.slice(at + 1)] : [subject, ''];
  if (!isPackageName(name) || !isVersion(version))
    throw new MeridianError(
      'request-malformed',
      `${subject} is no package with a version, such as lodash@4.17.20`,
    );
  if (await livesHere(npm.hosted, name, origin))
    return { ...allowed, subject, why: 'has its home here, which the policy is not about' };
  await npm.policy?.ready();
  const terms = npm.policy?.termsOf(name) ?? null;
  if (terms === null) return { ...allowed, subject, why: 'is not what any rule of this route is about' };
  const all = refusesAll(terms);
  if (all !== null) return verdictOn(subject, [all]);
  const facts = await factsOf(npm, name, version, ask, origin);
  if (facts !== null) return verdictOn(subject, judge(terms, facts, npm.clock.now()));
  return {
    subject,
    verdict: 'unknown',
    why: 'is no version that the upstream registry has',
    untilMs: null,
    rules: [],
  };
}

/** Of a hidden version the index knows them, of any other the document. */
async function factsOf(
  npm: NpmOrigin,
  name: string,
  version: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Facts | null> {
  const index = await readCurrent(npm, name, indexResource(npm.route, name, npm.metadata), ask, origin);
  if (index.status === 404) return null;
  if (index.status !== 200)
    throw new MeridianError('upstream-invalid', `The upstream answers ${index.status}.`);
  const hidden = hiddenInIndex(index.bytes, version);
  if (hidden !== null) return hidden;
  const resource = packumentResource(npm.route, 'full', name, npm.metadata);
  const document = await readCurrent(npm, name, resource, ask, origin);
  if (document.status !== 200) return null;
  const chunks = await copyInPieces(document.bytes);
  return npm.deriver.run({ task: 'facts', chunks, version }, chunks);
}
