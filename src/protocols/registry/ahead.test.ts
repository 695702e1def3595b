/** What is fetched before somebody asks for it, and within which bounds. */
import { afterEach, describe, expect, test } from 'bun:test';
import type { Item } from './ecosystem.ts';
import { closeWorld, upstream, upstreamOf, type World, world } from './world.contract.ts';

afterEach(closeWorld);

const fileOf = (name: string, version: string): Item => ({
  ...{ kind: 'file', name, path: `${name}/${name}-${version}.bin`, version, isFile: true },
});
const keyOf = (name: string, version: string) => `toys file/${name}/${name}-${version}.bin`;

/** The file of each version, in the order of the index. */
const foresee = ({ name }: Item, body: Uint8Array) =>
  Buffer.from(body)
    .toString()
    .trim()
    .split('\n')
    .map((version) => fileOf(name ?? '', version));

/** Whatever goes on by itself has got as far as it can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what an index makes clients ask for next', () => {
  test('is fetched when the index is new here, the likeliest four', async () => {
    const up = upstreamOf({ '/left/': '5\n4\n3\n2\n1\n' });
    const { get, ahead } = world({ upstreams: [up], foresee });
    await get('/left/');
    await settled();
    expect(ahead).toEqual(['5', '4', '3', '2'].map((version) => keyOf('left', version)));
  });

  test('is not fetched when it is confirmed, in the background, for what is too long, or not to be had', async () => {
    const etag = '"one"';
    const long = `${'1'.repeat(5 * 2 ** 20)}\n`;
    const up = upstream(({ url, headers }) => {
      if (url.endsWith('/long/')) return new Response(long);
      if (url.endsWith('/none/')) return new Response('', { status: 404 });
      return headers.get('if-none-match') === etag
        ? new Response(null, { status: 304 })
        : new Response('1\n', { headers: { etag } });
    });
    const { get, ahead } = world({ upstreams: [up], foresee, registry: { maxIndexBytes: 2 ** 24 } });
    await get('/left/', { background: true });
    for (const path of ['/left/', '/long/', '/none/']) await get(path);
    expect(ahead).toEqual([]);
  });

  test('is not fetched where the config says so', async () => {
    const { get, ahead } = world({
      upstreams: [upstreamOf({ '/left/': '1\n' })],
      foresee,
      registry: { ahead: { atOnce: 0 } },
    });
    await get('/left/');
    expect(ahead).toEqual([]);
  });

  test('never includes what lives here', async () => {
    const foreseen = () => [fileOf('ours-too', '1'), fileOf('left', '1')];
    const up = upstreamOf({ '/left/': '1\n' });
    const { get, ahead } = world({ upstreams: [up], foresee: foreseen, hosted: { names: ['Ours_*'] } });
    await get('/left/');
    await settled();
    expect(ahead).toEqual([keyOf('left', '1')]);
  });
});

describe('bounds', () => {
  test('as many at once as the config says, each once', async () => {
    const { world: one, release } = held(['/left/', '/left/', '/right/']);
    await one.get('/left/');
    await one.get('/right/');
    await one.get('/left/?again');
    await settled();
    expect(one.ahead).toEqual([keyOf('left', '1'), keyOf('left', '2')]);
    release();
    await settled();
    expect(one.ahead).toEqual([
      ...[keyOf('left', '1'), keyOf('left', '2')],
      ...[keyOf('right', '1'), keyOf('right', '2')],
    ]);
  });

  test('no more wait than two hundred', async () => {
    const names = Array.from({ length: 150 }, (_, nth) => `/toy${nth}/`);
    const { world: one, release } = held(names);
    for (const name of names) await one.get(name);
    release();
    for (let last = -1; last < one.ahead.length; await settled()) last = one.ahead.length;
    expect(one.ahead).toHaveLength(202);
  });

  function held(paths: readonly string[]): { world: World; release(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const up = upstreamOf(Object.fromEntries(paths.map((path) => [path, '1\n2\n'])));
    const made = world({ upstreams: [up], foresee });
    made.holdAhead(promise);
    return { world: made, release: resolve };
  }
});

test('an index that cannot be looked into is given out all the same', async () => {
  const broken = () => {
    throw new SyntaxError('no JSON');
  };
  const { get } = world({ upstreams: [upstreamOf({ '/left/': '1\n' })], foresee: broken });
  expect((await get('/left/')).status).toBe(200);
});

test('what was foreseen leads to nothing further', async () => {
  const next = ({ name }: Item): readonly Item[] => [
    { kind: 'index', name: `${name}-next`, path: `${name}-next/` },
  ];
  const up = upstream(() => new Response('1\n'));
  const { get, ahead, getAhead } = world({ upstreams: [up], foresee: next });
  await get('/left/');
  await settled();
  expect(ahead).toEqual(['toys index/left-next/']);
  await getAhead();
  await settled();
  expect(ahead).toEqual(['toys index/left-next/']);
});
