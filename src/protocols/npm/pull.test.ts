import { afterEach, describe, expect, test } from 'bun:test';
import { indexResource, packumentResource } from './name.ts';
import {
  abbreviatedAccept,
  closeWorld,
  exchangeOf,
  Origin,
  packumentOf,
  upstream,
} from './world.contract.ts';

afterEach(closeWorld);

const installV1 = 'application/vnd.npm.install-v1+json';

/** A registry that does everything right, with one package of two versions. */
function exemplary(versions = ['1.0.0', '2.0.0']) {
  const state = { versions, etag: '"v1"' };
  const registry = upstream((request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith('.tgz')) return new Response('tarball of left@1.0.0');
    if (pathname !== '/left') return new Response('{}', { status: 404 });
    if (request.headers.get('if-none-match') === state.etag) return new Response(null, { status: 304 });
    const abbreviated = request.headers.get('accept')?.includes(installV1) === true;
    const document = JSON.parse(packumentOf('left', registry.url, state.versions));
    if (abbreviated) delete document.readme;
    return new Response(JSON.stringify(document), {
      headers: {
        'content-type': abbreviated ? installV1 : 'application/json',
        'cache-control': 'public, max-age=300',
        etag: state.etag,
        'set-cookie': 'tracking=1',
      },
    });
  });
  return { registry, state };
}

/** One that knows no forms and no validators. */
function plain(versions = ['1.0.0']) {
  const state = { versions };
  const registry = upstream(() => new Response(packumentOf('left', registry.url, state.versions)));
  return { registry, state };
}

/** Lets the index be stored, which nobody waits for. */
async function stored(origin: Origin, key: string): Promise<void> {
  for (let turn = 0; turn < 1_000 && !origin.stored.has(key); turn++) await Bun.sleep(1);
  expect([...origin.stored.keys()]).toContain(key);
}

describe('a packument', () => {
  test('is made canonical in the form that was asked for', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    const abbreviated = await origin.get('/left', abbreviatedAccept);
    expect(abbreviated.headers.get('content-type')).toBe(installV1);
    expect(JSON.parse(abbreviated.text)).not.toHaveProperty('time');
    const full = await origin.get('/left');
    expect(full.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(full.text)).toMatchObject({ readme: 'how to use it' });
    for (const { text } of [abbreviated, full]) {
      expect(text).toContain('"tarball":"http://meridian.invalid/left/-/left-1.0.0.tgz"');
      expect(text).not.toContain(registry.url);
    }
  });

  test('carries what every tier needs to verify, keep and confirm it, and nothing else', async () => {
    const { registry } = exemplary();
    const metadata = { freshS: 60, staleWhileRevalidateS: 600, staleIfErrorS: 86400 };
    const { headers, text } = await new Origin({ remotes: [registry], metadata }).get(
      '/left',
      abbreviatedAccept,
    );
    const digest = new Bun.CryptoHasher('sha256').update(text).digest('base64');
    expect(Object.fromEntries(headers)).toEqual({
      'cache-control': 'public, max-age=60, stale-while-revalidate=600, stale-if-error=86400',
      'content-length': String(text.length),
      'content-type': installV1,
      etag: expect.stringMatching(/^"[\w-]{27}"$/),
      'meridian-source': expect.stringContaining('\\"v1\\"'),
      'repr-digest': `sha-256=:${digest}:`,
      vary: 'accept, accept-encoding',
    });
  });

  test('is fresh for no longer than the upstream says', async () => {
    const freshnessOf = async (fields: Record<string, string>) => {
      const registry = upstream(() => new Response(packumentOf('left', ''), { headers: fields }));
      const { headers } = await new Origin({ remotes: [registry] }).get('/left');
      return headers.get('cache-control');
    };
    expect(await freshnessOf({})).toBe('public, max-age=300');
    expect(await freshnessOf({ 'cache-control': 'public, max-age=3600' })).toBe('public, max-age=300');
    expect(await freshnessOf({ 'cache-control': 'max-age=20' })).toBe('public, max-age=20');
    expect(await freshnessOf({ 'cache-control': 'max-age=90, s-maxage=30', age: '20' })).toBe(
      'public, max-age=10',
    );
    expect(await freshnessOf({ 'cache-control': 'private, no-store' })).toBe('public, max-age=300');
  });

  test('is asked for with none of the client’s fields', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [{ ...registry, authorization: 'Bearer network' }] });
    await origin.get('/left', {
      authorization: 'Bearer client',
      cookie: 'a=b',
      'npm-otp': '1',
      'user-agent': 'secret',
    });
    const [fields] = registry.fields;
    expect(fields!.get('authorization')).toBe('Bearer network');
    for (const name of ['cookie', 'npm-otp', 'npm-session']) expect(fields!.get(name)).toBeNull();
    expect(fields!.get('user-agent')).not.toBe('secret');
  });

  test('may come as gzip', async () => {
    const packed = Bun.gzipSync(packumentOf('left', 'http://registry.example'));
    const registry = upstream(() => new Response(packed, { headers: { 'content-encoding': 'gzip' } }));
    const { status, text } = await new Origin({ remotes: [registry] }).get('/left');
    expect(status).toBe(200);
    expect(JSON.parse(text).name).toBe('left');
  });

  test('may have moved', async () => {
    const { registry } = plain();
    const door = upstream(() => Response.redirect(`${registry.url}/left`, 302));
    const origin = new Origin({ remotes: [{ ...door, authorization: 'Bearer door' }] });
    expect((await origin.get('/left')).status).toBe(200);
    expect(origin.sent).toEqual([
      { url: `${door.url}/left`, authorization: 'Bearer door' },
      { url: `${registry.url}/left`, authorization: undefined },
    ]);
  });
});

describe('one look at the upstream', () => {
  test('yields the index for the tarballs of the install as well', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    await origin.get('/left', abbreviatedAccept);
    await stored(origin, 'npm index/left');
    expect((await origin.get('/left/-/left-1.0.0.tgz')).text).toBe('tarball of left@1.0.0');
    expect(registry.seen).toEqual(['GET /left', 'GET /left/-/left-1.0.0.tgz']);
  });

  test('yields both forms to those who ask at the same time, where the upstream knows only one', async () => {
    const { registry } = plain();
    const origin = new Origin({ remotes: [registry] });
    const [abbreviated, full] = await Promise.all([
      origin.get('/left', abbreviatedAccept),
      origin.get('/left'),
    ]);
    expect(abbreviated.headers.get('content-type')).toBe(installV1);
    expect(full.headers.get('content-type')).toBe('application/json');
    expect(registry.seen).toEqual(['GET /left']);
  });
});

describe('revalidation', () => {
  test('asks with the upstream’s own entity tag', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    const first = await origin.get('/left', abbreviatedAccept);
    const second = await origin.get('/left', abbreviatedAccept);
    expect(registry.fields[1]!.get('if-none-match')).toBe('"v1"');
    expect(second.status).toBe(304);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(second.headers.get('cache-control')).toBe('public, max-age=300');
    expect(second.headers.get('meridian-source')).toBe(first.headers.get('meridian-source'));
  });

  test('asks with a date, where there is one', async () => {
    const modified = 'Fri, 02 Jan 2026 03:04:05 GMT';
    const registry = upstream((request) =>
      request.headers.get('if-modified-since') === modified
        ? new Response(null, { status: 304 })
        : new Response(packumentOf('left', ''), { headers: { 'last-modified': modified } }),
    );
    const origin = new Origin({ remotes: [registry] });
    await origin.get('/left');
    expect((await origin.get('/left')).status).toBe(304);
  });

  test('recognises the same bytes, where the upstream has no validators', async () => {
    const { registry, state } = plain();
    const origin = new Origin({ remotes: [registry] });
    await origin.get('/left', abbreviatedAccept);
    expect((await origin.get('/left', abbreviatedAccept)).status).toBe(304);
    state.versions = ['1.0.0', '1.1.0'];
    const newer = await origin.get('/left', abbreviatedAccept);
    expect(newer.status).toBe(200);
    expect(newer.text).toContain('1.1.0');
  });

  test('confirms the abbreviated form when only the rest has changed', async () => {
    const { registry } = plain();
    const origin = new Origin({ remotes: [registry] });
    await origin.get('/left', abbreviatedAccept);
    const renamed = packumentOf('left', registry.url).replace('how to use it', 'how to use it well');
    const other = upstream(() => new Response(renamed));
    const moved = new Origin({ remotes: [other] });
    for (const [key, value] of origin.stored) moved.stored.set(key, value);
    expect((await moved.get('/left', abbreviatedAccept)).status).toBe(304);
  });

  test('asks without conditions once the package comes from another registry', async () => {
    const { registry } = exemplary();
    const before = new Origin({ remotes: [registry] });
    await before.get('/left', abbreviatedAccept);
    const other = exemplary();
    const after = new Origin({ remotes: [other.registry] });
    for (const [key, value] of before.stored) after.stored.set(key, value);
    await after.get('/left', abbreviatedAccept);
    expect(other.registry.fields[0]!.get('if-none-match')).toBeNull();
  });

  test('asks without conditions for a form that was made of the other one', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    await origin.get('/left');
    await stored(origin, 'npm index/left');
    const index = indexResource('npm', 'left', {});
    const answer = await origin.ask(index, exchangeOf('/left'));
    expect(registry.fields[1]!.get('if-none-match')).toBeNull();
    expect(answer.status).toBe(304); // the same files after all
  });
});

describe('what is not a packument is not passed on', () => {
  test.each([
    [
      'a page for people',
      () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['half a document', () => new Response(packumentOf('left', '').slice(0, 200))],
    ['another package', () => new Response(packumentOf('right', ''))],
    ['nothing', () => new Response('')],
    ['an odd status', () => new Response(null, { status: 204 })],
    ['a refusal of the network’s credentials', () => new Response('{}', { status: 401 })],
    ['a redirect to nowhere', () => new Response(null, { status: 302 })],
    [
      'a redirect to a file',
      () => new Response(null, { status: 302, headers: { location: 'file:///etc/passwd' } }),
    ],
    ['a redirect in circles', () => new Response(null, { status: 307, headers: { location: '/left' } })],
    ['a 304 that nobody asked for', () => new Response(null, { status: 304 })],
  ])('%s', async (_, answer) => {
    const registry = upstream(answer);
    const origin = new Origin({ remotes: [registry] });
    await expect(origin.get('/left')).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect(registry.seen.length).toBeLessThanOrEqual(4);
    expect(origin.stored.size).toBe(0);
  });

  test('one that is too large, announced or not', async () => {
    const large = packumentOf('left', '').replace('how to use it', 'x'.repeat(100_000));
    const chunked = () => new Response(new Blob([large]).stream());
    for (const answer of [() => new Response(large), chunked]) {
      const origin = new Origin({ remotes: [upstream(answer)], maxPackumentBytes: 50_000 });
      await expect(origin.get('/left')).rejects.toMatchObject({ code: 'upstream-invalid' });
    }
  });

  test('one that breaks off', async () => {
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket) {
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"name":"left"');
        },
      },
    });
    const origin = new Origin({ remotes: [{ url: `http://127.0.0.1:${server.port}` }] });
    await expect(origin.get('/left')).rejects.toMatchObject({ code: 'upstream-truncated' });
    server.stop(true);
  });
});

describe('an upstream’s error', () => {
  test('that says that there is no such package is kept for a moment only', async () => {
    const { registry } = exemplary();
    const { status, headers, text } = await new Origin({ remotes: [registry] }).get('/@acme%2fmissing');
    expect(registry.seen).toEqual(['GET /@acme%2fmissing']);
    expect(status).toBe(404);
    expect(headers.get('cache-control')).toBe('public, max-age=10');
    expect(JSON.parse(text)).toEqual({ error: 'Not found: @acme/missing' });
  });

  test.each([429, 500, 503])('%d is passed on with the time to wait, and kept by nobody', async (code) => {
    const registry = upstream(
      () => new Response('<h1>no</h1>', { status: code, headers: { 'retry-after': '7' } }),
    );
    for (const target of ['/left', '/left/1.0.0', '/left/-/left-1.0.0.tgz', '/-/package/left/dist-tags']) {
      const { status, headers, text } = await new Origin({ remotes: [registry] }).get(target);
      expect(status).toBe(code);
      expect(headers.get('retry-after')).toBe('7');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(JSON.parse(text)).toEqual({ error: `The upstream registry answered ${code}.` });
    }
  });

  test('that states a reason is passed on with it', async () => {
    const refusal = { error: 'blocked by policy', secret: 'x' };
    const registry = upstream(() =>
      Response.json(refusal, { status: 403, headers: { 'set-cookie': 'a=b' } }),
    );
    const { status, headers, text } = await new Origin({ remotes: [registry] }).get('/left');
    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({ error: 'blocked by policy' });
    expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('a scope', () => {
  test('goes to the remote that lists it, also when that fails', async () => {
    const general = plain().registry;
    const acme = upstream(() => new Response('{}', { status: 404 }));
    const origin = new Origin({ remotes: [general, { url: acme.url, scopes: ['@acme'] }] });
    expect((await origin.get('/@acme/left')).status).toBe(404);
    expect((await origin.get('/@acme%2fleft/-/left-1.0.0.tgz')).status).toBe(404);
    expect((await origin.get('/-/npm/v1/attestations/@acme%2fleft@1.0.0')).status).toBe(404);
    expect(general.seen).toEqual([]);
    expect(new Set(acme.seen)).toEqual(
      new Set(['GET /@acme%2fleft', 'GET /-/npm/v1/attestations/@acme%2fleft@1.0.0']),
    );
  });

  test('that no remote serves is not found', async () => {
    const origin = new Origin({ remotes: [{ url: 'http://127.0.0.1:1', scopes: ['@acme'] }] });
    await expect(origin.get('/left')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a part of a packument with an address of its own', () => {
  test('is a version, by number or by tag', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    const byTag = await origin.get('/left/latest');
    expect(JSON.parse(byTag.text)).toMatchObject({
      version: '2.0.0',
      scripts: { postinstall: 'node build.js' },
    });
    expect(byTag.text).toContain('http://meridian.invalid/left/-/left-2.0.0.tgz');
    expect((await origin.get('/left/2.0.0')).text).toBe(byTag.text);
    expect((await origin.get('/left/latest')).status).toBe(304);
    expect(registry.seen).toEqual(['GET /left']);
  });

  test('is the list of tags', async () => {
    const { registry } = exemplary();
    const { headers, text } = await new Origin({ remotes: [registry] }).get('/-/package/left/dist-tags');
    expect(JSON.parse(text)).toEqual({ latest: '2.0.0' });
    expect(headers.get('vary')).toBeNull();
    expect(headers.get('repr-digest')).toStartWith('sha-256=:');
  });

  test('is missing when the version or the package is', async () => {
    const { registry } = exemplary();
    const origin = new Origin({ remotes: [registry] });
    expect(await origin.get('/left/9.9.9')).toMatchObject({
      status: 404,
      text: '{"error":"version not found: 9.9.9"}\n',
    });
    expect((await origin.get('/right/1.0.0')).status).toBe(404);
    expect((await origin.get('/-/package/right/dist-tags')).status).toBe(404);
  });
});

test('a document that somebody is about to edit comes as the upstream has it', async () => {
  const { registry } = exemplary();
  const origin = new Origin({ remotes: [registry] });
  const { headers, text } = await origin.get('/left?write=true');
  expect(text).toContain(registry.url);
  expect(registry.seen).toEqual(['GET /left?write=true']);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('set-cookie')).toBeNull();
});

test('the origin’s resources are those that requests are named with', () => {
  const origin = new Origin({});
  const named = origin.protocol.name(exchangeOf('/@acme%2ftools', abbreviatedAccept));
  expect(named).toEqual(packumentResource('npm', 'abbreviated', '@acme/tools', { freshS: 300 }));
});
