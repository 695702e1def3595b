/**
 * What a policy says of the versions of one package, one after another, for whoever makes a document of them: with what the document has to
 * remember, so that another one is made when the same question would be answered otherwise.
 */
import { untilOf } from '../../verdict.ts';
import { type Finding, judge } from './judge.ts';
import type { VersionOrder } from './order.ts';
import { prepared } from './prepared.ts';
import { type Facts, markOf, type Terms } from './terms.ts';

/** What is known of a version before it is judged. */
export type KnownFacts = Pick<Facts, 'version' | 'publishedMs'>;

export interface Judge {
  /** What is against a version; `null`: it may be used. */
  against(facts: KnownFacts): readonly Finding[] | null;
  /** The same for the same terms; empty: nothing is asked of this package. */
  readonly mark: string;
  /** When the first of those that were refused so far will no longer be, ms since the epoch; `null`: none of them, ever. */
  readonly untilMs: number | null;
}

/** Where there is no policy. */
export const freeJudge: Judge = { against: () => null, mark: '', untilMs: null };

/** @param terms `null`: nothing is asked. */
export function judgeBy(terms: Terms | null, order: VersionOrder, nowMs: number): Judge {
  if (terms === null) return freeJudge;
  const versions = prepared(terms, order);
  let untilMs: number | null = null;
  let mark: string | null = null;
  return {
    against({ version, publishedMs }) {
      const facts = { version, publishedMs, hasProvenance: false };
      const against = judge(terms, facts, nowMs, versions).filter(({ passes }) => !passes);
      if (against.length === 0) return null;
      const endMs = untilOf(against);
      if (endMs !== null) untilMs = Math.min(endMs, untilMs ?? endMs);
      return against;
    },
    get mark() {
      mark ??= markOf(terms);
      return mark;
    },
    get untilMs() {
      return untilMs;
    },
  };
}

/** Every rule's finding on one version. */
export function findingsBy(
  terms: Terms | null,
  order: VersionOrder,
  nowMs: number,
  { version, publishedMs }: KnownFacts,
): readonly Finding[] {
  if (terms === null) return [];
  return judge(terms, { version, publishedMs, hasProvenance: false }, nowMs, prepared(terms, order));
}
