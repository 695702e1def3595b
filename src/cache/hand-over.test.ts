import { expect, test } from 'bun:test';
import { exchange, resource } from '../../test/support/builders.ts';
import type { Exchange } from '../exchange.ts';
import { Reply } from './answers.contract.ts';
import { ranged, sliced } from './slices/upstream.contract.ts';
import { type World, world } from './world.contract.ts';

const named = resource('web /', { inParts: true });

async function handOver(given: World, headers: Record<string, string> = {}): Promise<Reply | null> {
  const from: Exchange = exchange({ headers: new Headers(headers), nowMs: given.clock.now() });
  const obtained = await given.cache.handOver(named, from);
  return obtained && new Reply(obtained, new AbortController().signal);
}

async function stored(fields: Record<string, string>, status = 200, headers = {}): Promise<World> {
  const given = await world();
  const getting = given.get({ headers });
  (await given.nextAsk()).answer('body', fields, status);
  await (await getting).bytes();
  await given.quiet();
  return given;
}

test('what is fresh is handed over, what is stale is not, and nobody is asked', async () => {
  await using given = await stored({
    'cache-control': 'max-age=60, stale-while-revalidate=600',
    etag: '"1"',
  });
  expect(Buffer.from((await (await handOver(given))?.bytes()) ?? []).toString()).toBe('body');
  given.clock.advance(61_000);
  expect(await handOver(given)).toBeNull();
  expect(given.asked).toHaveLength(1);
});

test('nothing, where nothing is stored, or was purged', async () => {
  await using given = await world();
  expect(await handOver(given)).toBeNull();
  await using purged = await stored({ 'cache-control': 'max-age=60' });
  purged.cache.purge({ selector: { by: 'all' }, soft: true }, false);
  expect(await handOver(purged)).toBeNull();
  expect(given.asked).toHaveLength(0);
});

test('errors that say that something is not there, but none that say that a server failed', async () => {
  await using missing = await stored({ 'cache-control': 'max-age=60' }, 404);
  expect((await handOver(missing))?.status).toBe(404);
  await using failing = await stored({ 'cache-control': 'max-age=60' }, 503);
  expect(await handOver(failing)).toBeNull();
});

test('the variant that the request selects, and no other', async () => {
  const fields = { 'cache-control': 'max-age=60', vary: 'accept-language' };
  await using given = await stored(fields, 200, { 'accept-language': 'de' });
  expect(await handOver(given, { 'accept-language': 'de' })).not.toBeNull();
  expect(await handOver(given, { 'accept-language': 'fr' })).toBeNull();
});

test('what was compressed or rewritten here is not handed over; its plain form is', async () => {
  const made = { 'cache-control': 'max-age=60', etag: '"1~gzip"', 'meridian-source-etag': '"1"' };
  const gzip = { 'content-encoding': 'gzip', 'meridian-coding': 'gzip' };
  const accepting = { 'accept-encoding': 'gzip' };
  await using coded = await stored({ ...made, ...gzip }, 200, accepting);
  expect(await handOver(coded, accepting)).toBeNull();
  await using untagged = await stored({ 'cache-control': 'max-age=60', ...gzip }, 200, accepting);
  expect(await handOver(untagged, accepting)).toBeNull();
  await using rewritten = await stored(made);
  expect(await handOver(rewritten)).toBeNull();
  await using plain = await stored({ 'cache-control': 'max-age=60', 'meridian-coding': 'identity' });
  expect(await handOver(plain, accepting)).not.toBeNull();
});

test('a coding that the server chose is for those that it chose it for', async () => {
  const fields = { 'cache-control': 'max-age=60', vary: 'accept-encoding' };
  await using given = await stored(fields);
  expect(await handOver(given)).not.toBeNull();
  expect(await handOver(given, { 'accept-encoding': 'gzip' })).toBeNull();
});

test('slices that are stored, and none that would have to be fetched', async () => {
  const { given, upstream } = await sliced();
  await using _ = given;
  await (await given.get(ranged('70000-70999'))).range(70_000, 70_999);
  await given.quiet();
  const asked = upstream.ranges.length;
  const near = await handOver(given, { range: 'bytes=70000-70009' });
  expect(await near?.range(70_000, 70_009)).toEqual(upstream.bytes().slice(70_000, 70_010));
  const far = await handOver(given, { range: 'bytes=500000-500009' });
  await expect(far?.range(500_000, 500_009)).rejects.toMatchObject({ code: 'only-if-cached' });
  expect(upstream.ranges).toHaveLength(asked);
});
