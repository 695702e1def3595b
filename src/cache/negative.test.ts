import { expect, test } from 'bun:test';
import { answerOf, maxAge } from './answers.contract.ts';
import { type Wanted, type World, world } from './world.contract.ts';

const negative = { statuses: [404, 410, 503], freshS: 10 };

async function ask(here: World, wanted: Wanted = {}): Promise<[status: number, outcome: string]> {
  const reply = await here.get({ negative, ...wanted });
  await reply.text();
  await here.quiet();
  return [reply.status, reply.outcome];
}

test('an error that says nothing itself is kept for as long as the route says', async () => {
  await using here = await world();
  here.parent = () => answerOf('none', {}, 404);
  expect(await ask(here)).toEqual([404, 'miss']);
  here.clock.advance(9_999);
  expect(await ask(here)).toEqual([404, 'hit']);
  here.clock.advance(1);
  here.parent = () => answerOf('there', maxAge(60));
  expect(await ask(here)).toEqual([200, 'expired']);
});

test('a thousand who ask for what is not there are one for the parent', async () => {
  await using here = await world();
  const replies = Array.from({ length: 1000 }, () => ask(here));
  (await here.nextAsk()).answer('none', {}, 404);
  for (const [status] of await Promise.all(replies)) expect(status).toBe(404);
  expect(here.asked).toHaveLength(1);
});

for (const [what, fields, status, outcome] of [
  ['its own time wins', maxAge(1), 404, 'expired'],
  ['one that forbids it is not kept', { 'cache-control': 'no-store' }, 404, 'miss'],
  ['nor is a private one', { 'cache-control': 'private' }, 404, 'miss'],
  ['nor one that sets a cookie', { 'set-cookie': 'a=1' }, 404, 'miss'],
  ['nor a status that was not chosen', {}, 403, 'miss'],
] as const) {
  test(`negative caching: ${what}`, async () => {
    await using here = await world();
    here.parent = () => answerOf('none', fields, status);
    await ask(here);
    here.clock.advance(1_000);
    expect(await ask(here)).toEqual([status, outcome]);
  });
}

test('a chosen failure never takes the place of what may be served stale', async () => {
  for (const stale of ['stale-if-error=600', 'stale-while-revalidate=600']) {
    await using here = await world();
    here.parent = () => answerOf('good', { 'cache-control': `max-age=60, ${stale}` });
    await ask(here);
    here.clock.advance(60_000);
    here.parent = () => answerOf('broken', {}, 503);
    for (let request = 0; request < 3; request++) expect((await ask(here))[0]).toBe(200);
    here.clock.advance(600_000);
    expect(await ask(here)).toEqual([503, 'expired']);
    expect(await ask(here)).toEqual([503, 'hit']);
  }
});

test('an error for one variant leaves the others alone', async () => {
  await using here = await world();
  const german = { headers: { 'accept-language': 'de' } };
  const french = { headers: { 'accept-language': 'fr' } };
  here.parent = () => answerOf('hallo', { ...maxAge(60), vary: 'accept-language' });
  await ask(here, german);
  here.parent = () => answerOf('none', {}, 404);
  expect(await ask(here, french)).toEqual([404, 'vary-miss']);
  expect(await ask(here, french)).toEqual([404, 'hit']);
  expect(await ask(here, german)).toEqual([200, 'hit']);
});

test('micro-caching leaves alone what is not for everybody', async () => {
  const freshness = { freshS: 2 };
  for (const [fields, headers, outcome] of [
    [{}, {}, 'hit'],
    [{ 'cache-control': 'private' }, {}, 'miss'],
    [{ 'cache-control': 'no-store' }, {}, 'miss'],
    [{ 'set-cookie': 'a=1' }, {}, 'miss'],
    [{}, { authorization: 'Bearer a' }, 'miss'],
    [{}, { cookie: 'a=1' }, 'miss'],
  ] as const) {
    await using here = await world();
    here.parent = () => answerOf('page', fields);
    await ask(here, { freshness, headers });
    here.clock.advance(1_999);
    expect(await ask(here, { freshness, headers }), JSON.stringify([fields, headers])).toEqual([
      200,
      outcome,
    ]);
  }
});
