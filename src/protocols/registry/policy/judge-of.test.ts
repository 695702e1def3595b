import { describe, expect, test } from 'bun:test';
import { freeJudge, judgeBy } from './judge-of.ts';
import { semanticOrder } from './semver.ts';
import type { Terms } from './terms.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 15, 12);
const order = semanticOrder({ fewest: 1, most: 3, build: () => '' });
const nothing: Terms = { only: null, blocked: [], advisories: [], provenance: false, age: null };
const week: Terms = {
  ...nothing,
  age: { minimumMs: 7 * day, publishedBeforeMs: null, withoutTime: 'refuse', exempt: ['2.0'] },
};

function judging(terms: Partial<Terms>) {
  const judge = judgeBy({ ...nothing, ...terms }, order, now);
  return {
    judge,
    rules: (version: string, publishedMs: number | null = now - 30 * day) =>
      judge.against({ version, publishedMs })?.map(({ rule }) => rule) ?? null,
  };
}

describe('a judge', () => {
  test('says which rules are against a version, or that none is', () => {
    const { rules } = judging({ ...week, only: ['>=1.0'], blocked: ['1.5'] });
    expect(rules('1.0.0')).toBeNull();
    expect(rules('0.9.0')).toEqual(['only']);
    expect(rules('1.5.0-rc.1', now)).toEqual(['only', 'blocked', 'releaseAge']);
    expect(rules('2.0.0', now)).toBeNull();
    expect(rules('2.0.1', null)).toEqual(['releaseAge']);
  });

  test('knows when the first of those that it has refused for their age will be old enough', () => {
    const { judge, rules } = judging({ ...week, blocked: ['3.0'] });
    expect(judge.untilMs).toBeNull();
    rules('1.0.0');
    expect(judge.untilMs).toBeNull();
    rules('1.0.1', now - day);
    rules('1.0.2', now - 3 * day);
    rules('1.0.3', now - 2 * day);
    expect(judge.untilMs).toBe(now + 4 * day);
    // Blocked as well: it never will be.
    rules('3.0.0', now - 6 * day);
    expect(judge.untilMs).toBe(now + 4 * day);
  });

  test('has the same mark for the same terms, and none without any', () => {
    expect(judging(week).judge.mark).toBe(judging({ ...week }).judge.mark);
    expect(judging(week).judge.mark).not.toBe(judging({ ...week, blocked: ['1.0'] }).judge.mark);
    expect(judgeBy(null, order, now)).toBe(freeJudge);
    expect(freeJudge).toMatchObject({ mark: '', untilMs: null });
    expect(freeJudge.against({ version: '1.0', publishedMs: null })).toBeNull();
  });

  test('takes no rule that cannot be read for one that says nothing', () => {
    expect(() => judging({ blocked: ['^1.0'] })).toThrow('^1.0 is no version');
  });
});
