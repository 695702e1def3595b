import { expect, test } from 'bun:test';
import { failureOf } from '../answers.contract.ts';
import { range, ranged, size, slice, sliced } from './upstream.contract.ts';

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

test('who reads slowly holds up nobody, and nothing is read far ahead of him', async () => {
  const { given, upstream } = await sliced({ disk: true, memoryObjectBytes: 1024 });
  await using _ = given;
  const gone = new AbortController();
  const { served } = await given.get(ranged('0-', { signal: gone.signal }));
  if (served.source.from !== 'slices') throw new Error('it is large enough for slices');
  const whole = { start: 0, end: size - 1 };
  const opened = await served.source.object.open([whole], gone.signal);
  if ('again' in opened) throw new Error('nothing has changed');
  const slow = opened.pieces(whole);
  let received = 0;
  while (received <= slice) received += (await slow.next()).value?.length ?? 0;
  await given.quiet();
  expect(upstream.ranges.length).toBeLessThanOrEqual(3);

  const fast = await (await given.get(ranged('0-'))).range(0, size - 1);
  expect(fast).toEqual(upstream.bytes());
  for await (const piece of slow) received += piece.length;
  expect(received).toBe(size);
  expect(upstream.ranges).toHaveLength(11);
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
  // It ends, or fails where it was waiting for bytes: nobody is there to see.
  expect(await pieces.next().catch(() => ({ done: true }))).toMatchObject({ done: true });
  await given.quiet();
  expect(upstream.ranges).toEqual([range(0)]);
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
