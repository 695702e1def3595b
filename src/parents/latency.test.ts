import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { latency } from './latency.ts';

test('nothing is concluded from a few answers', () => {
  const pace = latency();
  for (let n = 0; n < 31; n++) pace.note(1);
  expect(pace.p95Ms).toBeNull();
  pace.note(1);
  expect(pace.p95Ms).not.toBeNull();
});

test('is the 95th percentile, up to a fifth too much', () => {
  const times = fc.array(fc.double({ min: 0.2, max: 5_000, noNaN: true }), {
    minLength: 320,
    maxLength: 640,
  });
  fc.assert(
    fc.property(times, (all) => {
      const known = all.slice(0, all.length - (all.length % 32));
      const pace = latency();
      for (const ms of known) pace.note(ms);
      const exact = known.toSorted((a, b) => a - b)[Math.ceil(known.length * 0.95) - 1] ?? 0;
      expect(pace.p95Ms ?? 0).toBeGreaterThanOrEqual(exact * 0.999);
      expect(pace.p95Ms ?? 0).toBeLessThanOrEqual(exact * 1.2);
    }),
  );
});

test('follows a parent that has become slow', () => {
  const pace = latency();
  for (let n = 0; n < 100_000; n++) pace.note(1);
  for (let n = 0; n < 1_000; n++) pace.note(100);
  expect(pace.p95Ms).toBeGreaterThan(90);
});
