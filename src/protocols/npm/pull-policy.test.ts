/** What a policy makes of an upstream's documents, at the origin, as time passes. */
import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { PolicyOptions } from './policy/policy.ts';
import { abbreviatedAccept, closeWorld, Origin, packumentOf, upstream } from './world.contract.ts';

afterEach(closeWorld);

const day = 86_400_000;
const start = Date.UTC(2026, 5, 15);
const asksNothing: PolicyOptions = { blocked: [], provenance: [] };
const week: PolicyOptions = {
  ...asksNothing,
  releaseAge: { minimumS: (7 * day) / 1000, exempt: [], withoutTime: 'refuse' },
};

/** Versions with their age in days; the registry gives dates in the full form only, as registries do. */
function world(ages: Readonly<Record<string, number>>, policy: PolicyOptions = week) {
  const clock = virtualClock(start);
  const state = { isUp: true };
  const time = Object.fromEntries(
    Object.entries(ages).map(([version, days]) => [version, new Date(start - days * day).toISOString()]),
  );
  const registry = upstream((request) => {
    if (!state.isUp) return new Response('{}', { status: 503 });
    const { pathname } = new URL(request.url);
    if (pathname.endsWith('.tgz')) return new Response(`tarball of left@${/\d.*(?=\.tgz)/.exec(pathname)}`);
    const document = JSON.parse(packumentOf('left', registry.url, Object.keys(ages)));
    document.time = time;
    const etag = '"unchanging"';
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304 });
    const isAbbreviated = request.headers.get('accept')?.includes('install-v1') === true;
    if (isAbbreviated) delete document.time;
    return Response.json(document, { headers: { etag, 'cache-control': 'max-age=300' } });
  });
  const origin = new Origin({ remotes: [registry], policy }, clock);
  const versions = async (fields = abbreviatedAccept) =>
    Object.keys(JSON.parse((await origin.get('/left', fields)).text).versions);
  const reason = async (target: string) => {
    const { status, text } = await origin.get(target);
    return { status, error: JSON.parse(text).error as string };
  };
  return { clock, state, registry, origin, versions, reason };
}

describe('a version that is too young', () => {
  test('is in no form, although only the full one has dates', async () => {
    const { origin, versions, registry } = world({ '1.0.0': 30, '1.1.0': 1 });
    expect(await versions()).toEqual(['1.0.0']);
    const full = JSON.parse((await origin.get('/left')).text);
    expect([Object.keys(full.versions), Object.keys(full.time), full['dist-tags']]).toEqual([
      ['1.0.0'],
      ['1.0.0'],
      { latest: '1.0.0' },
    ]);
    expect(registry.fields.every((fields) => !fields.get('accept')?.includes('install-v1'))).toBe(true);
  });

  test('is refused at each address of its own, with the reason', async () => {
    const { reason } = world({ '1.0.0': 30, '1.1.0': 1 });
    const expected = {
      status: 403,
      error:
        'left@1.1.0 is refused by the policy of this registry: it was published 2026-06-14 00:00 UTC and has to be 7 days old, which it is from 2026-06-21 00:00 UTC. Use an older version, or ask whoever runs this registry for an exception.',
    };
    expect(await reason('/left/1.1.0')).toEqual(expected);
    expect(await reason('/left/-/left-1.1.0.tgz')).toEqual(expected);
    expect(await reason('/left/9.9.9')).toMatchObject({ status: 404 });
  });

  test('is never fetched, and the others are', async () => {
    const { origin, registry } = world({ '1.0.0': 30, '1.1.0': 1 });
    expect((await origin.get('/left/-/left-1.1.0.tgz')).status).toBe(403);
    expect((await origin.get('/left/-/left-1.0.0.tgz')).text).toBe('tarball of left@1.0.0');
    expect(registry.seen.filter((each) => each.endsWith('.tgz'))).toEqual(['GET /left/-/left-1.0.0.tgz']);
  });

  test('comes to light at its moment: documents are fresh until then, and made anew after it', async () => {
    const { clock, origin, versions, registry } = world({ '1.0.0': 30, '1.1.0': 6 });
    const before = await origin.get('/left', abbreviatedAccept);
    expect(before.headers.get('cache-control')).toStartWith('public, max-age=300');
    clock.advance(day - 60_500);
    const confirmed = await origin.get('/left', abbreviatedAccept);
    expect(confirmed.status).toBe(304);
    expect(confirmed.headers.get('cache-control')).toStartWith('public, max-age=61');
    clock.advance(60_499);
    expect((await origin.get('/left', abbreviatedAccept)).status).toBe(304);
    const asked = registry.seen.length;
    clock.advance(1);
    const after = await origin.get('/left', abbreviatedAccept);
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect(Object.keys(JSON.parse(after.text).versions)).toEqual(['1.0.0', '1.1.0']);
    expect(registry.seen.length).toBeGreaterThan(asked);
    expect((await origin.get('/left/-/left-1.1.0.tgz')).status).toBe(200);
    expect(await versions({ accept: 'application/json' } as typeof abbreviatedAccept)).toHaveLength(2);
  });

  test('is refused for no longer than it has to be', async () => {
    const { clock, origin } = world({ '1.0.0': 30, '1.1.0': 6 });
    clock.advance(day - 2_500);
    const { status, headers } = await origin.get('/left/-/left-1.1.0.tgz');
    expect([status, headers.get('cache-control')]).toEqual([403, 'public, max-age=3']);
  });
});

describe('a package of which nothing is left', () => {
  test('is refused by name, and comes to light as well', async () => {
    const { clock, reason, versions } = world({ '1.0.0': 1 });
    expect(await reason('/left')).toEqual({
      status: 403,
      error:
        'The policy of this registry does not let left be used in its only version: left@1.0.0 was published 2026-06-14 00:00 UTC and has to be 7 days old, which it is from 2026-06-21 00:00 UTC',
    });
    expect(await reason('/-/package/left/dist-tags')).toMatchObject({ status: 403 });
    clock.advance(6 * day);
    expect(await versions()).toEqual(['1.0.0']);
  });

  test('by its name alone is asked for nowhere', async () => {
    const addresses = ['/left', '/left/1.0.0', '/left/-/left-1.0.0.tgz'];
    const { reason, registry } = world({ '1.0.0': 30 }, { ...asksNothing, blocked: ['le*'] });
    for (const target of [...addresses, '/left?write=true', '/-/package/left/dist-tags'])
      expect((await reason(target)).status).toBe(403);
    const listed = world({ '1.0.0': 30 }, { ...asksNothing, only: ['right'] });
    expect((await listed.reason('/left')).error).toContain('it is not among what may be used here');
    expect([...registry.seen, ...listed.registry.seen]).toEqual([]);
  });
});

test('what no rule is about is as without a policy', async () => {
  const { origin, registry } = world({ '1.0.0': 1 }, { ...asksNothing, blocked: ['right'] });
  const { headers, text } = await origin.get('/left', abbreviatedAccept);
  expect(Object.keys(JSON.parse(text).versions)).toEqual(['1.0.0']);
  expect(headers.get('meridian-source')).toContain('"stamp":null');
  expect(registry.fields[0]?.get('accept')).toContain('install-v1');
});

test('documents of other terms are made anew, though the upstream has nothing new', async () => {
  const before = world({ '1.0.0': 30, '1.1.0': 20 });
  expect(await before.versions()).toEqual(['1.0.0', '1.1.0']);
  expect((await before.origin.get('/left/-/left-1.1.0.tgz')).status).toBe(200);
  const { registry, origin } = before;
  const after = new Origin(
    { remotes: [registry], policy: { ...week, blocked: ['left@1.1.0'] } },
    before.clock,
  );
  for (const [key, kept] of origin.stored) after.stored.set(key, kept);
  expect(Object.keys(JSON.parse((await after.get('/left', abbreviatedAccept)).text).versions)).toEqual([
    '1.0.0',
  ]);
  // The cache holds the tarball and an index that knows of nothing against it.
  expect((await after.get('/left/-/left-1.1.0.tgz')).status).toBe(403);
});

test('a tarball is not given out by documents of other terms, where no others can be had', async () => {
  const before = world({ '1.0.0': 30 });
  expect((await before.origin.get('/left/-/left-1.0.0.tgz')).status).toBe(200);
  const { registry, origin, state } = before;
  const after = new Origin({ remotes: [registry], policy: { ...week, blocked: ['left@2'] } }, before.clock);
  for (const [key, kept] of origin.stored) after.stored.set(key, kept);
  state.isUp = false;
  const { status } = await after.get('/left/-/left-1.0.0.tgz');
  expect(status).toBe(503);
});

test('a registry that gives no dates hides everything, or nothing where that is allowed', async () => {
  const dateless = upstream(() => new Response(packumentOf('left', dateless.url, ['1.0.0'])));
  const strict = new Origin({ remotes: [dateless], policy: week }, virtualClock(start));
  const refused = await strict.get('/left', abbreviatedAccept);
  expect([refused.status, refused.text]).toEqual([
    403,
    expect.stringContaining('does not say when it was published'),
  ]);
  const releaseAge = { minimumS: 60, exempt: [], withoutTime: 'allow' } as const;
  const lax = new Origin({ remotes: [dateless], policy: { ...week, releaseAge } }, virtualClock(start));
  expect((await lax.get('/left', abbreviatedAccept)).status).toBe(200);
});

test('what was refused lately is listed, with how often, and explained', async () => {
  const { origin, reason } = world({ '1.0.0': 30, '1.1.0': 1 });
  await reason('/left/1.1.0');
  await reason('/left/-/left-1.1.0.tgz');
  const desk = origin.protocol.policy;
  expect(await desk?.refused()).toMatchObject([
    { subject: 'left@1.1.0', times: 2, rules: ['releaseAge'], lastMs: start },
  ]);
});
