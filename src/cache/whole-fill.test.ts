import { expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import type { MeridianError } from '../errors.ts';
import { failureOf, maxAge } from './answers.contract.ts';
import { world } from './world.contract.ts';

test('a body that comes with its head is stored by the time that anybody gets it', async () => {
  await using here = await world();
  const asking = [here.get(), here.get()];
  (await here.nextAsk()).answer('whole', maxAge(60));
  const [first, second] = await Promise.all(asking);
  expect(here.cache.stats.memory.entries).toBe(1);
  expect([first?.outcome, first?.collapsed, second?.collapsed]).toEqual(['miss', false, true]);
  expect([await first?.text(), await second?.text()]).toEqual(['whole', 'whole']);
  expect(here.asked).toHaveLength(1);
  expect((await here.get()).outcome).toBe('hit');
});

test('whoever wants a part of it gets that part, as a stream or as pieces', async () => {
  await using here = await world();
  const asking = here.get();
  (await here.nextAsk()).answer('0123456789', maxAge(60));
  const reply = await asking;
  expect(reply.served.source.from).toBe('fill');
  expect(await new Response(reply.stream(2, 5)).text()).toBe('234');
  expect(Buffer.from(await reply.range(7, 9)).toString()).toBe('789');
});

test('one that is purged while its head is under way is not stored, and still goes to who asked', async () => {
  await using here = await world();
  const asking = here.get();
  const ask = await here.nextAsk();
  here.cache.purge({ selector: { by: 'all' }, soft: false }, false);
  ask.answer('whole', maxAge(60));
  expect(await (await asking).text()).toBe('whole');
  expect(here.cache.stats.memory.entries).toBe(0);
});

test('one that memory has no place for goes to disk as ever', async () => {
  await using here = await world({ disk: true, memoryObjectBytes: 1000 });
  const asking = here.get();
  (await here.nextAsk()).answer('x'.repeat(2000), maxAge(60));
  expect((await (await asking).text()).length).toBe(2000);
  await eventually('it on disk', () => here.cache.stats.disk?.entries === 1, { everyMs: 1 });
  expect(here.cache.stats.memory.entries).toBe(0);
  expect((await here.get()).outcome).toBe('hit-disk');
});

test('a part that is shorter than its range is refused, however it came', async () => {
  const slices = { fromBytes: 64 * 1024, bytes: 64 * 1024 };
  await using here = await world({ slices });
  const fields = { ...maxAge(60), etag: '"a"', 'content-range': 'bytes 0-9/10' };
  here.parent = () => ({ status: 206, headers: new Headers(fields), body: new Uint8Array(5) });
  const wanted = { headers: { range: 'bytes=0-3' }, inParts: true };
  const { code } = (await failureOf(here.get(wanted))) as MeridianError;
  expect(code).toBe('upstream-truncated');
  expect(here.cache.stats.memory.entries).toBe(0);
});
