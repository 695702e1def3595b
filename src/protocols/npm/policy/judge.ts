/** What a policy says of a version, where versions and their ranges are npm's. */
import { type Finding, judge as judgeAny } from '../../registry/policy/judge.ts';
import type { Facts, Terms } from '../../registry/policy/terms.ts';
import { affects } from './osv.ts';
import { allows, forbids } from './ranges.ts';

const versions = { allows, forbids, affects };

/** One finding for each rule that the terms have. */
export function judge(terms: Terms, facts: Facts, nowMs: number): readonly Finding[] {
  return judgeAny(terms, facts, nowMs, versions);
}
