/**
 * What the route's policy says of what a page shows. Of a list, by names and by what was written down before, without asking anybody: a
 * thousand tags are a thousand documents, and no request to an upstream. Of one version, by every rule, as if it were pulled now.
 */
import type { Artifact, Blocked, DescribedVersion } from '../../../catalogue.ts';
import { MeridianError } from '../../../errors.ts';
import type { Lent } from '../../../protocol.ts';
import { reasonsOf, untilOf } from '../../verdict.ts';
import { readDigest } from '../digest.ts';
import { isTag } from '../path.ts';
import type { Policy } from '../policy/policy.ts';
import type { Finding } from '../policy/rules.ts';
import type { Content } from './content.ts';

/** Documents that are read at the same time. */
const atOnce = 50;

export function blockedBy(findings: readonly Finding[]): Blocked | null {
  const against = findings.filter(({ passes }) => !passes);
  if (against.length === 0) return null;
  const rules = [...new Set(against.map(({ rule }) => rule))];
  return { rules, why: reasonsOf(against), untilMs: untilOf(against) };
}

/** All of the repository. */
export function blockedWhole(policy: Policy | null, name: string): Blocked | null {
  const whole = policy?.onRepository(name) ?? null;
  return whole && blockedBy([whole]);
}

/** Tags. Whether they are signed, and dates that nobody has read yet, are told on the page of each. */
export async function judgedTags(
  policy: Policy | null,
  name: string,
  versions: readonly DescribedVersion[],
): Promise<readonly DescribedVersion[]> {
  if (policy === null) return versions;
  const whole = blockedWhole(policy, name);
  if (whole !== null) return versions.map((version) => ({ ...version, blocked: whole }));
  const judged: DescribedVersion[] = [];
  for (let from = 0; from < versions.length; from += atOnce) {
    const some = versions.slice(from, from + atOnce).map(async (version): Promise<DescribedVersion> => {
      const digest = readDigest(version.digest ?? '');
      if (digest === null) return version;
      const subject = { name, tag: version.version, digest };
      return { ...version, blocked: blockedBy(await policy.knownOf(subject)) };
    });
    judged.push(...(await Promise.all(some)));
  }
  return judged;
}

/** By every rule; by what is known alone where something cannot be asked now. */
export async function judgedArtifact(
  policy: Policy | null,
  name: string,
  version: string,
  artifact: Artifact,
  content: Pick<Content, 'manifest'>,
  { ask, origin }: Pick<Lent, 'ask' | 'origin'>,
): Promise<Artifact> {
  const digest = readDigest(artifact.digest);
  if (policy === null || digest === null) return artifact;
  const whole = blockedWhole(policy, name);
  if (whole !== null) return { ...artifact, blocked: whole };
  const subject = { name, tag: isTag(version) ? version : null, digest };
  const manifest = await content.manifest(digest);
  const findings = manifest && policy.findingsIn(subject, manifest.bytes, ask, origin);
  try {
    return { ...artifact, blocked: blockedBy((await findings) ?? []) };
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    return { ...artifact, blocked: blockedBy(await policy.knownOf(subject)) };
  }
}
