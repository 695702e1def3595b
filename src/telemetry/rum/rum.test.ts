import { describe, expect, test } from 'bun:test';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { builtPageScript } from '../../../scripts/page-script.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import { rumReport } from '../../messages/rum.ts';
import { registry } from '../metrics/registry.ts';
import { openAllowance } from './allowance.ts';
import { type Beacon, readBeacon, type Timing } from './beacon.ts';
import { openMeasured } from './measured.ts';
import { openNetworks } from './networks.ts';
import { overviewOf } from './report.ts';
import { pageScript } from './script.ts';

describe('the script for pages', () => {
  test('is what its source builds to: else run `bun scripts/page-script.ts`', async () => {
    expect(pageScript).toBe(await builtPageScript());
  });

  test('is smaller than 3 KiB, compressed or not', () => {
    expect(Buffer.byteLength(pageScript)).toBeLessThan(3072);
    expect(brotliCompressSync(pageScript).length).toBeLessThan(1024);
  });

  test('reads no cookie and keeps nothing in the browser', () => {
    expect(pageScript).not.toMatch(/cookie|localStorage|sessionStorage|indexedDB|userAgent|location/);
  });
});

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const beacon = (...timings: Timing[]): Beacon => ({ v: 1, from: 'page', timings });

describe('a beacon', () => {
  test('is read when it is what it should be', () => {
    const good = beacon({ pop: 'lhr', connect: 12.5, ttfb: 20, download: 3, bytes: 1000 });
    expect(readBeacon(bytes(good))).toEqual(good);
  });

  const timing = { pop: 'lhr', ttfb: 1 };
  const bad: [string, unknown, RegExp][] = [
    ['nothing', '', /not JSON/],
    ['half of it', '{"v":1,', /not JSON/],
    ['what is no text', Buffer.from([0xff, 0xfe]).toString('latin1').repeat(3), /not JSON/],
    ['a list', [], /expected object/],
    ['null', null, /expected object/],
    ['another version', { v: 2, from: 'page', timings: [timing] }, /^v: /],
    ['another sender', { v: 1, from: 'curl', timings: [timing] }, /^from: /],
    ['no timings', { v: 1, from: 'page', timings: [] }, /^timings: /],
    ['too many timings', beacon(...Array.from({ length: 51 }, () => timing)), /^timings: /],
    ['no PoP', { v: 1, from: 'page', timings: [{ ttfb: 1 }] }, /^timings\.0\.pop: /],
    ['the name of a PoP that nobody can have', beacon({ pop: 'x'.repeat(64) }), /^timings\.0\.pop: /],
    ['time that runs back', beacon({ pop: 'lhr', ttfb: -1 }), /^timings\.0\.ttfb: /],
    ['eleven minutes', beacon({ pop: 'lhr', ttfb: 660_000 }), /^timings\.0\.ttfb: /],
    [
      'text for a number',
      { v: 1, from: 'page', timings: [{ pop: 'lhr', ttfb: '1' }] },
      /^timings\.0\.ttfb: /,
    ],
    ['half a byte', beacon({ pop: 'lhr', bytes: 0.5 }), /^timings\.0\.bytes: /],
    ['more than it takes', { ...beacon(timing), url: '/private' }, /url/],
    ['more of one timing', { v: 1, from: 'page', timings: [{ ...timing, user: 'ada' }] }, /user/],
  ];
  for (const [what, body, why] of bad)
    test(`that holds ${what} is refused with a reason`, () => {
      expect(readBeacon(bytes(body))).toMatch(why);
    });

  test('of any bytes is read or refused, and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => typeof readBeacon(any) === 'string'));
    fc.assert(fc.property(fc.json(), (any) => typeof readBeacon(bytes(any)) === 'string'));
  });
});

const isPop = (name: string) => name === 'lhr' || name === 'fra';

describe('what was told', () => {
  test('is counted by PoP and kind, and seen as percentiles by PoP and client network', () => {
    const counted = registry();
    const measured = openMeasured(counted, virtualClock());
    for (let at = 0; at < 20; at++)
      measured.record(
        beacon(
          { pop: 'lhr', connect: 15, ttfb: 30, download: 100, bytes: 50_000 },
          { pop: 'fra', connect: 150 },
          { pop: 'elsewhere', connect: 1 },
        ),
        '192.0.2.77',
        isPop,
      );
    const seen = overviewOf([rumReport.parse(measured.report())]);
    const lhr = seen.pops.find(({ pop }) => pop === 'lhr');
    expect(lhr?.kinds.connect).toMatchObject({ count: 20, p50Ms: 15 });
    expect(lhr?.kinds.ttfb?.p95Ms).toBeWithin(20, 50.01);
    expect(lhr?.bytesPerS).toBe(500_000);
    expect(seen.pops.map(({ pop }) => pop)).toEqual(['lhr', 'fra']);
    expect(seen.networks.map(({ network, pop, weight }) => [network, pop, weight])).toEqual([
      ['192.0.2.0/24', 'lhr', 20],
      ['192.0.2.0/24', 'fra', 20],
    ]);
    expect(seen.networks[1]?.kinds.connect?.p50Ms).toBeWithin(100, 200);
    const durations = counted.read()['meridian.rum.duration'] ?? [];
    expect(durations.map(({ labels }) => labels.join(' '))).toEqual([
      'lhr connect',
      'lhr ttfb',
      'lhr download',
      'fra connect',
    ]);
  });

  test('holds no address, only the block that it lies in', () => {
    const measured = openMeasured(registry(), virtualClock());
    for (const address of ['198.51.100.23', '2001:db8:1:2:3:4:5:6', '::ffff:203.0.113.9', 'unix'])
      measured.record(beacon({ pop: 'lhr', connect: 1 }), address, isPop);
    const networks = measured.report()?.networks.map(({ network }) => network);
    expect(networks).toEqual(['198.51.100.0/24', '2001:db8:1::/48', '203.0.113.0/24']);
  });

  test('counts half as much after ten minutes, and is forgotten in the end', () => {
    const clock = virtualClock();
    const measured = openMeasured(registry(), clock);
    const tell = (ms: number, times: number) => {
      for (let at = 0; at < times; at++)
        measured.record(beacon({ pop: 'lhr', connect: ms }), '192.0.2.1', isPop);
    };
    tell(400, 8);
    clock.advance(600_000);
    tell(8, 8);
    const now = () => overviewOf([measured.report()!]);
    expect(now().pops[0]?.kinds.connect?.count).toBeCloseTo(12, 1);
    expect(now().pops[0]?.kinds.connect?.p50Ms).toBeWithin(5, 10.01);
    clock.advance(6 * 3_600_000);
    expect(now().networks).toEqual([]);
  });

  test('by several processes is taken together', () => {
    const of = (ms: number) => {
      const measured = openMeasured(registry(), virtualClock());
      measured.record(beacon({ pop: 'lhr', connect: ms }), '192.0.2.1', isPop);
      return measured.report()!;
    };
    const { pops, networks } = overviewOf([of(1), of(1), of(100)]);
    expect(pops[0]?.kinds.connect?.count).toBe(3);
    expect(networks).toMatchObject([{ network: '192.0.2.0/24', weight: 3 }]);
  });

  test('of a million networks takes the places of a thousand, and the busiest keep theirs', () => {
    const networks = openNetworks(100);
    for (let at = 0; at < 20_000; at++) {
      networks.record(`${at % 7919}.0.0.0/24`, 'lhr', [['connect', 5]]);
      if (at % 4 === 0) networks.record('192.0.2.0/24', 'lhr', [['connect', 20]]);
    }
    expect(networks.size).toBe(100);
    const [first] = networks.top(1);
    expect(first?.network).toBe('192.0.2.0/24');
    expect(first?.weight).toBeWithin(5000, 5300);
  });

  test('fits into a report, however much it is', () => {
    const measured = openMeasured(registry(), virtualClock());
    for (let at = 0; at < 3000; at++)
      measured.record(
        beacon({ pop: 'lhr', connect: at % 300, ttfb: at }),
        `10.${at >> 8}.${at & 255}.1`,
        isPop,
      );
    const said = JSON.stringify(measured.report());
    expect(said.length).toBeLessThan(64 * 1024);
  });
});

describe('the allowance', () => {
  const settings = { beaconsPerS: 10, clientBeaconsPerMinute: 3 };

  test('is so many for a client in a minute, and says how long to wait', () => {
    const clock = virtualClock();
    const allowance = openAllowance(clock);
    const ask = () => allowance.waitS('192.0.2.1', settings);
    expect([ask(), ask(), ask()]).toEqual([0, 0, 0]);
    expect(ask()).toBe(20);
    clock.advance(20_000);
    expect(ask()).toBe(0);
    expect(ask()).toBe(20);
    expect(allowance.waitS('192.0.2.2', settings)).toBe(0);
  });

  test('is so many for all in a second', () => {
    const clock = virtualClock();
    const allowance = openAllowance(clock);
    const taken = Array.from({ length: 100 }, (_, at) => allowance.waitS(`client ${at}`, settings));
    expect(taken.filter((waitS) => waitS === 0)).toHaveLength(10);
    clock.advance(1000);
    expect(allowance.waitS('another', settings)).toBe(0);
  });

  test('remembers so many clients and no more', () => {
    const allowance = openAllowance(virtualClock(), 50);
    for (let at = 0; at < 1000; at++) allowance.waitS(`client ${at}`, settings);
    expect(allowance.clients).toBe(50);
  });
});
