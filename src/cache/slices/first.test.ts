import { expect, test } from 'bun:test';
import { failureOf } from '../answers.contract.ts';
import { world } from '../world.contract.ts';
import { objectUpstream, range, ranged, size, slice, sliced, slices } from './upstream.contract.ts';

test('a suffix finds its place by the size that the first slice tells', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const reply = await given.get(ranged('-10'));
  expect(await reply.range(size - 10, size - 1)).toEqual(upstream.bytes().slice(size - 10));
  expect(upstream.ranges).toEqual([range(0), `bytes=${10 * slice}-${size - 1}`]);
});

test('a range beyond the end is found to be so, and what was found out is kept', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const reply = await given.get(ranged('100000000-'));
  const { source } = reply.served;
  expect(source.from === 'slices' && source.object.sizeBytes).toBe(size);
  expect(upstream.ranges).toHaveLength(2);
  expect((await given.get(ranged('5-9'))).outcome).toBe('hit');
});

test('an object that fits into a slice is stored whole', async () => {
  const upstream = objectUpstream(5000);
  await using given = await world({ slices });
  given.parent = upstream.parent;
  await (await given.get(ranged('10-19'))).range(10, 19);
  await given.quiet();
  const whole = await given.get();
  expect(whole.outcome).toBe('hit');
  expect(await whole.bytes()).toEqual(upstream.bytes());
  expect(upstream.ranges).toHaveLength(1);
});

test('an object in between is completed by the rest, and stored whole', async () => {
  const upstream = objectUpstream(3 * slice);
  await using given = await world({
    slices,
    memoryObjectBytes: 4 * slice,
  });
  given.parent = upstream.parent;
  const reply = await given.get(ranged('10-19'));
  expect(await reply.range(10, 19)).toEqual(upstream.bytes().slice(10, 20));
  await given.quiet();
  const whole = await given.get();
  expect(whole.outcome).toBe('hit');
  expect(await whole.bytes()).toEqual(upstream.bytes());
  expect(upstream.ranges).toEqual([range(0), `bytes=${slice}-`]);
});

test('an object that changes while it is completed is not stored, and nobody gets both versions', async () => {
  const upstream = objectUpstream(3 * slice);
  await using given = await world({
    slices,
    memoryObjectBytes: 4 * slice,
  });
  given.parent = (ask) => {
    if (ask.part?.ifRange) upstream.change();
    return upstream.parent(ask);
  };
  const reply = await given.get(ranged('10-19'));
  await failureOf(reply.range(0, 3 * slice - 1));
  expect(given.warnings.map(({ error }) => error)).toMatchObject([{ code: 'upstream-changed' }]);
  expect(given.cache.stats.memory.entries).toBe(0);
});

test('a parent that knows no ranges sends the whole, which is stored and serves them all', async () => {
  const { given, upstream } = await sliced({ memoryObjectBytes: 1024 * 1024 });
  await using _ = given;
  upstream.knowsRanges = false;
  const reply = await given.get(ranged('70000-70999'));
  expect(await reply.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  await given.quiet();
  expect((await given.get(ranged('5-9'))).outcome).toBe('hit');
  expect(upstream.ranges).toHaveLength(1);
});

test('what may not be stored is passed on as the client asked for it', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  upstream.fields = { 'cache-control': 'no-store' };
  const reply = await given.get(ranged('70000-70999'));
  expect(reply.status).toBe(206);
  expect(reply.field('content-range')).toBe(`bytes 70000-70999/${size}`);
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(70_000, 71_000));
  // The next one asks so at once.
  expect((await given.get(ranged('1-2'))).status).toBe(206);
  expect(upstream.ranges).toEqual([range(1), 'bytes=70000-70999', 'bytes=1-2']);
  expect(given.cache.stats.memory.entries).toBe(0);
});

test('without a strong validator nothing is kept in parts', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  upstream.fields = { 'cache-control': 'max-age=60', etag: 'W/"weak"' };
  const reply = await given.get(ranged('70000-70999'));
  expect(reply.status).toBe(206);
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(70_000, 71_000));
  expect(given.cache.stats.memory.entries).toBe(0);
});

test('what has a digest is fetched whole, so that it can be checked', async () => {
  const { given, upstream } = await sliced({ memoryObjectBytes: 1024 * 1024 });
  await using _ = given;
  upstream.fields = { 'cache-control': 'max-age=60', 'repr-digest': 'sha-256=:AAAA:' };
  const reply = await given.get(ranged('70000-70999'));
  expect(await reply.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  expect(upstream.ranges).toEqual([range(1), null]);
});

test('a small one that has a digest as well', async () => {
  const upstream = objectUpstream(5000);
  upstream.fields = { 'cache-control': 'max-age=60', 'repr-digest': 'sha-256=:AAAA:' };
  await using given = await world({ slices });
  given.parent = upstream.parent;
  await (await given.get(ranged('10-19'))).range(10, 19);
  expect(upstream.ranges).toEqual([range(0), null]);
});

test('what comes for somebody with credentials is for nobody else', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const headers = { authorization: 'Basic YTpi' };
  const reply = await given.get(ranged('70000-70999', { headers }));
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(70_000, 71_000));
  expect(given.cache.stats.memory.entries).toBe(0);
  expect((await given.get(ranged('70000-70999'))).outcome).toBe('miss');

  upstream.fields = { 'cache-control': 'public, max-age=60' };
  given.clock.advance(61_000);
  await (await given.get(ranged('5-9', { headers }))).range(5, 9);
  expect((await given.get(ranged('5-9'))).outcome).toBe('hit');
});

test('a resource that is not to be had in parts is fetched whole', async () => {
  const { given, upstream } = await sliced({ memoryObjectBytes: 1024 * 1024 });
  await using _ = given;
  await (await given.get({ headers: { range: 'bytes=70000-70999' } })).bytes();
  expect(upstream.ranges).toEqual([null]);
});

test('a layout whose slices have no place any more does not fetch them for a few bytes', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  given.cache.resize({ memoryBytes: 200_000, diskBytes: 0, slices, copiesShare: 1 / 8 });
  const reply = await given.get(ranged('70000-70009'));
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(70_000, 70_010));
  expect(upstream.ranges).toEqual([range(0), 'bytes=70000-70009']);
});
