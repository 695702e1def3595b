/**
 * The rule that an image has to be of some age. Pure.
 *
 * Nobody vouches for the date in an image: whoever builds it writes what he likes. So what counts is when this network first saw it, unless
 * a rule says that the makers of these images are to be believed (`since: 'created'`).
 */
import { duration, moment } from '../../verdict.ts';
import type { AgeRule } from './options.ts';
import { covering, type Finding, type Met, specsOf } from './rules.ts';
import { isAbout, type Spec } from './spec.ts';

export interface OpenAgeRule extends Pick<AgeRule, 'minimumS' | 'since' | 'withoutTime'> {
  isAbout(name: string): boolean;
  readonly exempt: readonly Spec[];
}

export interface Times {
  /** When it was first seen here, or an index that names it; ms since the epoch. */
  readonly seenMs: number;
  /** When it says that it was made; `null`: it does not say. */
  readonly createdMs: number | null;
}

export function openAgeRules(
  rules: readonly AgeRule[],
  full: (name: string) => string,
): readonly OpenAgeRule[] {
  return rules.map(({ images, exempt, ...rule }) => {
    const about = specsOf(images, full);
    return {
      ...rule,
      isAbout: (name) => images.length === 0 || about.some((spec) => isAbout(spec, name)),
      exempt: specsOf(exempt, full),
    };
  });
}

/** Of rules that are about the name. What was pushed here, and signatures, may be of any age. */
export function judgeAge(
  rule: OpenAgeRule,
  { name, content, ways }: Met,
  times: Times,
  nowMs: number,
): Finding {
  const exemption = covering(rule.exempt, name, ways);
  if (exemption !== undefined) return found(true, `may be used at any age (${exemption.text})`);
  const { minimumS, since, withoutTime } = rule;
  const fromMs = since === 'seen' ? times.seenMs : times.createdMs;
  if (fromMs === null) {
    if (content.isIndex) return found(true, 'says nothing of its age; its images do');
    return found(withoutTime === 'allow', 'does not say when it was made');
  }
  const what = `was ${since === 'seen' ? 'first seen here' : 'made'} ${moment(fromMs)}`;
  const untilMs = fromMs + minimumS * 1000;
  if (nowMs >= untilMs) return found(true, what);
  const wait = `${what} and has to be ${duration(minimumS * 1000)} old, which it is from ${moment(untilMs)}`;
  return found(false, wait, untilMs);
}

function found(passes: boolean, why: string, untilMs: number | null = null): Finding {
  return { rule: 'age', passes, why, untilMs };
}
