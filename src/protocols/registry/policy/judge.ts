/**
 * What a policy says of a version: the verdict of each rule, with its reason. A pure function of the terms, of what the document says, and of
 * the time.
 */
import { count, duration, moment, type RuleFinding } from '../../verdict.ts';
import type { Advisory } from './osv.ts';
import type { AgeTerms, Facts, Terms } from './terms.ts';

/** As they are called in the config, and in the order in which their reasons are given. */
export type Rule = 'only' | 'blocked' | 'advisories' | 'provenance' | 'releaseAge';

export type Finding = RuleFinding<Rule>;

/** What ranges and advisories mean in an ecosystem. `*` is every version, whatever it looks like. */
export interface Versions {
  /** Whether a rule that allows something speaks of this version. */
  allows(range: string, version: string): boolean;
  /** Whether a rule that forbids something does: its pre-releases, too. */
  forbids(range: string, version: string): boolean;
  /** One that cannot be ordered is affected by whatever has a range. */
  affects(advisory: Advisory, version: string): boolean;
}

/** One finding for each rule that the terms have. */
export function judge(terms: Terms, facts: Facts, nowMs: number, versions: Versions): readonly Finding[] {
  const { version } = facts;
  const findings: Finding[] = [];
  const find = (rule: Rule, passes: boolean, why: string, untilMs: number | null = null) =>
    findings.push({ rule, passes, why, untilMs });

  const { only, blocked, advisories, provenance, age } = terms;
  if (only !== null) {
    const range = only.find((each) => versions.allows(each, version));
    if (range === undefined) find('only', false, 'is not among what may be used here');
    else find('only', true, `is among what may be used here (${range})`);
  }
  if (blocked.length > 0) {
    const range = blocked.find((each) => versions.forbids(each, version));
    if (range !== undefined) find('blocked', false, `is blocked (${range === '*' ? 'all versions' : range})`);
    else find('blocked', true, 'is not blocked');
  }
  if (advisories.length > 0) {
    const against = advisories.filter((each) => versions.affects(each, version));
    if (against.length > 0) find('advisories', false, `has a known advisory: ${described(against)}`);
    else
      find(
        'advisories',
        true,
        `has none of ${count(advisories.length, 'known advisory', 'known advisories')}`,
      );
  }
  if (provenance) {
    const { hasProvenance } = facts;
    find(
      'provenance',
      hasProvenance,
      hasProvenance ? 'says where it was built' : 'does not say where it was built (provenance)',
    );
  }
  if (age !== null) findings.push(judgeAge(age, facts, nowMs, versions));
  return findings;
}

function judgeAge(
  age: AgeTerms,
  { version, publishedMs }: Facts,
  nowMs: number,
  versions: Versions,
): Finding {
  const of = (passes: boolean, why: string, untilMs: number | null = null): Finding => {
    return { rule: 'releaseAge', passes, why, untilMs };
  };
  if (age.exempt.some((range) => versions.allows(range, version))) return of(true, 'may be used at any age');
  if (publishedMs === null) {
    const why = 'does not say when it was published';
    return of(age.withoutTime === 'allow', why);
  }
  const published = `was published ${moment(publishedMs)}`;
  const { publishedBeforeMs: limitMs, minimumMs } = age;
  if (limitMs !== null && publishedMs >= limitMs)
    return of(false, `${published}, not before ${moment(limitMs)}`);
  const untilMs = publishedMs + minimumMs;
  if (nowMs >= untilMs) return of(true, published);
  return of(
    false,
    `${published} and has to be ${duration(minimumMs)} old, which it is from ${moment(untilMs)}`,
    untilMs,
  );
}

/** Refused under any circumstances: nobody need be asked what the versions are. */
export function refusesAll({ only, blocked }: Terms): Finding | null {
  if (only?.length === 0)
    return { rule: 'only', passes: false, why: 'is not among what may be used here', untilMs: null };
  if (blocked.includes('*'))
    return { rule: 'blocked', passes: false, why: 'is blocked (all versions)', untilMs: null };
  return null;
}

/** Advisories that are named in a message. */
const MAX_NAMED = 3;

function described(against: readonly Advisory[]): string {
  const named = against
    .slice(0, MAX_NAMED)
    .map(({ id, severity, published, summary }) => {
      const since = published === '' ? '' : `, since ${published.slice(0, 10)}`;
      return `${id} (${severity}${since}${summary === '' ? '' : `: ${summary}`})`;
    })
    .join(', ');
  const more = against.length - MAX_NAMED;
  return more > 0 ? `${named} and ${count(more, 'more', 'more')}` : named;
}
