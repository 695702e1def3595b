import { describe, expect, test } from 'bun:test';
import type { AgeTerms, Facts, Terms } from '../../registry/policy/terms.ts';
import { judge } from './judge.ts';
import { readOsv } from './osv.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 15, 12);
const nothing: Terms = { only: null, blocked: [], advisories: [], provenance: false, age: null };
const week: AgeTerms = { minimumMs: 7 * day, publishedBeforeMs: null, withoutTime: 'refuse', exempt: [] };

function about(terms: Partial<Terms>, facts: Partial<Facts> = {}) {
  const whole: Facts = { version: '1.0.0', publishedMs: now - 100 * day, hasProvenance: false, ...facts };
  return judge({ ...nothing, ...terms }, whole, now);
}

describe('the age of a release', () => {
  test('is enough to the millisecond', () => {
    const [young] = about({ age: week }, { publishedMs: now - 7 * day + 1 });
    expect(young).toMatchObject({ passes: false, untilMs: now + 1 });
    expect(about({ age: week }, { publishedMs: now - 7 * day })).toMatchObject([{ passes: true }]);
  });

  test('is said in words that tell what to wait for', () => {
    const [finding] = about({ age: week }, { publishedMs: now - day });
    expect(finding?.why).toBe(
      'was published 2026-06-14 12:00 UTC and has to be 7 days old, which it is from 2026-06-21 12:00 UTC',
    );
  });

  test('does not matter for what is exempt', () => {
    const age = { ...week, exempt: ['1.0.0'] };
    expect(about({ age }, { publishedMs: now })).toMatchObject([{ passes: true }]);
    expect(about({ age }, { publishedMs: now, version: '1.0.1' })).toMatchObject([{ passes: false }]);
  });

  test('that is not known is not enough, unless that is allowed', () => {
    expect(about({ age: week }, { publishedMs: null })).toMatchObject([{ passes: false, untilMs: null }]);
    const age: AgeTerms = { ...week, withoutTime: 'allow' };
    expect(about({ age }, { publishedMs: null })).toMatchObject([{ passes: true }]);
  });

  test('never helps what was published after the cut-off', () => {
    const age = { ...week, publishedBeforeMs: now - 50 * day };
    expect(about({ age }, { publishedMs: now - 50 * day })).toMatchObject([{ passes: false, untilMs: null }]);
    expect(about({ age }, { publishedMs: now - 50 * day - 1 })).toMatchObject([{ passes: true }]);
  });
});

test('each rule gives its verdict and its reason', () => {
  const record = {
    id: 'GHSA-1',
    summary: 'Prototype pollution',
    published: '2026-01-02T03:04:05Z',
    database_specific: { severity: 'HIGH' },
    affected: [{ package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] }],
  };
  const advisories = readOsv(JSON.stringify(record)).map(([, advisory]) => advisory);
  const terms = { only: ['2.x'], blocked: ['<1.0.1'], advisories, provenance: true, age: week };
  expect(about(terms).map(({ rule, passes, why }) => [rule, passes, why])).toEqual([
    ['only', false, 'is not among what may be used here'],
    ['blocked', false, 'is blocked (<1.0.1)'],
    ['advisories', false, 'has a known advisory: GHSA-1 (high, since 2026-01-02: Prototype pollution)'],
    ['provenance', false, 'does not say where it was built (provenance)'],
    ['releaseAge', true, 'was published 2026-03-07 12:00 UTC'],
  ]);
  const fine = about(terms, { version: '2.0.0', hasProvenance: true });
  expect(fine.every(({ passes }) => passes)).toBe(true);
});

test('a route that asks for nothing has nothing to say', () => {
  expect(about({})).toEqual([]);
});
