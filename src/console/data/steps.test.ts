import { expect, test } from 'bun:test';
import type { Counts, Series } from './api.ts';
import { total } from './counts.ts';
import { secondsOf, stepsOf, sumOfSteps } from './steps.ts';

const of = (requests: number): Counts => ({
  layers: { memory: { requests, bytes: 0, buckets: [requests] } },
  errors: 0,
  routes: {},
});
const series = (stepMs: number, toMs: number, points: Record<number, Record<string, Counts>>): Series => ({
  ...{ fromMs: 0, toMs, stepMs, bounds: [0.001] },
  points: Object.entries(points).map(([atMs, roles]) => ({ atMs: Number(atMs), roles })),
});
const requestsIn = (said: Series, role: string | null) =>
  stepsOf(said, role).map(({ counts }) => (counts === null ? null : total(counts, 'requests')));

test('every step is there, with a gap where nobody wrote anything down', () => {
  const said = series(10_000, 60_000, { 0: { pop: of(5) }, 10000: { pop: of(3) }, 50000: { pop: of(2) } });
  expect(requestsIn(said, 'pop')).toEqual([5, 3, null, null, null, 2]);
  expect(secondsOf(stepsOf(said, 'pop'))).toBe(30);
  expect(total(sumOfSteps(stepsOf(said, 'pop')), 'requests')).toBe(10);
});

test('a role has its own steps, and without one all are added up', () => {
  const said = series(10_000, 20_000, { 0: { pop: of(5), shield: of(1) }, 10000: { pop: of(4) } });
  expect(requestsIn(said, 'shield')).toEqual([1, null]);
  expect(requestsIn(said, null)).toEqual([6, 4]);
});

test('a report that comes a moment late does not look like a gap and a peak', () => {
  const said = series(10_000, 40_000, { 0: { pop: of(4) }, 20000: { pop: of(8) }, 30000: { pop: of(4) } });
  expect(requestsIn(said, 'pop')).toEqual([4, 4, 4, 4]);
  const coarse = series(300_000, 900_000, { 0: { pop: of(4) }, 600000: { pop: of(8) } });
  expect(requestsIn(coarse, 'pop')).toEqual([4, null, 8]);
});

test('a short step that is not over is left out, and a long one counts for what has passed of it', () => {
  expect(requestsIn(series(10_000, 15_000, { 0: { pop: of(4) }, 10000: { pop: of(1) } }), 'pop')).toEqual([
    4,
  ]);
  const [, last] = stepsOf(series(300_000, 330_000, { 0: { pop: of(4) }, 300000: { pop: of(1) } }), 'pop');
  expect(last?.seconds).toBe(30);
});
