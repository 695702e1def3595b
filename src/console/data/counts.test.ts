import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { bucketBounds, quantile } from '../../telemetry/metrics/buckets.ts';
import type { Counts } from './api.ts';
import { hitShare, noCounts, offload, quantileMs, scaled, shareWithin, sumOf, total } from './counts.ts';

const layer = (requests: number, bytes: number) => ({ requests, bytes, buckets: [requests, 0] });
const counts: Counts = {
  layers: {
    memory: layer(60, 100),
    node: layer(10, 0),
    shield: layer(10, 100),
    origin: layer(5, 200),
    remote: layer(15, 600),
  },
  errors: 2,
  routes: { docs: 100 },
};

test('the hit ratio is what the node answered by itself; the offload, what never came to an origin', () => {
  expect(hitShare(counts, 'requests')).toBeCloseTo(0.7);
  expect(hitShare(counts, 'bytes')).toBeCloseTo(0.1);
  expect(offload(counts, 'requests')).toBeCloseTo(0.8);
  expect(offload(counts, 'bytes')).toBeCloseTo(0.2);
  expect(hitShare(noCounts, 'requests')).toBeNull();
  expect(offload(noCounts, 'requests')).toBeNull();
});

test('counts add up, and halves of them make a whole', () => {
  expect(sumOf([scaled(counts, 0.5), scaled(counts, 0.5)])).toEqual(counts);
  expect(total(sumOf([counts, counts]), 'requests')).toBe(200);
  expect(sumOf([counts, counts]).routes).toEqual({ docs: 200 });
});

test('percentiles are those that nodes themselves read off their histograms', () => {
  const histogram = fc.array(fc.nat(50), {
    minLength: bucketBounds.length + 1,
    maxLength: bucketBounds.length + 1,
  });
  fc.assert(
    fc.property(histogram, fc.constantFrom(0.5, 0.9, 0.99), (buckets, share) => {
      const seconds = quantile(buckets, share);
      const ms = quantileMs(bucketBounds, buckets, share);
      if (seconds === null || ms === null) expect(ms).toBe(seconds);
      else expect(ms).toBeCloseTo(seconds * 1000, 6);
    }),
  );
});

test('as many are within a percentile as its name says', () => {
  const buckets = bucketBounds.map((_, at) => at + 1).concat(0);
  for (const share of [0.5, 0.9, 0.99]) {
    const ms = quantileMs(bucketBounds, buckets, share) ?? 0;
    expect(shareWithin(bucketBounds, buckets, ms)).toBeCloseTo(share, 6);
  }
  expect(shareWithin(bucketBounds, [], 5)).toBeNull();
});
