import { expect, test } from 'bun:test';
import type { HotEntry } from '../messages/cached.ts';
import { type Report, report } from '../messages/report.ts';
import { evictionsOf, hotOf, hottest, shownKey } from './cached.ts';

function said(node: string, worker: number, of: Partial<Pick<Report, 'hot' | 'evicted'>>): Report {
  const store = { entries: 0, bytes: 0, limitBytes: 0 };
  return report.parse({
    ...{ node, role: 'pop', worker, startedMs: 0, version: '0', urls: [], memory: store, disk: null },
    ...{ counts: { layers: {}, errors: 0, routes: {} }, rssBytes: 0, fills: 0, trouble: [], ...of },
  });
}

const used = (key: string, uses: number): HotEntry => {
  return { key, perSecond: null, why: 'used', replicas: [], uses };
};
const rated = (key: string, perSecond: number): HotEntry => {
  return { key, perSecond, why: 'rate', replicas: ['pop.2'], uses: null };
};

test('a process tells what its ring knows the rate of before what memory has used, each key once, twenty at most', () => {
  const hot = [{ key: 'docs /a', perSecond: 9, cpu: 0, why: 'rate' as const, replicas: [] }];
  const all = hottest(hot, [
    used('docs /a', 3),
    ...Array.from({ length: 30 }, (_, at) => used(`docs /${at}`, 1)),
  ]);
  expect(all).toHaveLength(20);
  expect(all[0]).toMatchObject({ key: 'docs /a', perSecond: 9, uses: null });
  expect(all.filter(({ key }) => key === 'docs /a')).toHaveLength(1);
  expect(hottest([], [used(`docs /${'x'.repeat(2_000)}`, 1)])[0]?.key).toHaveLength(512);
});

test('a key is told without the credentials in its address', () => {
  expect(shownKey('docs /a?page=2&access_token=abc')).toBe('docs /a?page=2&access_token=…');
  expect(shownKey('npm packument/full/mrd_0123456789abcdef')).toBe('npm packument/full/mrd_…');
  expect(shownKey('npm packument/full/@acme/left-pad http://a.example:4873/npm')).toBe(
    'npm packument/full/@acme/left-pad http://a.example:4873/npm',
  );
});

test('what several processes say of one key is one object, with the highest rate and all who say so', () => {
  const objects = hotOf([
    said('pop', 1, { hot: [rated('docs /a', 20), used('npm b', 3)] }),
    said('pop', 2, { hot: [rated('docs /a', 21)] }),
    said('far', 0, { hot: [used('docs /a', 30), used('npm b', 5)] }),
  ]);
  expect(objects).toMatchObject([
    {
      ...{ key: 'docs /a', route: 'docs', perSecond: 21, replicas: ['pop.2'] },
      at: [
        { node: 'pop', worker: 1 },
        { node: 'pop', worker: 2 },
        { node: 'far', worker: 0 },
      ],
    },
    { key: 'npm b', route: 'npm', uses: 5 },
  ]);
});

test('what has gone is told with where, the newest first', () => {
  const gone = (key: string, atMs: number) => {
    return { key, tier: 'disk' as const, cause: 'space', bytes: 1, ageS: 1, uses: null, atMs };
  };
  const all = evictionsOf([
    said('a', 0, { evicted: [gone('docs /1', 1)] }),
    said('b', 2, { evicted: [gone('docs /2', 2)] }),
  ]);
  expect(all.map(({ key, node, worker, route }) => [key, node, worker, route])).toEqual([
    ['docs /2', 'b', 2, 'docs'],
    ['docs /1', 'a', 0, 'docs'],
  ]);
});
