import { expect, test } from 'bun:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { exchange } from '../../test/support/builders.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { answerOf, maxAge, type Reply } from '../cache/answers.contract.ts';
import { type Wanted, type World, world } from '../cache/world.contract.ts';
import { MeridianError } from '../errors.ts';
import type { Ask } from '../parent.ts';
import { encoding } from './encode.ts';

const page = 'A line that comes again and again.\n'.repeat(200);
const html = { 'content-type': 'text/html', etag: '"1"', ...maxAge(60) };
const here = () => world({ asking: encoding });

function get(from: World, accepted: string | null, wanted: Wanted = {}): Promise<Reply> {
  const headers = { ...wanted.headers, ...(accepted === null ? {} : { 'accept-encoding': accepted }) };
  return from.get({ compress: true, ...wanted, headers });
}

function plain(coding: string | undefined, bytes: Uint8Array): string {
  const undo = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync };
  const by = undo[coding as keyof typeof undo];
  return Buffer.from(by ? by(bytes) : bytes).toString();
}

/** Asks, reads all of it, and says what it was. */
async function read(from: World, accepted: string | null, wanted: Wanted = {}) {
  const reply = await get(from, accepted, wanted);
  const coding = reply.field('content-encoding');
  const text = plain(coding, await reply.bytes());
  await from.quiet();
  return { coding: coding ?? 'identity', text, outcome: reply.outcome, reply };
}

for (const [accepted, coding] of [
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['br', 'br'],
  ['deflate', 'identity'],
  ['zstd;q=0, *', 'br'],
  [null, 'identity'],
] as const) {
  test(`Accept-Encoding: ${accepted} gets ${coding}`, async () => {
    await using from = await here();
    from.parent = () => answerOf(page, html);
    const first = await read(from, accepted);
    expect([first.coding, first.text]).toEqual([coding, page]);
    expect(first.reply.field('vary')).toBe('Accept-Encoding');
    const second = await read(from, accepted);
    expect([second.coding, second.text, second.outcome]).toEqual([coding, page, 'hit']);
  });
}

test('each coding is stored once, whatever else clients accept, and has a tag of its own', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, html);
  const accepted = ['zstd', 'zstd, br', 'gzip', 'gzip, x-other', 'br', null, 'identity'];
  const tags = new Set<string | undefined>();
  for (const each of accepted) tags.add((await read(from, each)).reply.field('etag'));
  expect(tags).toEqual(new Set(['"1~zstd"', '"1~gzip"', '"1~br"', '"1"']));
  expect(from.asked).toHaveLength(4);
  expect(from.cache.stats.memory.entries).toBe(4);
});

test('a variant is confirmed by the tag that the parent knows', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, { ...html, vary: 'accept-language' });
  await read(from, 'gzip');
  from.clock.advance(60_000);
  from.parent = null;
  const asking = read(from, 'gzip');
  const asked = await from.nextAsk();
  expect(asked.ask.stored).toBeNull();
  const again = await from.nextAsk();
  expect([again.ask.stored?.sourceEtag, again.ask.stored?.etag]).toEqual(['"1"', '"1~gzip"']);
  again.confirm({ etag: '"1"', vary: 'accept-language', ...maxAge(60) });
  const { outcome, coding, text, reply } = await asking;
  expect([outcome, coding, text]).toEqual(['revalidated', 'gzip', page]);
  expect(reply.field('etag')).toBe('"1~gzip"');
  expect((await read(from, 'gzip')).outcome).toBe('hit');
});

test('a HEAD brings a variant up to date, by the tag that the parent knows', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, html);
  await read(from, 'gzip');
  from.clock.advance(60_000);
  from.parent = () => ({ status: 200, headers: new Headers(html), body: null });
  const head = await get(from, 'gzip', { method: 'HEAD' });
  expect(head.field('etag')).toBe('"1~gzip"');
  await from.quiet();
  expect((await read(from, 'gzip')).outcome).toBe('hit');
});

test('a weak tag stands for every coding, a malformed one for none', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, { ...html, etag: 'W/"1"' });
  expect((await read(from, 'gzip')).reply.field('etag')).toBe('W/"1"');
  from.parent = () => answerOf(page, { ...html, etag: '1' });
  expect((await read(from, 'br')).reply.field('etag')).toBeUndefined();
});

const other = { 'content-type': 'image/png' };
for (const [what, fields, body] of [
  ['a picture', { ...html, ...other }, page],
  ['what is short', html, 'short'],
  ['what is compressed already', { ...html, 'content-encoding': 'gzip' }, page],
  ['what must not be changed', { ...html, 'cache-control': 'max-age=60, no-transform' }, page],
  ['what is private', { ...html, 'cache-control': 'private' }, page],
] as const) {
  test(`${what} stays as it is`, async () => {
    await using from = await here();
    from.parent = () => answerOf(body, fields);
    const reply = await get(from, 'gzip');
    expect(await reply.text()).toBe(body);
    expect([reply.field('etag'), reply.field('vary')]).toEqual(['"1"', undefined]);
  });
}

test('what only one client with credentials may have is not compressed', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, html);
  const personal = await read(from, 'gzip', { headers: { authorization: 'Bearer a' } });
  expect(personal.coding).toBe('identity');
});

test('a route that does not want it compresses nothing', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, html);
  expect((await read(from, 'gzip', { compress: false })).coding).toBe('identity');
});

for (const disk of [false, true]) {
  test(`when the parent fails, the plain form is better than none (${disk ? 'with' : 'without'} a disk)`, async () => {
    await using from = await world({ asking: encoding, disk, memoryObjectBytes: disk ? 1000 : 64 * 1024 });
    from.parent = () => answerOf(page, html);
    await read(from, null);
    await eventually('the fill', () => from.cache.stats.fills === 0, { everyMs: 1 });
    from.parent = () => Promise.reject(new MeridianError('upstream-unreachable', 'down'));
    const { coding, text, outcome } = await read(from, 'gzip');
    expect([coding, text, outcome]).toEqual(['identity', page, 'stale-on-error']);
    await expect(get(from, 'gzip, identity;q=0')).rejects.toMatchObject({ code: 'upstream-unreachable' });
  });
}

test('parts are parts of what is not compressed', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, html);
  expect((await read(from, 'gzip', { headers: { range: 'bytes=0-9' } })).coding).toBe('identity');
  expect((await read(from, 'gzip')).coding).toBe('gzip');
  expect((await read(from, 'gzip', { headers: { range: 'bytes=0-9' } })).outcome).toBe('hit');
});

test('a body that is cut off is not stored, compressed or not', async () => {
  await using from = await here();
  from.parent = () => answerOf(page, { ...html, 'content-length': String(page.length + 1) });
  const bytes = (await get(from, 'gzip')).bytes();
  expect(
    await bytes.then(
      () => 'whole',
      () => 'cut',
    ),
  ).toBe('cut');
  await from.quiet();
  expect(from.cache.stats.memory.entries).toBe(0);
});

test('what turns out to be short stays as it is, though nothing said so', async () => {
  await using from = await here();
  const reply = get(from, 'gzip');
  const pieces = (await from.nextAsk()).stream(html);
  await pieces.push('short');
  await pieces.end();
  expect(await (await reply).text()).toBe('short');
  expect((await reply).field('vary')).toBeUndefined();
});

test('when too much is being compressed, an answer is stored as it is rather than late', async () => {
  await using from = await here();
  const keys = Array.from({ length: 25 }, (_, at) => `web /${at}`);
  const replies = keys.map((key) => get(from, 'gzip', { key }));
  await from.quiet();
  const streams = from.asked.map((asked) => asked.stream(html));
  for (const stream of streams) await stream.push(page);
  await from.quiet();
  from.clock.advance(1000);
  const codings = (await Promise.all(replies)).map((reply) => reply.field('content-encoding') ?? 'identity');
  expect(codings.filter((coding) => coding === 'gzip')).toHaveLength(24);
  const texts = Promise.all(replies.map(async (reply) => (await reply).bytes()));
  for (const stream of streams) await stream.end();
  for (const [at, bytes] of (await texts).entries()) expect(plain(codings[at], bytes)).toBe(page);
  expect((await read(from, 'gzip', { key: 'web /24' })).outcome).toBe('hit');
});

test('what goes to the parent on the client’s own terms names the tags that the parent knows', async () => {
  let seen: Ask | undefined;
  const parent = encoding(async (ask) => {
    seen = ask;
    return answerOf('', {}, 204);
  }, virtualClock());
  const headers = new Headers({ 'if-match': '"a~zstd", W/"b", "c~d"', 'x-kept': 'yes' });
  await parent({
    exchange: exchange({ method: 'PUT', headers }),
    named: { as: 'pass', kind: 'page', why: 'method', ask: 'client' },
    stored: null,
    background: false,
    reload: false,
    signal: new AbortController().signal,
  });
  expect(seen?.exchange.headers.get('if-match')).toBe('"a", W/"b", "c~d"');
  expect(seen?.exchange.headers.get('x-kept')).toBe('yes');
});
