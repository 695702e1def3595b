import { describe, expect, test } from 'bun:test';
import { openScore, type Score } from './score.ts';

function scored(used: number, of = 100, goal = 0.8) {
  const score = openScore(() => goal);
  // Spread evenly, so that fading favours neither.
  for (let at = 0; at < of; at++)
    judge(score, Math.floor(((at + 1) * used) / of) > Math.floor((at * used) / of));
  return score;
}

function judge(score: Score, isUsed: boolean, likelihood = 1) {
  score.judged('known', 'npm', { likelihood, isUsed });
}

const standing = (score: Score) => score.standings[0]?.threshold;

describe('how good predictions are', () => {
  test('is not known of a few', () => {
    const score = scored(0, 39);
    expect(score.standings).toMatchObject([{ precision: null, threshold: 0.5 }]);
    expect(score.precision('known', 'npm')).toBeNull();
    expect(score.threshold('known', 'npm')).toBe(0.5);
    for (let at = 0; at < 10; at++) judge(score, false);
    expect(score.precision('known', 'npm')).toBe(0);
  });

  test('is known by source and route, and one says nothing of another', () => {
    const score = scored(0);
    expect(score.precision('known', 'npm')).toBe(0);
    expect(score.precision('known', 'pypi')).toBeNull();
    expect(score.precision('learned', 'npm')).toBeNull();
    expect(score.threshold('learned', 'npm')).toBe(0.5);
  });

  test('is that of late: what was long ago fades', () => {
    const score = scored(0);
    for (let at = 0; at < 1_000; at++) judge(score, true);
    expect(score.precision('known', 'npm')).toBeGreaterThan(0.95);
  });
});

describe('what is followed', () => {
  test('is what is as likely as not, where the goal is reached', () => {
    expect(scored(90).threshold('known', 'npm')).toBe(0.5);
  });

  test('is only what is likelier, the further the goal is away', () => {
    const [near, far] = [scored(75).threshold('known', 'npm'), scored(40).threshold('known', 'npm')];
    expect(near).toBeGreaterThan(0.5);
    expect(far).toBeGreaterThan(near);
    expect(far).toBeLessThanOrEqual(0.95);
  });

  test('is nothing where hardly any of it is used, but in one session of sixteen', () => {
    const score = scored(10);
    const all = Array.from({ length: 48 }, () => score.threshold('known', 'npm'));
    expect(all.filter((threshold) => threshold <= 1)).toEqual([0.5, 0.5, 0.5]);
  });

  test('is nothing, too, where what is in vain was called likely and certain alike', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 50; at++) {
      judge(score, false, 1);
      judge(score, false, 0.8);
    }
    expect(standing(score)).toBe(2);
  });

  test('of what is less likely, is as much as leaves the goal reached', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 100; at++) {
      judge(score, true, 1);
      judge(score, at % 10 !== 0, 0.85);
      judge(score, at % 2 === 0, 0.62);
      judge(score, false, 0.5);
    }
    expect(standing(score)).toBe(0.6);
    for (let at = 0; at < 100; at++) judge(score, false, 0.62);
    expect(standing(score)).toBe(0.7);
  });

  test('is what is used most, where nothing is used often enough', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 200; at++) {
      judge(score, at % 10 < 5, 1);
      judge(score, at % 10 < 9, 0.85);
      judge(score, at % 10 < 6, 0.75);
      judge(score, at % 10 < 6, 0.65);
    }
    expect(standing(score)).toBe(0.8);
    const all = Array.from({ length: 64 }, () => score.threshold('known', 'npm'));
    expect(all.filter((threshold) => threshold < 0.8)).toEqual([0.7, 0.7, 0.7, 0.5]);
  });

  test('is what the best are worth, however bad all the rest is', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 200; at++) {
      judge(score, at % 10 < 7, 1);
      judge(score, false, 0.55);
      judge(score, false, 0.55);
    }
    expect(score.precision('known', 'npm')).toBeLessThan(0.3);
    expect(standing(score)).toBeGreaterThan(0.5);
    expect(standing(score)).toBeLessThanOrEqual(1);
  });

  test('hardly changes with one that is bad among those of which nothing is known', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 60; at++) judge(score, false, 0.55);
    judge(score, false, 1);
    expect(standing(score)).toBe(0.6);
  });

  test('is tried as far down as where there is no experience, too: nothing is shut out for good', () => {
    for (const likelihood of [0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
      const score = openScore(() => 0.8);
      for (let at = 0; at < 100; at++) judge(score, false, likelihood);
      judge(score, false, Math.min(1, likelihood + 0.1));
      const all = Array.from({ length: 64 }, () => score.threshold('known', 'npm'));
      expect(all.filter((threshold) => threshold <= likelihood)).not.toEqual([]);
      for (let at = 0; at < 1_000; at++) judge(score, true, likelihood);
      expect(standing(score)).toBeLessThanOrEqual(likelihood);
    }
  });

  test('need not be called as likely as it is', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 100; at++) judge(score, true, 0.55);
    expect(standing(score)).toBe(0.5);
    for (let at = 0; at < 400; at++) judge(score, at % 2 === 0, 0.95);
    expect(standing(score)).toBeGreaterThan(0.5);
  });

  test('is, in one session of sixteen, what is a tenth less likely: what is not followed is not judged', () => {
    const score = openScore(() => 0.8);
    for (let at = 0; at < 60; at++) judge(score, false, 0.55);
    const all = Array.from({ length: 32 }, () => score.threshold('known', 'npm'));
    expect(all.filter((threshold) => threshold === 0.5)).toHaveLength(2);
    expect(new Set(all)).toEqual(new Set([0.6, 0.5]));
    for (let at = 0; at < 300; at++) judge(score, true, 0.55);
    expect(score.threshold('known', 'npm')).toBe(0.5);
  });

  test('is what it was before, once trials have shown that it is better', () => {
    const score = scored(0);
    for (let at = 0; at < 1_000; at++) judge(score, true);
    expect(score.threshold('known', 'npm')).toBe(0.5);
  });

  test('follows the goal as it is now', () => {
    let goal = 0.8;
    const score = openScore(() => goal);
    for (let at = 0; at < 100; at++) judge(score, at % 2 === 0);
    expect(score.threshold('known', 'npm')).toBeGreaterThan(0.5);
    goal = 0.1;
    expect(score.threshold('known', 'npm')).toBe(0.5);
  });
});

test('looking at how all of them stand is no session', () => {
  const score = scored(10);
  for (let look = 0; look < 100; look++) expect(score.standings[0]?.threshold).toBe(2);
  for (let session = 0; session < 15; session++) expect(score.threshold('known', 'npm')).toBe(2);
  expect(score.threshold('known', 'npm')).toBe(0.5);
});
