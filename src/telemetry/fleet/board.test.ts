import { describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Report } from '../../messages/report.ts';
import { openReporter, readReports } from './board.ts';
import { noCounts } from './report.ts';

const own = (requests: number, startedMs = 0): Report => ({
  ...{ node: 'fra', role: 'pop', worker: 0, startedMs, version: '1.0.0', urls: [], parents: [], place: null },
  ...{
    memory: { entries: 0, bytes: 0, limitBytes: 1 },
    disk: null,
    rssBytes: 1,
    fills: 0,
    trouble: [],
    rum: null,
    predict: null,
  },
  ...{ hot: [], evicted: [] },
  counts: { ...noCounts, routes: { docs: requests } },
});

describe('what an origin knows of a node', () => {
  test('includes what it counted between its last two reports', async () => {
    const clock = virtualClock();
    const bus = hub(clock.now);
    let now = own(5);
    const reports = readReports(bus.join('origin'), clock, () => {});
    const reporter = openReporter(bus.join('fra'), clock, () => now);
    await clock.advance(100);
    expect(reports.known.map(({ recent }) => recent)).toEqual([null]);
    now = own(12);
    await clock.advance(10_000);
    const [{ recent } = { recent: null }] = reports.known;
    expect(recent?.counts.routes).toEqual({ docs: 7 });
    expect(recent?.ms).toBe(10_000);
    now = own(3, 20_000);
    await clock.advance(10_000);
    expect(reports.known[0]?.recent, 'it was started anew').toBeNull();
    await reporter.close();
    reports.close();
  });

  test('is told for an hour after it has gone without a word, as silent; for no time, when it has ended properly', async () => {
    const clock = virtualClock();
    const bus = hub(clock.now);
    const line = bus.join('fra');
    const reports = readReports(bus.join('origin'), clock, () => {});
    const reporter = openReporter(line, clock, () => own(1));
    await clock.advance(20_000);
    expect(reports.known.map(({ silent }) => silent)).toEqual([false]);
    line.cut();
    await clock.advance(40_000);
    expect(reports.known.map(({ silent }) => silent)).toEqual([true]);
    expect([...reports.live]).toEqual([]);
    await clock.advance(3_600_000);
    expect(reports.known).toEqual([]);
    line.heal();
    await clock.advance(10_000);
    expect(reports.known.map(({ silent }) => silent)).toEqual([false]);
    await reporter.close();
    await clock.advance(100);
    expect(reports.known).toEqual([]);
    reports.close();
  });
});
