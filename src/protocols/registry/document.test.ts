/** Indexes: made of an upstream's, confirmed, made again; of the sources that may have them, in their order. */
import { afterEach, describe, expect, test } from 'bun:test';
import { closeWorld, upstream, upstreamOf, world } from './world.contract.ts';

afterEach(closeWorld);

const day = 86_400_000;
const weekS = 7 * 86_400;
const index = '1.0 2026-01-01\n1.1 2026-06-14\n';

const absent = () => new Response('', { status: 404 });

/** An upstream whose index has this entity tag. */
function tagged(state: { text: string; etag: string }) {
  return upstream(({ headers }) =>
    headers.get('if-none-match') === state.etag
      ? new Response(null, { status: 304, headers: { etag: state.etag } })
      : new Response(state.text, { headers: { etag: state.etag } }),
  );
}

describe('what is stored', () => {
  test('is confirmed at the price of a question while the upstream has no other', async () => {
    const state = { text: index, etag: '"one"' };
    const up = tagged(state);
    const { get } = world({ upstreams: [up] });
    const first = await get('/left/');
    expect([first.status, first.text, first.headers.get('cache-control')]).toEqual([
      200,
      index,
      'public, max-age=300',
    ]);
    expect((await get('/left/')).status).toBe(304);
    expect((await get('/left/')).headers.get('etag')).toBe(first.headers.get('etag'));
    state.text = '1.0\n2.0\n';
    state.etag = '"two"';
    expect(await get('/left/')).toMatchObject({ status: 200, text: state.text });
    expect(up.fields.map((fields) => fields.get('if-none-match'))).toEqual([null, '"one"', '"one"', '"one"']);
  });

  test('is what it was, though the upstream has other bytes by another name, where the same is made of them', async () => {
    const state = { text: index, etag: '"one"' };
    const { get } = world({ upstreams: [tagged(state)] });
    await get('/left/');
    state.etag = '"two"';
    expect((await get('/left/')).status).toBe(304);
    // By the new name from now on.
    expect((await get('/left/')).status).toBe(304);
  });

  test('is made again where the same bytes lead to another document', async () => {
    const up = tagged({ text: index, etag: '"one"' });
    const index2 = { revision: 1 };
    const { get } = world({ upstreams: [up], index: index2 });
    await get('/left/');
    index2.revision = 2;
    await get('/left/');
    expect(up.fields.map((fields) => fields.get('if-none-match'))).toEqual([null, null]);
  });

  test('is asked for anew where nothing was said that could be confirmed, and no such confirmation is believed', async () => {
    let isOdd = false;
    const up = upstream(() => (isOdd ? new Response(null, { status: 304 }) : new Response(index)));
    const { get } = world({ upstreams: [up] });
    await get('/left/');
    isOdd = true;
    await expect(get('/left/')).rejects.toMatchObject({ code: 'upstream-invalid' });
  });

  test('is made again when the policy would let through more of it, and is fresh until then', async () => {
    const up = tagged({ text: index, etag: '"one"' });
    const releaseAge = { minimumS: weekS, exempt: [], withoutTime: 'refuse' } as const;
    const { get, clock } = world({
      upstreams: [up],
      policy: { releaseAge },
      registry: { metadata: { freshS: 30 * 86_400 } },
    });
    const first = await get('/left/');
    // 1.1 is a day old, and may be used in six.
    expect([first.text, first.headers.get('cache-control')]).toEqual([
      '1.0 2026-01-01\n',
      `public, max-age=${6 * 86_400}`,
    ]);
    expect((await get('/left/')).status).toBe(304);
    clock.advance(6 * day);
    expect(await get('/left/')).toMatchObject({ status: 200, text: index });
    expect(up.fields.map((fields) => fields.get('if-none-match'))).toEqual([null, '"one"', null]);
  });

  test('of another upstream is none of this one’s', async () => {
    const has = { '/left/': () => new Response(index, { headers: { etag: '"same"' } }) };
    const gone: Partial<typeof has> = { ...has };
    const [one, two] = [
      upstream(({ url }) => gone[new URL(url).pathname as '/left/']?.() ?? absent()),
      upstreamOf(has),
    ];
    const { get } = world({ upstreams: [one, two] });
    await get('/left/');
    delete gone['/left/'];
    await get('/left/');
    expect([one, two].map(({ fields }) => fields.map((each) => each.get('if-none-match')))).toEqual([
      [null, '"same"'],
      [null],
    ]);
  });
});

describe('of several sources', () => {
  test('the first that has it is the one, and the others are not asked', async () => {
    const one = upstreamOf({});
    const two = upstreamOf({ '/left/': '2.0\n' });
    const three = upstreamOf({ '/left/': '3.0\n' });
    const { get } = world({ upstreams: [one, two, three] });
    expect((await get('/left/')).text).toBe('2.0\n');
    expect([one.seen, two.seen, three.seen]).toEqual([['GET /left/'], ['GET /left/'], []]);
  });

  test.each([500, 403, 429, 401])(
    'one that answers %i stops it: somebody else’s package is not slipped in',
    async (status) => {
      const two = upstreamOf({ '/left/': '2.0\n' });
      const { get } = world({ upstreams: [upstream(() => new Response('', { status })), two] });
      const told = await get('/left/').then(
        (answer) => answer.status,
        (error) => error.code,
      );
      expect(told).toBe(status === 401 ? 'upstream-invalid' : status);
      expect(two.seen).toEqual([]);
    },
  );

  test('one that cannot be reached stops it, too', async () => {
    const two = upstreamOf({ '/left/': '2.0\n' });
    const { get } = world({ upstreams: [{ url: 'http://127.0.0.1:1' }, two] });
    await expect(get('/left/')).rejects.toMatchObject({ code: 'upstream-unreachable' });
    expect(two.seen).toEqual([]);
  });

  test('where nobody has it, that is kept for seconds, and said in the words of the clients', async () => {
    const { get } = world({ upstreams: [upstreamOf({}), upstream(() => new Response('', { status: 410 }))] });
    const told = await get('/left/');
    expect([told.status, told.text, told.headers.get('cache-control')]).toEqual([
      404,
      'toy 404: There is no left.',
      'public, max-age=10',
    ]);
    expect((await get('/left/', { background: true })).headers.get('cache-control')).toBe('no-store');
  });

  test('a name that one of them claims is asked of that one alone, however its pattern is written', async () => {
    const claims = upstreamOf({});
    const general = upstreamOf({ '/acme-tool/': 'slipped in\n', '/left/': '1.0\n' });
    const { get } = world({ upstreams: [general, { url: claims.url, names: ['Acme_*'] }] });
    expect((await get('/ACME-tool/')).status).toBe(404);
    expect((await get('/left/')).text).toBe('1.0\n');
    expect([claims.seen, general.seen]).toEqual([['GET /acme-tool/'], ['GET /left/']]);
  });
});

describe('an upstream’s document', () => {
  test('that is too long is refused, whether that is announced or not', async () => {
    const long = 'x'.repeat(70_000);
    const unannounced = () => new Response(new Blob([long]).stream());
    const { get } = world({ upstreams: [upstreamOf({ '/a/': long, '/b/': unannounced })] });
    await expect(get('/a/')).rejects.toMatchObject({
      code: 'upstream-invalid',
      detail: expect.stringContaining('maxIndexBytes'),
    });
    await expect(get('/b/')).rejects.toMatchObject({ code: 'upstream-invalid' });
  });

  test('that comes coded, though nobody asked for that, is read all the same, within the same bound', async () => {
    const coded =
      (text: string, coding = 'gzip') =>
      () =>
        new Response(coding === 'gzip' ? Bun.gzipSync(text) : text, {
          headers: { 'content-encoding': coding },
        });
    const bomb = coded('x'.repeat(100_000));
    const has = {
      '/a/': coded('1.0\n'),
      '/b/': bomb,
      '/c/': coded('1.0\n', 'br'),
      '/d/': () => new Response('1.0', { headers: { 'content-encoding': 'gzip' } }),
    };
    const { get } = world({ upstreams: [upstreamOf(has)] });
    expect((await get('/a/')).text).toBe('1.0\n');
    const packed = Bun.gzipSync('1.0\n');
    const own = () => new Response(packed, { headers: { 'content-encoding': 'x-gzip' } });
    const derive = (bytes: Uint8Array) => ({ body: bytes, type: 'application/gzip' });
    const ofFile = world({ upstreams: [upstreamOf({ '/a.gz': own })], index: { path: '/a.gz', derive } });
    expect(Number((await ofFile.get('/a/')).headers.get('content-length'))).toBe(packed.byteLength);
    for (const path of ['/b/', '/c/', '/d/'])
      await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
  });

  test('counts as memory until something has been made of it', async () => {
    const up = upstreamOf({ '/a/': 'x'.repeat(60_000) });
    const deriving = Promise.withResolvers<void>();
    let deriver = 0;
    const index = {
      async derive() {
        deriver++;
        await deriving.promise;
        return { body: 'made', type: 'text/plain' };
      },
    };
    const { get } = world({ upstreams: [up], index });
    // Four of the largest may be under way.
    const four = [1, 2, 3, 4].map(() => get('/a/'));
    while (deriver < 4) await Bun.sleep(1);
    await expect(get('/a/')).rejects.toMatchObject({ code: 'overloaded' });
    deriving.resolve();
    await Promise.all(four);
    expect((await get('/a/')).status).toBe(304);
  });

  test('that nobody waits for any more is not fetched to its end', async () => {
    const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = () => {
      const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(9));
      begun.resolve();
      return new Response(new ReadableStream({ start, cancel: () => left.resolve() }));
    };
    const { get } = world({ upstreams: [upstreamOf({ '/a/': slow })] });
    const stop = new AbortController();
    const asked = get('/a/', { signal: stop.signal });
    await begun.promise;
    stop.abort();
    await expect(asked).rejects.toThrow();
    await left.promise;
  });
});

test('an upstream’s words in fields become no fields of ours', async () => {
  const etag = '"ü\\"';
  const up = upstream(({ headers }) =>
    headers.has('if-none-match')
      ? new Response(null, { status: 304 })
      : new Response(index, {
          headers: {
            etag,
            'set-cookie': 'a=b',
            'meridian-access': 'restricted',
            'cache-control': 'private, max-age=5',
          },
        }),
  );
  const { get } = world({ upstreams: [up] });
  const { headers } = await get('/left/');
  expect([...headers.keys()].sort()).toEqual([
    'cache-control',
    'content-length',
    'content-type',
    'etag',
    'meridian-source',
    'repr-digest',
  ]);
  expect(headers.get('cache-control')).toBe('public, max-age=5');
  expect(headers.get('meridian-source')).toMatch(/^[\x20-\x7e]+$/);
  expect((await get('/left/')).status).toBe(304);
});
