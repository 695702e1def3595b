import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { openDays } from './days.ts';
import { hitsPerLook, type Popularity, popularity, type Served, type Subject } from './popularity.ts';
import { dayLengthMs, mostNames, type TopReport, topReport } from './report.ts';

const day = 20_000 * dayLengthMs;
const left: Subject = { route: 'npm', name: 'left', isDownload: true };
const page: Subject = { route: 'docs', isDownload: false };

describe('what clients ask for', () => {
  test('is counted as it comes, with who asks', () => {
    const counted = popularity(day, 1);
    counted.count(left, 'tok1', 100);
    counted.count(left, null, 100);
    counted.count({ ...left, isDownload: false }, 'tok1', 30);
    counted.count(page, null, 7);
    const { dayMs, package: packages, token: tokens } = counted.read(day);
    expect(dayMs).toBe(day);
    expect(packages.top).toEqual([{ route: 'npm', name: 'left', requests: 3, downloads: 2, bytes: 230 }]);
    expect(packages.totals).toContainEqual({ route: 'docs', requests: 0, downloads: 0, bytes: 0 });
    expect(tokens.top).toEqual([
      { route: 'npm', name: 'tok1', requests: 2, downloads: 1, bytes: 130 },
      { route: 'npm', name: 'anonymous', requests: 1, downloads: 1, bytes: 100 },
      { route: 'docs', name: 'anonymous', requests: 1, downloads: 0, bytes: 7 },
    ]);
    expect(tokens.totals).toContainEqual({ route: 'npm', requests: 3, downloads: 2, bytes: 230 });
  });

  test('is told with whoever has fetched it, by his token', () => {
    const counted = popularity(day, 1);
    for (let times = 0; times < 3; times++) counted.count(left, 'tok1', 100);
    counted.count(left, 'tok2', 100);
    counted.count({ ...left, isDownload: false }, 'tok2', 30);
    counted.count({ ...left, name: 'x'.repeat(255) }, 'tok2', 30);
    counted.count(left, null, 100);
    expect(counted.read(day).download.top).toEqual([
      { route: 'npm', name: 'left tok1', requests: 3, downloads: 3, bytes: 300 },
      { route: 'npm', name: 'left tok2', requests: 1, downloads: 1, bytes: 100 },
    ]);
  });

  test('is exact where hits are counted elsewhere and gathered, however many heads there are', () => {
    const counted = popularity(day, 1);
    const served: Served[] = Array.from({ length: 5_000 }, () => ({ hits: 0 }));
    for (let round = 0; round < 3; round++)
      for (const each of served) if (each.hits++ === 0) counted.serve(each, left, 10);
    expect(counted.read(day).package.top[0]).toMatchObject({ requests: 15_000, bytes: 150_000 });
    expect(served.every(({ hits }) => hits === 0)).toBe(true);
  });

  test('finds who has most of the hits of a route that everybody may read, by looking at some of them', () => {
    const counted = popularity(day, 7);
    const hits = 64_000;
    const served: Served = { hits: 0 };
    // In step with any pattern: every second one is of the same token.
    for (let at = 0; at < hits; at++) {
      if (served.hits++ === 0) counted.serve(served, left, 10);
      if (counted.looks() && at % 2 === 0) counted.name(left, 'tok1', 10, hitsPerLook);
    }
    const { top } = counted.read(day).token;
    const of = (name: string) => top.find((line) => line.name === name)?.requests ?? 0;
    expect(Math.abs(of('tok1') - hits / 2)).toBeLessThan(4 * 4 * Math.sqrt(hits / 2));
    expect(of('tok1') + of('anonymous')).toBe(hits);
  });

  test('is told of a day once it is over, and then begins anew', () => {
    const counted = popularity(day, 1);
    counted.count(left, null, 1);
    expect(counted.read(day + dayLengthMs)).toMatchObject({
      dayMs: day,
      package: { top: [{ requests: 1 }] },
    });
    counted.count(left, null, 1);
    counted.count(left, null, 1);
    const next = counted.read(day + dayLengthMs);
    expect(next).toMatchObject({ dayMs: day + dayLengthMs, package: { top: [{ requests: 2 }] } });
  });

  test('makes a report of bounded size, in which a quiet route has its place', () => {
    const counted = popularity(day, 1);
    for (let at = 0; at < 3_000; at++) {
      const name = `@scope/${'x'.repeat(200)}-${at}`;
      for (let times = 0; times < 3; times++) counted.count({ ...left, name }, `token-${at}`, 10);
    }
    counted.count({ route: 'quiet', name: 'seldom', isDownload: true }, null, 1);
    counted.count({ ...left, name: 'x'.repeat(300) }, null, 1);
    const said = reportOf(counted, 'pop');
    expect(said.package.top).toHaveLength(mostNames.package);
    expect(said.token.top.length).toBeLessThanOrEqual(mostNames.token);
    expect(said.package.top.some(({ route }) => route === 'quiet')).toBe(true);
    expect(said.package.top.every(({ name }) => name.length <= 256)).toBe(true);
    expect(said.download.top).toHaveLength(mostNames.download);
    expect(JSON.stringify(said).length).toBeLessThan(64 * 1024);
    expect(topReport.parse(JSON.parse(JSON.stringify(said)))).toEqual(said);
  });
});

function reportOf(counted: Popularity, node: string, startedMs = 1, now = day): TopReport {
  return { node, worker: 0, startedMs, ...counted.read(now) };
}

describe('the origin', () => {
  function world() {
    const days = openDays(new Database(':memory:', { strict: true }));
    const read = (more: object = {}) =>
      days.read({ by: 'package', fromMs: day, toMs: day + 1, limit: 10, ...more });
    return { days, read };
  }

  test('adds up nodes, their lives and days, and takes the same report twice for one', () => {
    const { days, read } = world();
    const [lhr, fra] = [popularity(day, 1), popularity(day, 1)];
    for (let times = 0; times < 3; times++) lhr.count(left, null, 10);
    fra.count(left, null, 10);
    fra.count({ ...left, name: 'right' }, 'tok1', 10);
    const first = reportOf(lhr, 'lhr');
    days.put(first);
    lhr.count(left, null, 10);
    days.put(reportOf(lhr, 'lhr'));
    // What comes late, or again, takes nothing away.
    days.put(first);
    days.put(reportOf(fra, 'fra'));
    days.put(reportOf(fra, 'fra', 2));
    expect(read()).toEqual({
      fromMs: day,
      toMs: day + dayLengthMs,
      missed: 0,
      total: { requests: 8, downloads: 8, bytes: 80 },
      top: [
        {
          ...{ route: 'npm', name: 'left', requests: 6, downloads: 6, bytes: 60 },
          nodes: [
            { node: 'lhr', requests: 4, downloads: 4, bytes: 40 },
            { node: 'fra', requests: 2, downloads: 2, bytes: 20 },
          ],
        },
        {
          ...{ route: 'npm', name: 'right', requests: 2, downloads: 2, bytes: 20 },
          nodes: [{ node: 'fra', requests: 2, downloads: 2, bytes: 20 }],
        },
      ],
    });
    expect(read({ node: 'lhr' }).top).toHaveLength(1);
    expect(read({ name: 'right' }).top.map(({ name }) => name)).toEqual(['right']);
    expect(read({ route: 'other' }).top).toEqual([]);
    expect(read({ by: 'token' }).top.map(({ name }) => name)).toEqual(['anonymous', 'tok1']);
    expect(read({ limit: 1 }).top).toHaveLength(1);
    expect(read({ fromMs: day + dayLengthMs, toMs: day + 2 * dayLengthMs }).top).toEqual([]);
  });

  test('knows whose tokens fetched a package, over all nodes, and not those of another with a longer name', () => {
    const { days } = world();
    const [lhr, fra] = [popularity(day, 1), popularity(day, 1)];
    lhr.count(left, 'tok1', 10);
    fra.count(left, 'tok1', 10);
    fra.count(left, 'tok2', 10);
    fra.count({ ...left, name: 'left-pad' }, 'tok3', 10);
    fra.count({ ...left, route: 'other' }, 'tok4', 10);
    days.put(reportOf(lhr, 'lhr'));
    days.put(reportOf(fra, 'fra'));
    const asked = { route: 'npm', name: 'left', fromMs: day, toMs: day + 1, limit: 10 };
    expect(days.who(asked)).toEqual([
      { token: 'tok1', requests: 2, downloads: 2, bytes: 20 },
      { token: 'tok2', requests: 1, downloads: 1, bytes: 10 },
    ]);
    expect(days.who({ ...asked, limit: 1 })).toHaveLength(1);
    expect(days.who({ ...asked, fromMs: day + dayLengthMs, toMs: day + 2 * dayLengthMs })).toEqual([]);
  });

  test('takes the report of a process that does not tell of them', () => {
    const { download: _, ...older } = reportOf(popularity(day, 1), 'pop');
    expect(topReport.parse(older).download.top).toEqual([]);
  });

  test('keeps thirty days, and so many names of one', () => {
    const { days, read } = world();
    for (let process = 0; process < 300; process++) {
      const counted = popularity(day, 1);
      for (let at = 0; at < 100; at++) counted.count({ ...left, name: `p${process}.${at}` }, null, 1);
      days.put(reportOf(counted, `n${process}`));
    }
    const kept = read({ limit: 100_000 }).top.length;
    expect(kept).toBeGreaterThan(15_000);
    expect(kept).toBeLessThan(20_200);
    days.forget(day + 30 * dayLengthMs);
    expect(read().top).not.toEqual([]);
    days.forget(day + 31 * dayLengthMs);
    expect(read().top).toEqual([]);
  });
});
