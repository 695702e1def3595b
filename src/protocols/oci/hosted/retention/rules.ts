/**
 * What rules of retention say of a tag, and of a manifest that nothing holds. A rule can only take away what it takes in, and whatever
 * one rule keeps stays, whatever the others say: so a rule that is added never takes away what another one is there to keep.
 */
import { matcher } from '../../../patterns.ts';
import { isAboutAnother } from '../about.ts';
import { beyond, type Tagged } from './newest.ts';

export interface RetentionRule {
  /** In these lists, `*` stands for any text. */
  readonly repositories: readonly string[];
  /** Tags that it takes in, but for `exceptTags`. */
  readonly tags: readonly string[];
  readonly exceptTags: readonly string[];
  /** Tags that no rule takes away there. */
  readonly keepTags: readonly string[];
  /** How many of those that it takes in stay: the ones pushed last. */
  readonly keep?: number | undefined;
  /** They stay for so long after they were pushed last. */
  readonly olderThanS?: number | undefined;
  /** Manifests that nothing holds stay for so long. */
  readonly untaggedS?: number | undefined;
}

export interface Retention {
  /** `null`: no rule is about it. */
  forRepository(name: string): RepositoryRules | null;
}

export interface RepositoryRules {
  /** How many of the newest each rule has to know, rule by rule; 0: none. */
  readonly keeps: readonly number[];
  /** Which rules are about a tag, by their places; none: it stays. */
  about(tag: string): readonly number[];
  /** @param oldest of those that each rule keeps by number, where there are more than that. */
  verdictOn(tagged: Tagged, oldest: readonly (Tagged | null)[], nowMs: number): Verdict;
  /** How long a manifest stays that nothing holds; `null`: for good. */
  readonly untaggedMs: number | null;
}

/** `why` completes "It goes: …". */
export type Verdict = { readonly goes: false } | { readonly goes: true; readonly why: string };

const stays: Verdict = { goes: false };
const dayMs = 24 * 3600_000;

export function openRetention(
  rules: readonly RetentionRule[],
  isImmutable: (tag: string) => boolean,
): Retention {
  const compiled = rules.map((rule) => ({
    rule,
    hasRepository: matcher(rule.repositories),
    keepsTag: matcher(rule.keepTags),
    takesIn: takerIn(rule),
  }));
  return {
    forRepository(name) {
      const own = compiled.filter(({ hasRepository }) => hasRepository(name));
      if (own.length === 0) return null;
      const untagged = own.flatMap(({ rule: { untaggedS } }) => untaggedS ?? []);
      const isKept = (tag: string) =>
        isImmutable(tag) || isAboutAnother(tag) || own.some(({ keepsTag }) => keepsTag(tag));
      const about = (tag: string) =>
        isKept(tag) ? [] : own.flatMap(({ takesIn }, at) => (takesIn(tag) ? [at] : []));
      return {
        keeps: own.map(({ rule }) => rule.keep ?? 0),
        about,
        verdictOn(tagged, oldest, nowMs) {
          const reasons: string[] = [];
          for (const at of about(tagged.tag)) {
            const reason = reasonFor(own[at]?.rule, oldest[at] ?? null, tagged, nowMs);
            if (reason === null) return stays;
            reasons.push(reason);
          }
          const [why] = reasons;
          return why === undefined ? stays : { goes: true, why };
        },
        untaggedMs: untagged.length === 0 ? null : Math.max(...untagged) * 1000,
      };
    },
  };
}

/** A rule that names neither a number nor an age is about no tag. */
function takerIn({ tags, exceptTags, keep, olderThanS }: RetentionRule): (tag: string) => boolean {
  if (keep === undefined && olderThanS === undefined) return () => false;
  const [takes, excepts] = [matcher(tags), matcher(exceptTags)];
  return (tag) => takes(tag) && !excepts(tag);
}

/** Why this rule would take it away; `null`: it keeps it. */
function reasonFor(
  rule: RetentionRule | undefined,
  oldest: Tagged | null,
  tagged: Tagged,
  nowMs: number,
): string | null {
  if (rule === undefined) return null;
  const { keep, olderThanS } = rule;
  const ageMs = nowMs - tagged.pushedMs;
  if (olderThanS !== undefined && ageMs <= olderThanS * 1000) return null;
  if (keep !== undefined && !beyond(tagged, oldest)) return null;
  const said = [
    ...(keep === undefined ? [] : [`not among the newest ${keep}`]),
    ...(olderThanS === undefined ? [] : [`pushed ${days(ageMs)} ago, kept for ${days(olderThanS * 1000)}`]),
  ];
  return said.join('; ');
}

export function days(ms: number): string {
  const whole = Math.floor(ms / dayMs);
  if (whole >= 2) return `${whole} days`;
  const hours = Math.floor(ms / 3600_000);
  return hours >= 1 ? `${hours} h` : `${Math.floor(ms / 60_000)} min`;
}
