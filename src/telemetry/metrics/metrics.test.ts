import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import fc from 'fast-check';
import { available } from '../../../test/support/needs.ts';
import { bucketBounds, bucketOf, quantile } from './buckets.ts';
import { ratesBetween } from './rates.ts';
import { metricsReference } from './reference.ts';
import { registry } from './registry.ts';
import { requestMeter } from './requests.ts';
import { restarts } from './restarts.ts';
import { snapshotMessage, together } from './snapshot.ts';
import { formatFor, metricsText } from './text.ts';

const about = { node: 'pop "a"', role: 'pop' };

test('a bucket holds what is above the bound before it, up to its own', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 100, noNaN: true }), (value) => {
      const at = bucketOf(value);
      expect(value).toBeLessThanOrEqual(bucketBounds[at] ?? Number.POSITIVE_INFINITY);
      if (at > 0) expect(value).toBeGreaterThan(bucketBounds[at - 1] ?? 0);
    }),
  );
});

describe('a percentile', () => {
  test('lies in the bucket that the value of that rank is in', () => {
    const values = fc.array(fc.double({ min: 0.00001, max: 49, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99, 1), (all, share) => {
        const counts = Array.from({ length: bucketBounds.length + 1 }, () => 0);
        for (const value of all) counts[bucketOf(value)]! += 1;
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * all.length) - 1]!;
        const at = bucketOf(exact);
        const read = quantile(counts, share)!;
        expect(read).toBeLessThanOrEqual(bucketBounds[at]!);
        expect(read).toBeGreaterThanOrEqual(at === 0 ? 0 : bucketBounds[at - 1]!);
      }),
    );
  });

  test('of nothing is not known', () => {
    expect(quantile([0, 0, 0], 0.5)).toBeNull();
  });

  test('beyond the last bound is that bound', () => {
    const counts = Array.from({ length: bucketBounds.length + 1 }, () => 0);
    counts[bucketBounds.length] = 1;
    expect(quantile(counts, 0.5)).toBe(bucketBounds.at(-1)!);
  });
});

function someRequests() {
  const counted = registry();
  const meter = requestMeter(counted, (name) =>
    name === 'eu' ? 'shield' : name === 'lhr' ? 'pop' : undefined,
  );
  meter.record('docs', 'hit', 200, 1024, 0.04, null);
  meter.record('docs', 'hit', 200, 1024, 0.05, null);
  meter.record('docs', 'miss', 200, 10, 21, 'origin;fwd=uri-miss, eu;hit;ttl=3');
  meter.record('docs', 'miss', 200, 10, 22, 'lhr;hit');
  meter.record('docs', 'miss', 404, null, 250, 'origin;fwd=uri-miss;fwd-status=404, eu;fwd=uri-miss');
  meter.record('', 'error', 404, 300, 0.2, null);
  return counted;
}

test('requests are counted by what they were answered from, however far away that was', () => {
  const durations = someRequests().read()['http.server.request.duration'] ?? [];
  const counts = durations.map(({ labels, value }) => [
    labels.join(' '),
    typeof value === 'number' ? value : value.counts.reduce((sum, count) => sum + count, 0),
  ]);
  expect(Object.fromEntries(counts)).toEqual({
    'docs memory': 2,
    'docs shield': 1,
    'docs sibling': 1,
    'docs remote': 1,
    ' node': 1,
  });
});

describe('the text', () => {
  const snapshot = someRequests().read();

  test('has what was counted, with the bounds of histograms cumulative and in seconds', () => {
    const text = metricsText(snapshot, about, 'prometheus');
    const labels = 'node="pop \\"a\\"",role="pop",route="docs"';
    expect(text).toContain(`meridian_requests_total{${labels},outcome="hit",status="200"} 2\n`);
    expect(text).toContain(`meridian_response_size_bytes_total{${labels},layer="memory"} 2048\n`);
    expect(text).toContain(
      `http_server_request_duration_seconds_bucket{${labels},layer="memory",le="0.00005"} 2\n`,
    );
    expect(text).toContain(
      `http_server_request_duration_seconds_bucket{${labels},layer="memory",le="+Inf"} 2\n`,
    );
  });

  test('shows exemplars and its end to whoever reads OpenMetrics', () => {
    const counted = registry();
    const histogram = counted.histogram('http.server.request.duration', 'docs', 'remote');
    histogram.record(0.3);
    histogram.exemplify({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', value: 0.3, atMs: 1_700_000_000_500 });
    const text = metricsText(counted.read(), about, 'openmetrics');
    expect(text).toContain('le="0.5"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.3 1700000000.5\n');
    expect(text).toEndWith('# EOF\n');
    expect(metricsText(counted.read(), about, 'prometheus')).not.toContain('trace_id');
  });

  test('is the one that the scraper asks for', () => {
    const prometheus =
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';
    expect(formatFor(prometheus)).toBe('openmetrics');
    expect(formatFor('text/plain')).toBe('prometheus');
    expect(formatFor(null)).toBe('prometheus');
  });

  const promtool = Bun.which('promtool');
  const missing = promtool === null ? 'promtool is not installed (Debian: prometheus)' : null;
  test.skipIf(!available('promtool', missing))('has nothing that promtool objects to', async () => {
    const check = Bun.spawn(['promtool', 'check', 'metrics'], {
      stdin: Buffer.from(metricsText(snapshot, about, 'prometheus')),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect(await check.stdout.text()).toBe('');
    expect(await check.stderr.text()).toBe('');
    expect(await check.exited).toBe(0);
  });
});

describe('several processes', () => {
  test('come to the sum of what they count, and as JSON to the same', () => {
    const one = someRequests().read();
    const passed = snapshotMessage.parse(JSON.parse(JSON.stringify(one)));
    expect(passed).toEqual(one);
    const both = together([one, passed]);
    expect(both['meridian.requests']?.[0]?.value).toBe(4);
    const [duration] = both['http.server.request.duration'] ?? [];
    expect(typeof duration?.value === 'object' && duration.value.sum).toBeCloseTo(0.00018, 8);
  });

  test('have a parent that is up only if it is so for all of them', () => {
    const says = (value: number) => ({ 'meridian.parent.up': [{ labels: ['eu'], value }] });
    expect(together([says(1), says(0)])['meridian.parent.up']?.[0]?.value).toBe(0);
  });

  test('that are started again go on counting where they were, and show no size twice', () => {
    const says = (requests: number) => ({
      'meridian.requests': [{ labels: ['docs', 'hit', '200'], value: requests }],
      'process.memory.usage': [{ labels: [], value: 100 }],
    });
    const life = restarts();
    expect(life.read(1, says(10))).toEqual(says(10));
    expect(life.read(1, says(15))).toEqual(says(15));
    expect(life.read(undefined, undefined)['meridian.requests']?.[0]?.value).toBe(15);
    expect(life.read(2, says(3))).toEqual(says(18));
    expect(life.read(2, says(4))).toEqual(says(19));
  });
});

test('between two looks, shares and percentiles are of what came since, not of all time', () => {
  const counted = registry();
  const meter = requestMeter(counted, () => 'shield');
  for (let at = 0; at < 100; at++) meter.record('docs', 'miss', 200, 10, 900, null);
  const before = counted.read();
  for (let at = 0; at < 75; at++) meter.record('docs', 'hit', 200, 1000, 0.04, null);
  for (let at = 0; at < 20; at++) meter.record('docs', 'miss', 200, 1000, 15, 'eu;hit');
  for (let at = 0; at < 5; at++) meter.record('docs', 'error', 502, 10, 0.1, null);
  const rates = ratesBetween(before, counted.read(), 10);
  expect(rates).toMatchObject({ requestsPerS: 10, hitShare: 0.8, errorShare: 0.05, bytesPerS: 9505 });
  expect(rates.layers.memory?.perS).toBe(7.5);
  expect(rates.layers.shield?.p95).toBeGreaterThan(0.01);
  expect(rates.p50).toBeLessThan(0.00005);
  expect(rates.p99).toBeGreaterThan(0.01);
  expect(ratesBetween(before, before, 10)).toMatchObject({ requestsPerS: 0, hitShare: null, p50: null });
});

test('what another version counts and this one does not know is left out', () => {
  expect(snapshotMessage.parse({ 'meridian.of.tomorrow': [{ labels: [], value: 1 }] })).toEqual({});
});

test('labels that come without end share one series', () => {
  const counted = registry();
  for (let at = 0; at < 5_100; at++)
    counted.counter('meridian.requests', `route-${at}`, 'hit', '200').value++;
  const samples = counted.read()['meridian.requests'] ?? [];
  expect(samples).toHaveLength(5_001);
  expect(samples.find(({ labels }) => labels[0] === 'other')?.value).toBe(100);
});

test('the page of metrics is up to date (`npm run -s meridian reference metrics > docs/reference/metrics.md`)', async () => {
  const page = join(import.meta.dir, '../../../docs/reference/metrics.md');
  expect(await Bun.file(page).text()).toBe(metricsReference());
});
