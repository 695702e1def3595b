/** Routes of the kit as a whole: what lives here, what does not, who hears what of it, and what is purged. */
import { afterEach, describe, expect, test } from 'bun:test';
import type { Answer } from '../../entry.ts';
import { ownTarget } from '../../http/targeted.ts';
import { accessField, restrictedValue } from '../../identity.ts';
import { policyField } from './policy/refuse.ts';
import { closeWorld, upstream, upstreamOf, world } from './world.contract.ts';

afterEach(closeWorld);

const foreign = { headers: { authorization: 'Upstream alice' } };

describe('what lives here', () => {
  const hosted = { names: ['Ours_*'], public: ['ours-open'] };

  test('is asked of nobody else, whatever the name looks like', async () => {
    const up = upstream(() => new Response('slipped in'));
    const { get } = world({ upstreams: [up], hosted });
    for (const path of ['/ours-a/', '/OURS_a/', '/ours-a/ours-a-1.0.bin'])
      expect((await get(path)).text).toBe('ours');
    expect(up.seen).toEqual([]);
  });

  test('says for whom it is, also that it has not changed, and no proxy of theirs keeps what is for some', async () => {
    const { get, named } = world({ hosted });
    const told = await get('/ours-a/');
    const fields = {
      [accessField]: restrictedValue,
      'cache-control': 'private, no-cache',
      [ownTarget]: 'public, max-age=60',
    };
    expect(Object.fromEntries(told.headers)).toMatchObject(fields);
    const again = await get('/ours-a/');
    expect([again.status, again.headers.get(accessField)]).toEqual([304, restrictedValue]);
    expect(named('/ours-a/')).toMatchObject({ isRestricted: true });
    expect((await get('/ours-open/')).headers.has(accessField)).toBe(false);
    expect(named('/ours-open/')).not.toHaveProperty('isRestricted');
  });

  test('says so where no cache answers, too', async () => {
    const { get } = world({ hosted });
    expect((await get('/-/ours-a')).headers.get(accessField)).toBe(restrictedValue);
    expect((await get('/-/ours-open')).headers.has(accessField)).toBe(false);
  });

  test('no credential of an upstream opens', async () => {
    const up = upstream(() => new Response('slipped in'));
    const { get, named } = world({ upstreams: [up], hosted });
    expect(named('/Ours_a/', foreign)).toMatchObject({ as: 'resource', isRestricted: true });
    expect((await get('/Ours_a/', foreign)).text).toBe('ours');
    expect(up.seen).toEqual([]);
  });
});

describe('the policy', () => {
  test('refuses a package without asking, in the words of its clients', async () => {
    const up = upstreamOf({ '/left/': '1.0\n' });
    const { get } = world({ upstreams: [up], policy: { blocked: ['Left'] } });
    const told = await get('/left/');
    expect([told.status, told.headers.get(policyField), told.headers.get('content-type')]).toEqual([
      403,
      'refused',
      'text/x-toy',
    ]);
    expect(told.text).toContain('left is refused by the policy of this registry: it is blocked');
    expect(up.seen).toEqual([]);
  });

  test('refuses it to whoever asks the upstream as himself, too', async () => {
    const up = upstream(() => new Response('for alice'));
    const { get } = world({ upstreams: [up], policy: { blocked: ['left'] } });
    expect((await get('/Left/', foreign)).status).toBe(403);
    expect((await get('/right/', foreign)).text).toBe('for alice');
    expect(up.seen).toEqual(['GET /right/']);
  });

  test('takes versions out of indexes', async () => {
    const up = upstreamOf({ '/left/': '1.0\n2.0\n', '/right/': '1.0\n' });
    const { get } = world({ upstreams: [up], policy: { blocked: ['le*@<2'] } });
    expect([(await get('/left/')).text, (await get('/right/')).text]).toEqual(['2.0\n', '1.0\n']);
  });
});

describe('an address', () => {
  test('that cannot be a part of a key is malformed', () => {
    const { named } = world();
    for (const path of ['/a b/', '/ä/', '/a/b c-1.bin'])
      expect(named(path)).toMatchObject({ as: 'refusal', error: { code: 'request-malformed' } });
  });

  test('stands for all that is kept of it, whatever made of it for whom', () => {
    const { protocol } = world();
    expect(protocol.covers('/t/LEFT/')).toEqual([{ by: 'key', key: 'toys index/left/' }]);
    expect(protocol.covers('/t/-/left')).toEqual([]);
  });
});

describe('what an upstream answers otherwise than before', () => {
  const answer = (status: number, fields: Record<string, string> = {}): Answer => ({
    status,
    headers: new Headers(fields),
    body: null,
  });

  async function stored(path: string, options: Parameters<typeof world>[0] = {}) {
    const made = world({
      upstreams: [upstream(() => new Response('1.0\n'))],
      file: { neverChanges: true },
      ...options,
    });
    await made.get(path);
    const named = made.named(path);
    const entry = made.stored(path);
    if (named.as !== 'resource' || entry === undefined) throw new Error('nothing is stored');
    return (after: Answer) => made.protocol.changed(named, entry, after);
  }

  test('is purged softly where it is another document, at once where it is gone, and not where it is the same', async () => {
    const changed = await stored('/left/');
    const key = 'toys index/left/';
    expect(changed(answer(200, { etag: '"other"' }))).toEqual({
      selectors: [{ by: 'key', key }],
      soft: true,
      seen: key,
    });
    expect(changed(answer(404))).toEqual({ selectors: [{ by: 'key', key }], soft: false, seen: key });
    expect(changed(answer(500))).toBeNull();
    expect(changed(answer(200))).toBeNull();
  });

  test('is purged softly where the policy is against it by now', async () => {
    const changed = await stored('/left/left-1.0.bin');
    expect(changed(answer(403, { [policyField]: 'refused' }))).toMatchObject({ soft: true });
  });

  test('is no other file: that never changes', async () => {
    const changed = await stored('/left/left-1.0.bin');
    expect(changed(answer(200, { etag: '"other"' }))).toBeNull();
  });

  test('is nobody’s business of what lives here', async () => {
    const changed = await stored('/ours/', { hosted: { names: ['ours'] } });
    expect(changed(answer(200, { etag: '"other"' }))).toBeNull();
  });
});
