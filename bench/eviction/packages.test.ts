import { expect, test } from 'bun:test';
import { packageTrace, packageWorkload } from './packages.ts';

const small = { ...packageWorkload, requests: 60_000, packages: 20_000, projects: 40 };

test('the same seed makes the same trace, another seed another', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => packageTrace({ ...small, seed }));
  expect(again).toEqual(first!);
  expect(other!.objects).not.toEqual(first!.objects);
});

test('is as it is said to be: heavy tails up to 100 MB, a mean as that of npm, many asked for once', () => {
  const trace = packageTrace(small);
  const largest = trace.sizes.reduce((most, size) => Math.max(most, size), 0);
  const mean = trace.footprintBytes / trace.population;
  expect(largest).toBeGreaterThan(20_000_000);
  expect(largest).toBeLessThanOrEqual(120_000_000);
  expect(mean).toBeGreaterThan(40_000);
  expect(mean).toBeLessThan(250_000);
  expect(trace.onceShare).toBeGreaterThan(0.3);
  expect(trace.onceShare).toBeLessThan(0.8);
});

test('new versions replace documents: some objects come back with another size', () => {
  const { objects, sizes } = packageTrace(small);
  const last = new Map<number, number>();
  let changed = 0;
  for (const [at, object] of objects.entries()) {
    if (last.has(object) && last.get(object) !== sizes[at]) changed++;
    last.set(object, sizes[at]!);
  }
  expect(changed).toBeGreaterThan(100);
});
