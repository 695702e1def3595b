import { expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import type { CacheKey } from '../../resource.ts';
import { failureOf } from '../answers.contract.ts';
import { world } from '../world.contract.ts';
import { objectUpstream, range, ranged, size, slice, sliced, slices } from './upstream.contract.ts';

test('a slice that may no longer be stored or shared drops the others', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  upstream.fields = { 'cache-control': 'private' };
  const reply = await given.get(ranged('70000-70999'));
  expect(await reply.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  const { source } = (await given.get(ranged('1-2'))).served;
  expect(source.from).toBe('parent');
});

test('variants have slices of their own', async () => {
  const [plain, packed] = [objectUpstream(size), objectUpstream(size)];
  packed.change();
  await using given = await world({ slices });
  const fields = { 'cache-control': 'max-age=60', vary: 'accept-encoding' };
  plain.fields = { ...fields, etag: '"plain"' };
  packed.fields = { ...fields, etag: '"packed"', 'content-encoding': 'gzip' };
  given.parent = (ask) =>
    (ask.exchange.headers.get('accept-encoding') === 'gzip' ? packed : plain).parent(ask);
  const both = [
    { of: plain, headers: { 'accept-encoding': 'identity' } },
    { of: packed, headers: { 'accept-encoding': 'gzip' } },
  ];
  for (const [start, end] of [
    [5, 9],
    [70_000, 70_999],
    [5, 3 * slice],
  ] as const) {
    for (const { of, headers } of both) {
      const reply = await given.get(ranged(`${start}-${end}`, { headers }));
      expect(await reply.range(start, end)).toEqual(of.bytes().slice(start, end + 1));
    }
  }
  expect(plain.ranges).toHaveLength(4);
  expect(packed.ranges).toHaveLength(4);
});

test('one request confirms all slices, and another version drops them all', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged(`0-${3 * slice}`))).range(0, 3 * slice);
  given.clock.advance(61_000);
  const confirmed = await given.get(ranged('1-2'));
  expect(confirmed.outcome).toBe('revalidated');
  expect(await confirmed.range(1, 2)).toEqual(upstream.bytes().slice(1, 3));
  expect(upstream.ranges).toHaveLength(5);
  expect((await given.get(ranged('70000-70999'))).outcome).toBe('hit');

  upstream.change();
  given.clock.advance(61_000);
  const replaced = await given.get(ranged('70000-70999'));
  expect(await replaced.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  expect(upstream.ranges.slice(5)).toEqual([range(1)]);
});

test('another version seen before the first byte is served instead', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  upstream.change();
  const reply = await given.get(ranged('70000-70999'));
  expect(await reply.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  const [start, end] = [0, 3 * slice];
  expect(await (await given.get(ranged(`${start}-${end}`))).range(start, end)).toEqual(
    upstream.bytes().slice(start, end + 1),
  );
});

test('another version seen in the midst ends the response, and the next one is all new', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  upstream.change();
  const reply = await given.get(ranged(`0-${2 * slice}`));
  expect(await failureOf(reply.range(0, 2 * slice))).toMatchObject({ code: 'upstream-changed' });
  const next = await given.get(ranged(`0-${2 * slice}`));
  expect(await next.range(0, 2 * slice)).toEqual(upstream.bytes().slice(0, 2 * slice + 1));
});

test('dropping the key drops all slices', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged(`0-${3 * slice}`))).range(0, 3 * slice);
  given.cache.drop('web /' as CacheKey);
  await (await given.get(ranged('70000-70999'))).range(70_000, 70_999);
  expect(upstream.ranges.slice(4)).toEqual([range(1)]);
});

test('slices outlive the process', async () => {
  const upstream = objectUpstream(size);
  const first = await world({ disk: true, memoryObjectBytes: 1024, slices });
  first.parent = upstream.parent;
  await (await first.get(ranged('70000-70999'))).range(70_000, 70_999);
  const { folder, clock } = first;
  if (!folder) throw new Error('a world with a disk has a folder');
  const { cache } = first;
  await eventually('the slice on disk', () => cache.stats.fills === 0, { everyMs: 1 });
  await cache.close();
  await using second = await world({ disk: true, memoryObjectBytes: 1024, slices, folder, clock });
  second.parent = upstream.parent;
  const reply = await second.get(ranged('80000-80009'));
  expect(await reply.range(80_000, 80_009)).toEqual(upstream.bytes().slice(80_000, 80_010));
  expect(upstream.ranges).toHaveLength(1);
});
