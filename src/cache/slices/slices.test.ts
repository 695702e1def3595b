import { expect, test } from 'bun:test';
import type { CacheKey } from '../../resource.ts';
import { failureOf } from '../answers.contract.ts';
import { type World, type WorldOptions, world } from '../world.contract.ts';
import { type ObjectUpstream, objectUpstream, ranged } from './upstream.contract.ts';

const slice = 64 * 1024;
const size = 10 * slice + 1000;

async function sliced(options: WorldOptions = {}): Promise<{ given: World; upstream: ObjectUpstream }> {
  const upstream = objectUpstream(size);
  const given = await world({ slices: { fromBytes: 4 * slice, bytes: slice }, ...options });
  given.parent = upstream.parent;
  return { given, upstream };
}

const range = (index: number) => `bytes=${index * slice}-${(index + 1) * slice - 1}`;

test('a range of a large object brings in the slice that it is in, and no more', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const reply = await given.get(ranged('70000-70999'));
  expect(reply.outcome).toBe('miss');
  expect(await reply.range(70_000, 70_999)).toEqual(upstream.bytes().slice(70_000, 71_000));
  await given.quiet();
  const again = await given.get(ranged('80000-80099'));
  expect(again.outcome).toBe('hit');
  expect(await again.range(80_000, 80_099)).toEqual(upstream.bytes().slice(80_000, 80_100));
  expect(upstream.ranges).toEqual([range(1)]);
});

test('a range across slices brings in those that are missing', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('70000-70999'))).range(70_000, 70_999);
  const [start, end] = [1000, 3 * slice];
  const reply = await given.get(ranged(`${start}-${end}`));
  expect(await reply.range(start, end)).toEqual(upstream.bytes().slice(start, end + 1));
  expect(upstream.ranges).toEqual([range(1), range(0), range(2), range(3)]);
});

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

test('many who want different parts at once cause one request for each slice', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const starts = Array.from({ length: 40 }, (_, at) => at * 16_000);
  const bytes = await Promise.all(
    starts.map(async (start) =>
      (await given.get(ranged(`${start}-${start + 999}`))).range(start, start + 999),
    ),
  );
  for (const [at, start] of starts.entries()) {
    expect(bytes[at]).toEqual(upstream.bytes().slice(start, start + 1000));
  }
  expect(new Set(upstream.ranges).size).toBe(upstream.ranges.length);
  expect(upstream.ranges).toHaveLength(10);
});

test('an object that fits into a slice is stored whole', async () => {
  const upstream = objectUpstream(5000);
  await using given = await world({ slices: { fromBytes: 4 * slice, bytes: slice } });
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
    slices: { fromBytes: 4 * slice, bytes: slice },
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
    slices: { fromBytes: 4 * slice, bytes: slice },
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
  await using given = await world({ slices: { fromBytes: 4 * slice, bytes: slice } });
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
  await using given = await world({ slices: { fromBytes: 4 * slice, bytes: slice } });
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

test('who leaves stops the slices to come', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const left = new AbortController();
  const { served } = await given.get(ranged('0-', { signal: left.signal }));
  if (served.source.from !== 'slices') throw new Error('it is large enough for slices');
  const whole = { start: 0, end: size - 1 };
  const opened = await served.source.object.open([whole], left.signal);
  if ('again' in opened) throw new Error('nothing has changed');
  const pieces = opened.pieces(whole);
  await pieces.next();
  left.abort();
  await failureOf(pieces.next());
  await given.quiet();
  expect(upstream.ranges).toEqual([range(0)]);
});

test('a resource that is not to be had in parts is fetched whole', async () => {
  const { given, upstream } = await sliced({ memoryObjectBytes: 1024 * 1024 });
  await using _ = given;
  await (await given.get({ headers: { range: 'bytes=70000-70999' } })).bytes();
  expect(upstream.ranges).toEqual([null]);
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

test('the whole comes from slices that are there, and the parent for the others', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('70000-70999'))).range(70_000, 70_999);
  const whole = await given.get({ inParts: true });
  expect(await whole.range(0, size - 1)).toEqual(upstream.bytes());
  expect(upstream.ranges).toHaveLength(11);
  expect(new Set(upstream.ranges).size).toBe(11);
});

test('HEAD is answered from the layout', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  const head = await given.get({ method: 'HEAD', inParts: true });
  expect(head.outcome).toBe('hit');
  expect(head.served.source.from === 'slices' && head.served.source.object.sizeBytes).toBe(size);
  expect(upstream.ranges).toHaveLength(1);
});

test('only-if-cached is honoured when all of the bytes are there, and refused when not', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  const headers = { 'cache-control': 'only-if-cached' };
  await (await given.get(ranged('1-2'))).range(1, 2);
  expect(await (await given.get(ranged('5-6', { headers }))).range(5, 6)).toEqual(
    upstream.bytes().slice(5, 7),
  );
  const refused = await given.get(ranged('70000-70001', { headers }));
  expect(await failureOf(refused.range(70_000, 70_001))).toMatchObject({ code: 'only-if-cached' });
});

test('slices outlive the process', async () => {
  const upstream = objectUpstream(size);
  const slices = { fromBytes: 4 * slice, bytes: slice };
  const first = await world({ disk: true, memoryObjectBytes: 1024, slices });
  first.parent = upstream.parent;
  await (await first.get(ranged('70000-70999'))).range(70_000, 70_999);
  const { folder, clock } = first;
  if (!folder) throw new Error('a world with a disk has a folder');
  const { cache } = first;
  await cache.close();
  await using second = await world({ disk: true, memoryObjectBytes: 1024, slices, folder, clock });
  second.parent = upstream.parent;
  const reply = await second.get(ranged('80000-80009'));
  expect(await reply.range(80_000, 80_009)).toEqual(upstream.bytes().slice(80_000, 80_010));
  expect(upstream.ranges).toHaveLength(1);
});

test('a slice that comes cut off is not stored, and whoever reads it is cut off as well', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  given.parent = (ask) => {
    const { status, headers, body } = upstream.parent(ask);
    const cut = body instanceof Uint8Array ? body.slice(0, 50_000) : body;
    return { status, headers, body: cut && new Blob([cut as Uint8Array<ArrayBuffer>]).stream() };
  };
  const reply = await given.get(ranged(`${slice}-${2 * slice - 1}`));
  await failureOf(reply.range(slice, 2 * slice - 1));
  given.parent = upstream.parent;
  const again = await given.get(ranged(`${slice}-${2 * slice - 1}`));
  expect(await again.range(slice, 2 * slice - 1)).toEqual(upstream.bytes().slice(slice, 2 * slice));
});

test('a range far ahead of a fill does not wait for it, and one that it reaches soon does', async () => {
  const big = 40 * 1024 * 1024;
  const upstream = objectUpstream(big);
  await using given = await world({
    disk: true,
    slices: { fromBytes: 4 * slice, bytes: slice },
  });
  const whole = given.get({ inParts: true });
  const pieces = (await given.nextAsk()).stream({
    'content-length': String(big),
    etag: '"v1"',
    'cache-control': 'max-age=60',
  });
  const reader = (await whole).stream().getReader();
  await pieces.push(upstream.bytes().slice(0, 1_000_000));
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
  given.parent = upstream.parent;
  const reply = await given.get(ranged('30000000-30000999'));
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(30_000_000, 30_001_000));
  expect(reply.served.forwarding?.detail).toBe('part-not-kept');
  await reader.cancel();
  await pieces.fail(new Error('over'));
});

test('a layout whose slices have no place any more does not fetch them for a few bytes', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('1-2'))).range(1, 2);
  given.cache.resize({ memoryBytes: 200_000, diskBytes: 0, slices: { fromBytes: 4 * slice, bytes: slice } });
  const reply = await given.get(ranged('70000-70009'));
  expect(await reply.bytes()).toEqual(upstream.bytes().slice(70_000, 70_010));
  expect(upstream.ranges).toEqual([range(0), 'bytes=70000-70009']);
});

test('a range far ahead of a fill waits for it when the parent has no parts to offer', async () => {
  const big = 20 * 1024 * 1024;
  const upstream = objectUpstream(big);
  upstream.knowsRanges = false;
  await using given = await world({ disk: true, slices: { fromBytes: 4 * slice, bytes: slice } });
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
