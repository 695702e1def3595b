/** A policy in words, rule by rule, in the order in which reasons are given. */
import type { PolicyTerm } from '../../../protocol.ts';
import { duration, moment } from '../../verdict.ts';
import type { CoreOptions } from './core.ts';
import type { Rule } from './judge.ts';
import type { ReleaseAgeOptions } from './options.ts';

export function describe(options: CoreOptions): readonly PolicyTerm[] {
  const { only, blocked, advisories, provenance, releaseAge } = options;
  const terms: PolicyTerm[] = [];
  const add = (rule: Rule, says: string, about: readonly string[], except: readonly string[] = []) =>
    terms.push({ rule, says, about, except });

  if (only !== undefined) add('only', 'has to be among these', only);
  if (blocked.length > 0) add('blocked', 'may not be among these', blocked);
  if (advisories !== undefined) {
    const { severity, except } = advisories;
    const least =
      severity === 'low' ? '' : ` of severity ${severity}${severity === 'critical' ? '' : ' or worse'}`;
    add('advisories', `has no known advisory${least}`, [], except);
  }
  if (provenance.length > 0) add('provenance', 'says where it was built', provenance);
  if (releaseAge !== undefined) add('releaseAge', ageOf(releaseAge), [], releaseAge.exempt);
  return terms;
}

function ageOf({ minimumS, publishedBefore, withoutTime }: ReleaseAgeOptions): string {
  const before = publishedBefore === undefined ? '' : `, and before ${moment(Date.parse(publishedBefore))}`;
  const unknown = withoutTime === 'allow' ? ', where it says when that was' : '';
  return `was published ${duration(minimumS * 1000)} ago or earlier${before}${unknown}`;
}
