import { expect, test } from 'bun:test';
import { exchange, resource } from '../../test/support/builders.ts';
import { MeridianError } from '../errors.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, failureOf } from './answers.contract.ts';
import { type Wanted, type World, world } from './world.contract.ts';

const down = () => Promise.reject(new MeridianError('upstream-unreachable', 'connection refused'));

/** A stored response that has been stale for so many seconds. */
async function stale(here: World, control: string, staleForS: number, wanted: Wanted = {}): Promise<void> {
  here.parent = () => answerOf('old', { 'cache-control': control, etag: '"1"' });
  await (await here.get(wanted)).text();
  await here.quiet();
  here.clock.advance(60_000 + staleForS * 1000);
  here.parent = null;
  await here.nextAsk();
}

test('stale-while-revalidate serves at once, and one request revalidates', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-while-revalidate=30', 10);
  for (let client = 0; client < 5; client++) {
    const reply = await here.get();
    expect([reply.outcome, await reply.text()]).toEqual(['hit-stale', 'old']);
  }
  const revalidation = await here.nextAsk();
  expect(here.asked).toHaveLength(2);
  expect(revalidation.ask).toMatchObject({ background: true, reload: false, stored: { etag: '"1"' } });
  revalidation.answer('new', { 'cache-control': 'max-age=60' });
  await here.quiet();
  const fresh = await here.get();
  expect([fresh.outcome, await fresh.text()]).toEqual(['hit', 'new']);
});

test('beyond stale-while-revalidate a request waits for the parent', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-while-revalidate=30', 30);
  here.parent = () => answerOf('new', { 'cache-control': 'max-age=60' });
  const reply = await here.get();
  expect([reply.outcome, await reply.text()]).toEqual(['expired', 'new']);
});

test('another node that revalidates in the background gets no stale response', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-while-revalidate=30', 10);
  here.parent = () => answerOf('new', { 'cache-control': 'max-age=60' });
  expect(await (await here.get({ background: true })).text()).toBe('new');
});

test('a revalidation that fails is not repeated for every request', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-while-revalidate=30', 1);
  here.parent = down;
  for (let client = 0; client < 10; client++) {
    expect((await here.get()).outcome).toBe(client === 0 ? 'hit-stale' : 'stale-on-error');
    await here.quiet();
  }
  expect(here.asked).toHaveLength(2);
  here.clock.advance(5000);
  await here.get();
  await here.quiet();
  expect(here.asked).toHaveLength(3);
});

test('stale-if-error serves stale when the parent cannot be reached, and leaves it alone for a while', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-if-error=600', 10);
  here.parent = down;
  for (let client = 0; client < 5; client++) {
    const reply = await here.get();
    expect([reply.outcome, await reply.text()]).toEqual(['stale-on-error', 'old']);
    expect(reply.served.forwarding?.detail).toBe('upstream-unreachable');
  }
  expect(here.asked).toHaveLength(2);
  here.clock.advance(5000);
  here.parent = () => answerOf('new', { 'cache-control': 'max-age=60' });
  expect(await (await here.get()).text()).toBe('new');
});

for (const status of [429, 500, 502, 503, 504]) {
  test(`a ${status} counts as an error of the parent`, async () => {
    await using here = await world();
    await stale(here, 'max-age=60, stale-if-error=600', 10);
    here.parent = () => answerOf('broken', {}, status);
    const reply = await here.get();
    expect([reply.outcome, await reply.text()]).toEqual(['stale-on-error', 'old']);
    expect(reply.served.forwarding?.status).toBe(status);
  });
}

for (const how of ['withdrawn', 'purged', 'confirmed for less']) {
  test(`what was ${how} while a request waited is not served stale to it`, async () => {
    await using here = await world();
    const control = 'max-age=60, stale-if-error=600';
    await stale(here, control, 10);
    const first = here.get();
    const second = here.get();
    const asked = await here.nextAsk();
    if (how === 'withdrawn') asked.confirm({ 'cache-control': 'private' });
    if (how === 'purged') {
      here.cache.drop('web /' as CacheKey);
      asked.fail(new MeridianError('upstream-unreachable', 'connection refused'));
    }
    if (how === 'confirmed for less') asked.confirm({ 'cache-control': 'no-cache' });
    if (how === 'purged') await failureOf(first);
    else expect((await first).outcome).toBe('revalidated');
    (await here.nextAsk()).answer('broken', {}, 503);
    expect(await (await second).text()).toBe('broken');
  });
}

test('what was withdrawn since it was found in memory is not used', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-while-revalidate=600', 10);
  const [wanted, asking] = [resource(), exchange({ nowMs: here.clock.now() })];
  const found = here.cache.lookup(wanted, asking);
  expect(found.resident).not.toBeNull();
  here.parent = () => answerOf(null, { 'cache-control': 'private' }, 304);
  await (await here.get()).text();
  await here.quiet();
  const failing = () => down() as Promise<never>;
  expect((await failureOf(here.cache.obtain(wanted, asking, found, failing))).code).toBe(
    'upstream-unreachable',
  );
});

test('501 and 404 are answers, not failures', async () => {
  await using here = await world();
  for (const status of [501, 404]) {
    const key = `web /${status}`;
    await stale(here, 'max-age=60, stale-if-error=600', 10, { key });
    here.parent = () => answerOf('other', {}, status);
    expect((await here.get({ key })).status).toBe(status);
  }
});

test('beyond stale-if-error the failure is passed on', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-if-error=10', 10);
  here.parent = down;
  expect((await failureOf(here.get())).code).toBe('upstream-unreachable');
  here.parent = () => answerOf('broken', {}, 503);
  const reply = await here.get();
  expect([reply.status, await reply.text()]).toEqual([503, 'broken']);
});

test('where no upstream is asked by the config, what is stored is served however old it is, but for what forbids it', async () => {
  const offline = () =>
    Promise.reject(new MeridianError('upstream-offline', 'upstream.example is not asked'));
  await using here = await world();
  await stale(here, 'max-age=60, stale-if-error=30', 100 * 86_400);
  here.parent = offline;
  const reply = await here.get();
  expect([reply.outcome, await reply.text()]).toEqual(['stale-on-error', 'old']);
  await using strict = await world();
  await stale(strict, 'max-age=60, must-revalidate', 10);
  strict.parent = offline;
  expect((await failureOf(strict.get())).code).toBe('upstream-offline');
});

test('the limit of stale-if-error holds for the moment of serving, however long the parent took to fail', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-if-error=20', 10);
  const asking = failureOf(here.get());
  const asked = await here.nextAsk();
  here.clock.advance(15_000);
  asked.fail(new MeridianError('upstream-timeout', 'no answer'));
  expect((await asking).code).toBe('upstream-timeout');
});

for (const never of ['must-revalidate', 'proxy-revalidate', 'no-cache']) {
  test(`${never} is never served stale, whatever else the response allows`, async () => {
    await using here = await world();
    await stale(here, `max-age=60, ${never}, stale-while-revalidate=600, stale-if-error=600`, 10);
    here.parent = down;
    expect((await failureOf(here.get())).code).toBe('upstream-unreachable');
    here.parent = () => answerOf('broken', {}, 503);
    expect((await here.get()).status).toBe(503);
  });
}

test('no-cache is confirmed by the parent before every use, fresh as it may be', async () => {
  await using here = await world();
  const fields = { 'cache-control': 'no-cache, max-age=600', etag: '"1"' };
  here.parent = () => answerOf('hello', fields);
  await (await here.get()).text();
  await here.quiet();
  here.parent = () => answerOf(null, fields, 304);
  for (let use = 0; use < 3; use++) expect((await here.get()).outcome).toBe('revalidated');
  expect(here.asked).toHaveLength(4);
});

test('s-maxage is never served stale, not even where the route allows it', async () => {
  await using here = await world();
  const freshness = { staleIfErrorS: 600, staleWhileRevalidateS: 600 };
  await stale(here, 's-maxage=60', 10, { freshness });
  here.parent = down;
  expect((await failureOf(here.get({ freshness }))).code).toBe('upstream-unreachable');
});

test('s-maxage is served stale where the response itself says for how long', async () => {
  for (const [directive, outcome] of [
    ['stale-while-revalidate=30', 'hit-stale'],
    ['stale-if-error=30', 'stale-on-error'],
  ] as const) {
    await using here = await world();
    await stale(here, `s-maxage=60, ${directive}`, 10);
    here.parent = down;
    expect((await here.get()).outcome).toBe(outcome);
    await here.quiet();
  }
});

test('a parent that cannot be reached lets what is stale be served, one that answers with an error does not', async () => {
  await using here = await world();
  await stale(here, 'max-age=60', 3600);
  here.parent = () => answerOf('broken', {}, 503);
  expect((await here.get()).status).toBe(503);
  here.parent = down;
  const reply = await here.get();
  expect([reply.outcome, await reply.text()]).toEqual(['stale-on-error', 'old']);
  here.clock.advance(25 * 3_600_000);
  expect((await failureOf(here.get())).code).toBe('upstream-unreachable');
});

test('a parent that cannot reach its own leaves this node as disconnected', async () => {
  const says = (detail: string) => ({ 'cache-status': `origin;fwd=stale;detail=${detail}` });
  for (const [detail, outcome] of [
    ['upstream-unreachable', 'stale-on-error'],
    ['upstream-timeout', 'stale-on-error'],
    ['upstream-invalid', 'expired'],
  ] as const) {
    await using here = await world();
    await stale(here, 'max-age=60', 10);
    here.parent = () => answerOf('broken', says(detail), 502);
    expect([detail, (await here.get()).outcome]).toEqual([detail, outcome]);
  }
});

for (const directive of ['no-cache', 'private']) {
  test(`fields that ${directive} names are for the one who asked, and not stored`, async () => {
    await using here = await world();
    const control = `${directive}="X-User, set-cookie", max-age=600`;
    const fields = { 'cache-control': control, 'x-user': 'ada', 'set-cookie': 'a=b', 'x-page': '1' };
    here.parent = () => answerOf('hello', fields);
    const first = await here.get();
    const own = first.served.forwarding?.own;
    expect([...(own ?? [])].sort()).toEqual([
      ['set-cookie', 'a=b'],
      ['x-user', 'ada'],
    ]);
    await first.text();
    await here.quiet();
    const second = await here.get();
    expect([
      second.outcome,
      second.field('x-page'),
      second.field('x-user'),
      second.field('set-cookie'),
    ]).toEqual(['hit', '1', undefined, undefined]);
  });
}

test('those who wait for an answer do not get the fields that are for the one who asked', async () => {
  await using here = await world();
  const [first, second] = [here.get(), here.get()];
  const asked = await here.nextAsk();
  asked.answer('hello', { 'cache-control': 'private="x-user", max-age=600', 'x-user': 'ada' });
  expect((await first).served.forwarding?.own).toEqual([['x-user', 'ada']]);
  expect((await second).served.forwarding).toMatchObject({ collapsed: true, own: undefined });
  for (const reply of [first, second]) await (await reply).text();
});

test('a route may extend how long responses are served stale, but not those that forbid it', async () => {
  await using here = await world();
  const freshness = { staleIfErrorS: 600 };
  await stale(here, 'max-age=60', 10, { freshness });
  here.parent = down;
  expect((await here.get({ freshness })).outcome).toBe('stale-on-error');
});

test('wrong bytes are refused, remembered shortly, and something stale stands in where it may', async () => {
  await using here = await world();
  await stale(here, 'max-age=60, stale-if-error=600', 10);
  const wrong = () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new MeridianError('digest-mismatch', 'expected a, got b'));
      },
    });
    return { status: 200, headers: new Headers({ 'cache-control': 'max-age=60' }), body };
  };
  here.parent = wrong;
  await failureOf((await here.get()).text());
  expect((await here.get()).outcome).toBe('stale-on-error');
  expect(here.asked).toHaveLength(2);

  const other = { key: 'web /nothing-stored' };
  await failureOf((await here.get(other)).text());
  expect((await failureOf(here.get(other))).code).toBe('digest-mismatch');
  expect(here.asked).toHaveLength(3);
  here.clock.advance(5000);
  here.parent = () => answerOf('right', { 'cache-control': 'max-age=60' });
  expect(await (await here.get(other)).text()).toBe('right');
});
