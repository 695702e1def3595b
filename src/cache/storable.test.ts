import { expect, test } from 'bun:test';
import type { Resource } from '../resource.ts';
import { answerOf, maxAge } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

interface Case {
  readonly title: string;
  readonly request?: Record<string, string>;
  readonly response: Record<string, string>;
  readonly status?: number;
  readonly ask?: Resource['ask'];
  readonly keepsCookies?: boolean;
  /** Why it is not stored. */
  readonly refusal: string | null;
}

const bearer = { authorization: 'Bearer secret' };
const cookie = { cookie: 'session=1' };
const set = { 'set-cookie': 'session=1' };
const control = (value: string) => ({ 'cache-control': value });

const cases: readonly Case[] = [
  { title: 'explicit freshness', response: maxAge(60), refusal: null },
  { title: 'an expiry date', response: { expires: 'Fri, 01 Jan 2027 00:00:00 GMT' }, refusal: null },
  { title: 'a validator alone', response: { etag: '"1"' }, refusal: null },
  { title: 'neither freshness nor validator', response: {}, refusal: 'no-freshness' },
  { title: 'no-store', response: control('no-store, max-age=60'), refusal: 'no-store' },
  { title: 'private', response: control('private, max-age=60'), refusal: 'private' },
  { title: 'private for some fields', response: control('private="x", max-age=60'), refusal: null },
  { title: 'Vary: *', response: { ...maxAge(60), vary: 'accept, *' }, refusal: 'vary' },
  { title: 'a part', response: maxAge(60), status: 206, refusal: 'status' },
  { title: 'an unknown status with freshness', response: maxAge(60), status: 299, refusal: null },
  {
    title: 'a status that says nothing without freshness',
    response: { etag: '"1"' },
    status: 302,
    refusal: 'status',
  },
  { title: 'a redirect with freshness', response: maxAge(60), status: 302, refusal: null },
  {
    title: 'an end that nothing marks',
    response: { ...maxAge(60), 'meridian-unframed': '1' },
    refusal: 'unframed',
  },
  {
    title: 'an end that a digest marks',
    response: { ...maxAge(60), 'meridian-unframed': '1', 'repr-digest': 'sha-256=:AA==:' },
    refusal: null,
  },
  { title: 'credentials', request: bearer, response: maxAge(60), refusal: 'authorization' },
  { title: 'credentials, public', request: bearer, response: control('public, max-age=60'), refusal: null },
  { title: 'credentials, s-maxage', request: bearer, response: control('s-maxage=60'), refusal: null },
  {
    title: 'credentials, must-revalidate',
    request: bearer,
    response: control('must-revalidate, max-age=60'),
    refusal: null,
  },
  {
    title: 'credentials that the parent was not asked with',
    request: bearer,
    response: maxAge(60),
    ask: [],
    refusal: null,
  },
  { title: 'a cookie and explicit freshness', request: cookie, response: maxAge(60), refusal: null },
  { title: 'a cookie and a validator alone', request: cookie, response: { etag: '"1"' }, refusal: 'cookie' },
  { title: 'a cookie that is set', response: { ...set, ...maxAge(60) }, refusal: null },
  {
    title: 'a cookie that is set, and only a guess at freshness',
    response: { ...set, 'last-modified': 'Mon, 01 Dec 2025 00:00:00 GMT' },
    refusal: 'cookie',
  },
  {
    title: 'a cookie that is set, where the route keeps none',
    response: { ...set, ...maxAge(60) },
    keepsCookies: false,
    refusal: 'cookie',
  },
  {
    title: 'a cookie that stays out of the store, where the route keeps none',
    response: { ...set, ...control('private="set-cookie", max-age=60') },
    keepsCookies: false,
    refusal: null,
  },
  {
    title: 'must-understand with a status of the standard, instead of no-store',
    response: control('no-store, must-understand, max-age=60'),
    refusal: null,
  },
  {
    title: 'must-understand with an unknown status',
    response: control('must-understand, max-age=60'),
    status: 299,
    refusal: 'status',
  },
  {
    title: 'a targeted field that allows it, where Cache-Control does not',
    response: { ...control('no-store'), 'cdn-cache-control': 'max-age=60' },
    refusal: null,
  },
  {
    title: 'a targeted field that forbids it, where Cache-Control does not',
    response: { ...maxAge(60), 'cdn-cache-control': 'no-store' },
    refusal: 'no-store',
  },
  {
    title: 'public, with a status that says nothing without freshness',
    response: { ...control('public'), etag: '"1"' },
    status: 302,
    refusal: null,
  },
  {
    title: 'a cookie that is set, public',
    response: { ...set, ...control('public, max-age=60') },
    refusal: null,
  },
  { title: 'a variant by cookie, without one', response: { ...maxAge(60), vary: 'cookie' }, refusal: null },
  {
    title: 'a variant by cookie, with one',
    request: cookie,
    response: { ...maxAge(60), vary: 'cookie' },
    refusal: 'vary',
  },
  {
    title: 'a coding that clients of the same variant may not know',
    request: { 'accept-encoding': 'gzip, x-secret' },
    response: { ...maxAge(60), vary: 'accept-encoding', 'content-encoding': 'x-secret' },
    refusal: 'coding',
  },
  {
    title: 'a coding that tells variants apart',
    request: { 'accept-encoding': 'gzip' },
    response: { ...maxAge(60), vary: 'accept-encoding', 'content-encoding': 'gzip' },
    refusal: null,
  },
];

for (const { title, request = {}, response, status = 200, refusal, ...wanted } of cases) {
  test(`${title}: ${refusal === null ? 'stored' : `not stored (${refusal})`}`, async () => {
    await using here = await world();
    here.parent = () => answerOf('hello', response, status);
    const reply = await here.get({ headers: request, ...wanted });
    expect(await reply.text()).toBe('hello');
    await here.quiet();
    expect(here.cache.stats.memory.entries).toBe(refusal === null ? 1 : 0);
    expect(reply.served.forwarding?.stored).toBe(refusal === null ? true : undefined);
    if (refusal !== null) expect(reply.served.forwarding?.detail).toBe(refusal);
  });
}

test('a body too large for memory, without a disk, is passed on', async () => {
  await using here = await world({ memoryObjectBytes: 1000 });
  here.parent = () => answerOf(new Uint8Array(1001), maxAge(60));
  const reply = await here.get();
  expect((await reply.bytes()).length).toBe(1001);
  expect(reply.served.forwarding?.detail).toBe('too-large');
});

async function storeFirst(here: World): Promise<void> {
  here.parent = () => answerOf('stored', { ...maxAge(60), etag: '"1"' });
  await (await here.get()).text();
  await here.quiet();
  here.clock.advance(60_000);
}

test('a response that became unstorable ends the one that was stored', async () => {
  for (const [status, control, left] of [
    [200, 'no-store', 0],
    [404, 'no-store', 0],
    [401, 'no-store', 1],
    [429, 'no-store', 1],
    [500, 'no-store', 1],
  ] as const) {
    await using here = await world();
    await storeFirst(here);
    here.parent = () => answerOf('other', { 'cache-control': control }, status);
    expect(await (await here.get()).text()).toBe('other');
    expect([status, here.cache.stats.memory.entries]).toEqual([status, left]);
  }
});

test('a client cannot drive out what is stored with credentials, cookies or request directives of its own', async () => {
  await using here = await world();
  await storeFirst(here);
  for (const headers of [bearer, cookie, { 'cache-control': 'no-cache, no-store' }]) {
    here.parent = () => answerOf('personal', { 'cache-control': 'private' });
    expect(await (await here.get({ headers })).text()).toBe('personal');
    expect(here.cache.stats.memory.entries).toBe(1);
  }
});

test('what one client may not share is not handed to another who waits', async () => {
  await using here = await world();
  const bodies = ['anna', 'berta', 'clara'].map(async (name) => {
    const reply = await here.get({ headers: { authorization: name } });
    return reply.text();
  });
  here.parent = ({ exchange }) => answerOf(`for ${exchange.headers.get('authorization')}`, maxAge(60));
  (await here.nextAsk()).answer('for anna', maxAge(60));
  expect(await Promise.all(bodies)).toEqual(['for anna', 'for berta', 'for clara']);
});
