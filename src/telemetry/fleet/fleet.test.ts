import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import fc from 'fast-check';
import { temporary } from '../../../test/support/temporary.ts';
import { type Counts, report } from '../../messages/report.ts';
import { bucketBounds } from '../metrics/buckets.ts';
import { registry } from '../metrics/registry.ts';
import { requestMeter } from '../metrics/requests.ts';
import { countsOf, difference, noCounts, sumOf } from './report.ts';
import { openSeries } from './series.ts';

/** @param hits answered from memory, and as many misses, at the first bound of the histogram. */
function counted(hits: number, route = 'docs'): Counts {
  const all = registry();
  const meter = requestMeter(all, () => undefined);
  for (let at = 0; at < hits; at++) {
    meter.record(route, 'hit', 200, 100, 0.01, null);
    meter.record(route, 'miss', 502, 10, 0.01, null);
  }
  return countsOf(all.read());
}

const of = (requests: number): Counts => ({
  layers: {
    memory: {
      requests,
      bytes: requests * 10,
      buckets: [requests, ...Array.from({ length: bucketBounds.length }, () => 0)],
    },
  },
  errors: 0,
  routes: { docs: requests },
});

describe('what a node reports', () => {
  test('is by layer, with the bytes and the histogram of each', () => {
    const counts = counted(3);
    expect(counts.layers.memory).toMatchObject({ requests: 3, bytes: 300 });
    expect(counts.layers.memory?.buckets[0]).toBe(3);
    expect(counts.layers.remote).toMatchObject({ requests: 3, bytes: 30 });
    expect(counts).toMatchObject({ errors: 3, routes: { docs: 6 } });
  });

  test('names no more than fifty routes, those that are asked for most', () => {
    const all = registry();
    const meter = requestMeter(all, () => undefined);
    for (let route = 0; route < 60; route++)
      for (let at = 0; at <= route; at++) meter.record(`route-${route}`, 'hit', 200, 1, 0.01, null);
    const { routes } = countsOf(all.read());
    expect(Object.keys(routes)).toHaveLength(50);
    expect(routes['route-59']).toBe(60);
    expect(routes['route-9']).toBeUndefined();
  });

  test('adds up, and is what came since when an older report is taken from it', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (before, since) => {
        expect(difference(sumOf([of(before), of(since)]), of(before))).toEqual(of(since));
      }),
    );
    expect(difference(of(3), of(5)).layers.memory?.requests).toBe(0);
    expect(difference(of(3), noCounts)).toEqual(of(3));
  });

  test('is refused where it is something else', () => {
    expect(report.safeParse({ node: 'pop', role: 'pop' }).success).toBe(false);
  });
});

describe('a series', () => {
  const start = 1_700_000_100_000;

  test('adds what nodes counted within a step, by role or of one node alone', () => {
    const series = openSeries(':memory:');
    series.add('lhr', 'pop', of(5), start + 1_000);
    series.add('lhr', 'pop', of(2), start + 9_000);
    series.add('fra', 'pop', of(1), start + 9_500);
    series.add('eu', 'shield', of(4), start + 12_000);
    const { stepMs, points } = series.read({ fromMs: start, toMs: start + 60_000, points: 100 });
    expect(stepMs).toBe(10_000);
    const requests = points.map(({ atMs, roles }) => [
      atMs - start,
      roles.pop?.layers.memory?.requests,
      roles.shield?.layers.memory?.requests,
    ]);
    expect(requests).toEqual([
      [0, 8, undefined],
      [10_000, undefined, 4],
    ]);
    const alone = series.read({ fromMs: start, toMs: start + 60_000, points: 100, node: 'fra' });
    expect(alone.points.map(({ roles }) => roles.pop?.layers.memory?.requests)).toEqual([1]);
    series.close();
  });

  test('has no more points than are asked for, and loses nothing by that', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7_199 }), fc.integer({ min: 1, max: 9 })), {
          maxLength: 50,
        }),
        fc.integer({ min: 1, max: 300 }),
        (all, points) => {
          const series = openSeries(':memory:');
          for (const [atS, requests] of all) series.add('lhr', 'pop', of(requests), start + atS * 1000);
          const read = series.read({ fromMs: start, toMs: start + 7_200_000, points });
          series.close();
          expect(read.points.length).toBeLessThanOrEqual(points + 1);
          const sum = read.points.reduce(
            (total, { roles }) => total + (roles.pop?.layers.memory?.requests ?? 0),
            0,
          );
          expect(sum).toBe(all.reduce((total, [, requests]) => total + requests, 0));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('forgets fine steps before coarse ones, and is there again after a restart', () => {
    using folder = temporary('series');
    const path = join(folder.path, 'series.sqlite');
    const first = openSeries(path);
    first.add('lhr', 'pop', of(5), start);
    const day = 86_400_000;
    first.forget(start + day);
    first.close();
    const again = openSeries(path);
    const hour = again.read({ fromMs: start - 1_000_000, toMs: start + 1_000_000, points: 2_000 });
    expect(hour.points).toEqual([]);
    const month = again.read({ fromMs: start - 29 * day, toMs: start + day, points: 100 });
    expect(month.points.map(({ roles }) => roles.pop?.layers.memory?.requests)).toEqual([5]);
    again.forget(start + 31 * day);
    expect(again.read({ fromMs: start - 29 * day, toMs: start + day, points: 100 }).points).toEqual([]);
    again.close();
  });
});
