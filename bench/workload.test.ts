import { expect, test } from 'bun:test';
import { MIB } from './objects.ts';
import { workload } from './workload.ts';

const { objects, requests } = workload(200 * MIB);

test('has as many objects as fill the bytes, most of them short', () => {
  const lengths = objects.map(({ bytes }) => bytes).sort((a, b) => a - b);
  expect(lengths.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(200 * MIB);
  const [median = 0, mean] = [lengths[lengths.length >> 1], (200 * MIB) / lengths.length];
  expect(mean / median).toBeGreaterThan(2);
});

test('asks for few objects often, and for most of them some time', () => {
  const asked = requests(200_000, 1);
  const counts = Map.groupBy(asked, (path) => path);
  const first = counts.get(objects[0]?.path ?? '')?.length ?? 0;
  const hundredth = counts.get(objects[99]?.path ?? '')?.length ?? 0;
  // 100 to the power of 0.8 is 39.8.
  expect(first / hundredth).toBeGreaterThan(25);
  expect(first / hundredth).toBeLessThan(60);
  expect(counts.size).toBeGreaterThan(objects.length * 0.9);
});

test('is the same for the same seed', () => {
  expect(requests(50, 7)).toEqual(requests(50, 7));
  expect(requests(50, 7)).not.toEqual(requests(50, 8));
});
