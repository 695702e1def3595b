import { afterEach, expect, test } from 'bun:test';
import { failureOf, maxAge, noise, turns } from '../cache/answers.contract.ts';
import { MeridianError } from '../errors.ts';
import { answering, filled, leaveRegions, node, region } from './region.contract.ts';

afterEach(leaveRegions);

test('what one node has fetched, another one of the region has from the store', async () => {
  const at = region();
  const first = await filled(at, 'hello', { ...maxAge(60), etag: '"1"' });
  expect(first.copies.stats.kept).toBe(1);
  at.clock.advance(10_000);
  const second = await node(at);
  const { text, status, wasAsked } = await second.get();
  expect([text, wasAsked]).toEqual(['hello', false]);
  expect(status).toBe('eu;hit;ttl=50;detail=kv');
});

test('a copy is as old as what it is a copy of', async () => {
  const at = region();
  await filled(at, 'hello', { ...maxAge(60), age: '20' });
  at.clock.advance(10_000);
  const second = await node(at);
  await second.get();
  at.clock.advance(29_000);
  expect((await second.get()).wasAsked).toBe(false);
  second.world.parent = answering('newer');
  at.clock.advance(2000);
  expect((await second.get()).text).toBe('newer');
});

test('the response says that the store was asked, and what it took', async () => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('hello', { ...maxAge(60), 'cache-status': 'origin;fwd=uri-miss' });
  const { status } = await first.get();
  expect(status).toBe('origin;fwd=uri-miss, eu;fwd=uri-miss;fwd-status=200;stored');
  const second = await node(at);
  const reply = await second.world.get();
  expect(reply.served.forwarding?.serverTiming).toMatch(/^eu;dur=/);
  await reply.bytes();
});

test.each([
  ['private', { 'cache-control': 'private, max-age=60' }],
  ['no-store', { 'cache-control': 'no-store' }],
  ['a cookie', { ...maxAge(60), 'set-cookie': 'session=1' }],
  ['Vary: *', { ...maxAge(60), vary: '*' }],
  ['without freshness', {}],
  ['stale on arrival', { ...maxAge(60), age: '61' }],
])('%s: never goes into the store', async (_, fields) => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('secret', fields);
  await first.get();
  expect([...at.store.values.keys(), ...at.store.long.keys()]).toEqual([]);
});

test('an answer to a request with credentials goes there only when it says that it is for all', async () => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('mine');
  await first.get({ headers: { authorization: 'Bearer x' } });
  expect(at.store.values.size).toBe(0);
  first.world.parent = answering('for all', { 'cache-control': 'public, max-age=60' });
  await first.get({ headers: { authorization: 'Bearer x' } });
  expect(at.store.values.size).toBe(1);
});

test('variants lie apart', async () => {
  const at = region();
  const first = await node(at);
  const fields = { ...maxAge(60), vary: 'Accept-Language' };
  first.world.parent = ({ exchange }) => answering(`in ${exchange.headers.get('accept-language')}`, fields)();
  await first.get({ headers: { 'accept-language': 'de' } });
  await first.get({ headers: { 'accept-language': 'fr' } });
  const second = await node(at);
  expect((await second.get({ headers: { 'accept-language': 'fr' } })).text).toBe('in fr');
  expect((await second.get({ headers: { 'accept-language': 'de' } })).text).toBe('in de');
  second.world.parent = answering('in nl', fields);
  const other = await second.get({ headers: { 'accept-language': 'nl' } });
  expect([other.text, other.status]).toEqual(['in nl', 'eu;fwd=vary-miss;fwd-status=200;stored']);
});

test('a long body lies in the store in parts, and comes back whole', async () => {
  const at = region();
  const body = noise(3_000_000);
  await filled(at, body);
  expect(at.store.long.size).toBe(1);
  const second = await node(at);
  const reply = await second.world.get();
  expect(Buffer.compare(await reply.bytes(), body)).toBe(0);
  expect(second.world.asked).toHaveLength(0);
});

test('what is too long is passed on and not copied', async () => {
  const at = region();
  const first = await node(at, { objectBytes: 1000 });
  first.world.parent = answering('x'.repeat(1001));
  expect((await first.get()).status).toBe('eu;fwd=uri-miss;fwd-status=200');
  expect(at.store.values.size).toBe(0);
});

test('a body that breaks off is not copied', async () => {
  const at = region();
  const first = await node(at);
  const asking = first.world.get();
  const pieces = (await first.world.nextAsk()).stream({ ...maxAge(60), 'content-length': '20' });
  await pieces.push('half of ');
  await pieces.push('it ');
  await pieces.end();
  await failureOf(asking.then((reply) => reply.bytes()));
  expect([at.store.values.size, first.copies.stats.dropped]).toEqual([0, 1]);
});

test.each([
  ['a value that is damaged', (value: Uint8Array) => value.with(value.length - 1, 0)],
  ['a head that is damaged', (value: Uint8Array) => value.with(60, 0)],
  ['a value that is cut off', (value: Uint8Array) => value.subarray(0, value.length - 1)],
  ['a value of another hand', () => new TextEncoder().encode('nothing that we would write here, ever')],
  ['nothing at all', () => new Uint8Array()],
])('%s is never served: the parent is asked', async (_, damage) => {
  const at = region();
  await filled(at, 'hello');
  for (const [name, value] of at.store.values) at.store.values.set(name, damage(value));
  const second = await node(at);
  second.world.parent = answering('from the parent');
  const { text, status } = await second.get();
  expect([text, status]).toEqual(['from the parent', 'eu;fwd=uri-miss;fwd-status=200;stored;detail=corrupt']);
  expect(second.copies.stats.corrupt).toBe(1);
  expect(second.warnings).toEqual(['a copy is not what was written there; it was not used']);
});

test('a copy under another name is no copy', async () => {
  const at = region();
  await filled(at, 'hello');
  const [copy = new Uint8Array()] = at.store.values.values();
  const second = await node(at);
  second.world.parent = answering('other');
  await second.get({ key: 'web /other' });
  for (const name of at.store.values.keys()) at.store.values.set(name, copy);
  const third = await node(at);
  third.world.parent = answering('from the parent');
  expect((await third.get({ key: 'web /other' })).text).toBe('from the parent');
});

test('a long body of which nothing is there yet: the parent is asked', async () => {
  const at = region();
  await filled(at, noise(3_000_000));
  at.store.long.clear();
  const second = await node(at);
  second.world.parent = answering('from the parent');
  expect((await second.get()).text).toBe('from the parent');
});

test.each([
  ['lacks a part', (parts: Uint8Array[]) => void parts.pop()],
  ['has a wrong byte', (parts: Uint8Array[]) => void parts.splice(1, 1, noise(parts[1]?.length ?? 0, 9))],
])('a long body that %s never comes whole, is not stored, and is not met again', async (_, damage) => {
  const at = region();
  await filled(at, noise(3_000_000));
  for (const parts of at.store.long.values()) damage(parts);
  const second = await node(at);
  const reply = await second.world.get();
  const end = await reply.bytes().then(
    () => 'whole',
    () => 'broken off',
  );
  expect(end).toBe('broken off');
  expect(second.copies.stats.corrupt).toBe(1);
  second.world.parent = answering('from the parent');
  expect((await second.get()).text).toBe('from the parent');
});

test('a store that fails is asked no more after three times, and once in five seconds', async () => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('from the parent', { 'cache-control': 'no-store' });
  at.store.trouble = 'fails';
  for (let count = 0; count < 3; count++) {
    expect((await first.get({ key: `web /${count}` })).status).toBe(
      'eu;fwd=miss;fwd-status=200;detail=failed',
    );
  }
  const { calls } = at.store;
  for (let count = 0; count < 10; count++) {
    expect((await first.get({ key: `web /x${count}` })).status).toBe(
      'eu;fwd=bypass;fwd-status=200;detail=down',
    );
  }
  expect(at.store.calls).toBe(calls);
  at.store.trouble = null;
  at.clock.advance(5000);
  expect((await first.get({ key: 'web /y' })).status).toBe('eu;fwd=uri-miss;fwd-status=200');
  expect(first.copies.stats.isDown).toBe(false);
  expect(first.warnings).toEqual([
    'a key/value store does not answer; the parents are asked instead',
    'a key/value store answers again',
  ]);
});

test('a store that does not answer holds a request up for the time-out, no longer', async () => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('from the parent');
  at.store.trouble = 'hangs';
  const asking = first.get();
  await turns();
  at.clock.advance(49);
  await turns();
  expect(first.world.asked).toHaveLength(0);
  at.clock.advance(1);
  expect((await asking).status).toBe('eu;fwd=miss;fwd-status=200;stored;detail=slow');
});

test('no client waits for the store to take a copy; what it does not take is dropped and counted', async () => {
  const at = region();
  const first = await node(at);
  // So that it is known where the store stands.
  first.world.parent = answering('first');
  await first.get({ key: 'web /first' });
  first.world.parent = null;
  at.store.trouble = 'hangs';
  const body = noise(6_000_000);
  const getting = first.world.get({ key: 'web /long', headers: { 'cache-control': 'no-cache' } });
  const pieces = (await first.world.nextAsk().then(() => first.world.nextAsk())).stream(maxAge(60));
  const reply = await getting;
  const reading = reply.bytes();
  for (let from = 0; from < body.length; from += 100_000)
    await pieces.push(body.subarray(from, from + 100_000));
  await pieces.end();
  expect(Buffer.compare(await reading, body)).toBe(0);
  expect(first.copies.stats.dropped).toBe(1);
});

test('something stored that has expired is confirmed by a copy that has not', async () => {
  const at = region();
  const fields = { ...maxAge(60), etag: '"1"' };
  const old = await filled(at, 'hello', { ...fields, age: '50' });
  at.clock.advance(11_000);
  const other = await node(at);
  other.world.parent = answering('hello', fields);
  await other.get();
  const { text, status, wasAsked } = await old.get();
  expect([text, wasAsked]).toEqual(['hello', false]);
  expect(status).toBe('eu;hit;ttl=60;detail=kv');
});

test('a copy that the parent has confirmed is good for the others as well', async () => {
  const at = region();
  const fields = { ...maxAge(60), etag: '"1"' };
  const first = await filled(at, 'hello', fields);
  at.clock.advance(61_000);
  first.world.parent = () => ({ status: 304, headers: new Headers(fields), body: null });
  expect((await first.get()).text).toBe('hello');
  const second = await node(at);
  const { text, wasAsked } = await second.get();
  expect([text, wasAsked]).toEqual(['hello', false]);
});

test('a stale copy is not used while the parent answers, and stands in when it fails', async () => {
  const at = region();
  await filled(at, 'old', { 'cache-control': 'max-age=60, stale-if-error=600' });
  at.clock.advance(100_000);
  const second = await node(at);
  second.world.parent = () => {
    throw new MeridianError('upstream-unreachable', 'nobody there');
  };
  const { text, status } = await second.get();
  expect([text, status]).toEqual(['old', 'eu;hit;ttl=-40;detail=stale-if-error:upstream-unreachable']);
  const third = await node(at);
  third.world.parent = answering('new');
  expect((await third.get()).text).toBe('new');
});

test('who wants something newer than what is stored gets it, and the others after that', async () => {
  const at = region();
  const first = await filled(at, 'old');
  first.world.parent = answering('new');
  const { text, status } = await first.get({ headers: { 'cache-control': 'no-cache' } });
  expect([text, status]).toEqual(['new', 'eu;fwd=request;fwd-status=200;stored']);
  const second = await node(at);
  expect((await second.get()).text).toBe('new');
});

test('what a node behind has found or put there is not copied twice', async () => {
  const at = region();
  const first = await node(at);
  first.world.parent = answering('x', {
    ...maxAge(60),
    'cache-status': 'eu;fwd=uri-miss;stored, shield;fwd=uri-miss',
  });
  await first.get();
  expect(at.store.values.size).toBe(0);
});
