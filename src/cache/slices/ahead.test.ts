import { expect, test } from 'bun:test';
import { world } from '../world.contract.ts';
import { objectUpstream, range, ranged, slices } from './upstream.contract.ts';

test('a range far ahead of a fill does not wait for it, and one that it reaches soon does', async () => {
  const big = 40 * 1024 * 1024;
  const upstream = objectUpstream(big);
  await using given = await world({
    disk: true,
    slices,
  });
  const whole = given.get({ inParts: true });
  const pieces = (await given.nextAsk()).stream({
    'content-length': String(big),
    etag: '"v1"',
    'cache-control': 'max-age=60',
  });
  const reader = (await whole).stream().getReader();
  await pieces.push(upstream.bytes().slice(0, 500_000));
  await pieces.push(upstream.bytes().slice(500_000, 1_000_000));
  given.parent = upstream.parent;

  const far = await given.get(ranged('30000000-30000999'));
  expect(await far.range(30_000_000, 30_000_999)).toEqual(upstream.bytes().slice(30_000_000, 30_001_000));
  const near = await given.get(ranged('30001000-30001999'));
  expect(await near.range(30_001_000, 30_001_999)).toEqual(upstream.bytes().slice(30_001_000, 30_002_000));
  expect(upstream.ranges).toEqual([range(457)]);

  const soon = (await given.get(ranged('1000000-1000999'))).range(1_000_000, 1_000_999);
  await pieces.push(upstream.bytes().slice(1_000_000, 2_000_000));
  await pieces.push(upstream.bytes().slice(2_000_000));
  expect(await soon).toEqual(upstream.bytes().slice(1_000_000, 1_001_000));
  await pieces.end();
  await reader.cancel();
  expect(upstream.ranges).toHaveLength(1);
});

test('far ahead of a fill that cannot be told from another version, bytes come for the one who asks', async () => {
  const big = 40 * 1024 * 1024;
  const upstream = objectUpstream(big);
  upstream.fields = { etag: 'W/"weak"', 'cache-control': 'max-age=60' };
  await using given = await world({ disk: true });
  const whole = given.get({ inParts: true });
  const pieces = (await given.nextAsk()).stream({
    'content-length': String(big),
    'cache-control': 'max-age=60',
  });
  const reader = (await whole).stream().getReader();
  await pieces.push(upstream.bytes().slice(0, 1_000));
  await pieces.push(upstream.bytes().slice(1_000, 2_000));
  given.parent = upstream.parent;
  const reply = await given.get(ranged('30000000-30000999'));
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(30_000_000, 30_001_000));
  expect(reply.served.forwarding?.detail).toBe('part-not-kept');
  await reader.cancel();
  await pieces.fail(new Error('over'));
});

test('a range far ahead of a fill waits for it when the parent has no parts to offer', async () => {
  const big = 20 * 1024 * 1024;
  const upstream = objectUpstream(big);
  upstream.knowsRanges = false;
  await using given = await world({ disk: true, slices });
  const whole = given.get({ inParts: true });
  const pieces = (await given.nextAsk()).stream({
    'content-length': String(big),
    etag: '"v1"',
    'cache-control': 'max-age=60',
  });
  const reader = (await whole).stream().getReader();
  given.parent = upstream.parent;
  const waiting = Promise.all(
    ['19000000-19000999', '19001000-19001999'].map(async (text) => {
      const [start = 0, end = 0] = text.split('-').map(Number);
      return (await given.get(ranged(text))).range(start, end);
    }),
  );
  for (let at = 0; at < big; at += 4_000_000) await pieces.push(upstream.bytes().slice(at, at + 4_000_000));
  await pieces.end();
  const [first, second] = await waiting;
  expect(first).toEqual(upstream.bytes().slice(19_000_000, 19_001_000));
  expect(second).toEqual(upstream.bytes().slice(19_001_000, 19_002_000));
  // It was found out once.
  expect(upstream.ranges.length).toBeLessThanOrEqual(2);
  await reader.cancel();
});

test('what is checked as a whole is had in parts far ahead, and of these nothing is left when it has come', async () => {
  const big = 40 * 1024 * 1024;
  const upstream = objectUpstream(big);
  const inParts = 'ahead';
  await using given = await world({ disk: true, slices });
  const whole = given.get({ inParts });
  const pieces = (await given.nextAsk()).stream({
    'content-length': String(big),
    etag: '"v1"',
    'repr-digest': 'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:',
    'cache-control': 'max-age=60',
  });
  const reader = (await whole).stream().getReader();
  await pieces.push(upstream.bytes().slice(0, 500_000));
  await pieces.push(upstream.bytes().slice(500_000, 1_000_000));
  given.parent = upstream.parent;

  const far = await given.get({ ...ranged('30000000-30000999'), inParts });
  expect(await far.range(30_000_000, 30_000_999)).toEqual(upstream.bytes().slice(30_000_000, 30_001_000));
  const near = await given.get({ ...ranged('30001000-30001999'), inParts });
  expect(await near.range(30_001_000, 30_001_999)).toEqual(upstream.bytes().slice(30_001_000, 30_002_000));
  expect(upstream.ranges).toEqual([range(457)]);
  expect((await given.nextAsk()).ask.part).not.toBeUndefined();

  await pieces.fail(new Error('its digest was wrong'));
  await reader.cancel();
  // Nobody finds the slice any more: the whole is asked for, from its beginning.
  given.parent = null;
  const again = given.get({ ...ranged('30000000-30000999'), inParts });
  const asked = await given.nextAsk();
  expect(asked.ask.part ?? null).toBeNull();
  asked.answer('', {}, 503);
  await again;
});
