import { afterEach, describe, expect, test } from 'bun:test';
import { closeWorld, Origin, upstream } from './world.contract.ts';

afterEach(closeWorld);

const bulk = '/-/npm/v1/security/advisories/bulk';

/** Remotes with a public registry that remembers what it was told. */
function world() {
  const told: unknown[] = [];
  const general = upstream(async (request) => {
    told.push(request.method === 'POST' ? await request.json() : new URL(request.url).search);
    return Response.json({ left: [{ id: 1 }] }, { headers: { 'set-cookie': 'a=b' } });
  });
  const acme = upstream(() => Response.json({}));
  const remotes = [
    { ...general, authorization: 'Bearer general' },
    { ...acme, scopes: ['@acme'] },
  ];
  return { told, general, acme, origin: new Origin({ remotes }) };
}

function ask(origin: Origin, body: string | Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}) {
  return origin.get(bulk, fields, { method: 'POST', body });
}

describe('a list of installed packages', () => {
  const installed = {
    left: ['1.0.0'],
    '@acme/secret': ['1.0.0'],
    '@ACME/other': ['2.0.0'],
    '@open/tool': ['3.0.0', '3.1.0'],
  };

  test('reaches the public registry without the names of private packages', async () => {
    const { origin, told, acme } = world();
    const { status, headers, text } = await ask(origin, JSON.stringify(installed));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ left: [{ id: 1 }] });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('set-cookie')).toBeNull();
    expect(told).toEqual([{ left: ['1.0.0'], '@open/tool': ['3.0.0', '3.1.0'] }]);
    expect(acme.seen).toEqual([]);
  });

  test('may be gzip', async () => {
    const { origin, told } = world();
    await ask(origin, Bun.gzipSync(JSON.stringify(installed)), { 'content-encoding': 'gzip' });
    expect(told).toEqual([{ left: ['1.0.0'], '@open/tool': ['3.0.0', '3.1.0'] }]);
  });

  test('goes nowhere when all of it is private, or no package at all', async () => {
    const { origin, general } = world();
    for (const list of [
      {},
      { '@acme/secret': ['1.0.0'] },
      { '../x': ['1'], 'https://host.example/x': ['2'] },
    ]) {
      expect(await ask(origin, JSON.stringify(list))).toMatchObject({ status: 200, text: '{}' });
    }
    expect(general.seen).toEqual([]);
  });

  test('is asked about with the network’s credentials, never the client’s', async () => {
    const { origin, general } = world();
    await ask(origin, JSON.stringify(installed), { authorization: 'Bearer client', cookie: 'a=b' });
    const [fields] = general.fields;
    expect(fields!.get('authorization')).toBe('Bearer general');
    expect(fields!.get('cookie')).toBeNull();
  });

  test.each([
    ['no JSON', 'left', {}],
    ['no object', '[]', {}],
    ['no list of versions', '{"left":"1.0.0"}', {}],
    ['nothing', '', {}],
    ['no gzip, although it says so', '{}', { 'content-encoding': 'gzip' }],
    ['of an unknown encoding', '{}', { 'content-encoding': 'br' }],
    ['much more once it is unpacked', Bun.gzipSync(' '.repeat(9_000_000)), { 'content-encoding': 'gzip' }],
  ])('is refused when it is %s', async (_, body, fields) => {
    const { origin, general } = world();
    await expect(ask(origin, body, { ...fields })).rejects.toMatchObject({ code: 'request-malformed' });
    expect(general.seen).toEqual([]);
  });

  test('is refused when it is too long', async () => {
    const { origin } = world();
    await expect(ask(origin, ' '.repeat(2_200_000))).rejects.toMatchObject({ code: 'body-too-large' });
  });
});

test('an upstream that knows no advisories says so to the client', async () => {
  const registry = upstream(() => new Response('nothing here', { status: 404 }));
  const origin = new Origin({ remotes: [registry] });
  expect((await ask(origin, '{"left":["1.0.0"]}')).status).toBe(404);
});

describe('a search', () => {
  test('is made at the default registry', async () => {
    const { origin, told } = world();
    const { status, headers } = await origin.get('/-/v1/search?text=left&size=2');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(told).toEqual(['?text=left&size=2']);
  });

  test('is not made when it names a private scope, however it is written', async () => {
    const { origin, general } = world();
    for (const text of ['@acme/secret', '%40ACME%2Fsecret', 'scope:a+@acme', '%2540acme'.replace('25', '')]) {
      expect((await origin.get(`/-/v1/search?text=${text}`)).status).toBe(404);
    }
    expect(general.seen).toEqual([]);
  });
});

describe('keys and attestations', () => {
  test('are fetched as they are, as fresh as other metadata', async () => {
    const registry = upstream((request) =>
      request.headers.get('if-none-match') === '"k1"'
        ? new Response(null, { status: 304 })
        : Response.json(
            { keys: [] },
            { headers: { etag: '"k1"', 'cache-control': 'max-age=30', 'set-cookie': 'a=b' } },
          ),
    );
    const origin = new Origin({ remotes: [registry] });
    for (const target of ['/-/npm/v1/keys', '/-/npm/v1/attestations/left@1.0.0']) {
      const first = await origin.get(target);
      expect(JSON.parse(first.text)).toEqual({ keys: [] });
      expect(first.headers.get('cache-control')).toBe('public, max-age=30');
      expect(first.headers.get('set-cookie')).toBeNull();
      expect((await origin.get(target)).status).toBe(304);
    }
  });

  test.each([404, 400])('are missing where the registry answers %d', async (status) => {
    const registry = upstream(() => new Response('', { status }));
    const answer = await new Origin({ remotes: [registry] }).get('/-/npm/v1/keys');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=10');
  });
});
