import { afterEach, describe, expect, test } from 'bun:test';
import { closeWorld, integrityOf, Origin, type Upstream, upstream } from './world.contract.ts';

afterEach(closeWorld);

/** A registry with the package `left`, whose versions have these `dist` objects. */
function registryWith(
  dists: Record<string, object>,
  files: (request: Request) => Response = () => new Response('bytes'),
): Upstream & { dists: Record<string, object> } {
  const world = { dists };
  const registry = upstream((request) => {
    if (new URL(request.url).pathname !== '/left') return files(request);
    const versions = Object.entries(world.dists).map(([version, dist]) => [
      version,
      { name: 'left', version, dist },
    ]);
    return Response.json({ name: 'left', versions: Object.fromEntries(versions) });
  });
  return Object.assign(world, registry);
}

const integrity = integrityOf('bytes');
const file = '/left/-/left-1.0.0.tgz';

describe('a tarball', () => {
  test('comes with the digest that its package promises, and is never asked for again', async () => {
    const tarball = 'left/-/left-1.0.0.tgz';
    const registry = registryWith({ '1.0.0': { tarball, integrity } }, () => {
      const headers = {
        'content-type': 'application/gzip',
        'cache-control': 'no-cache',
        etag: 'W/"theirs"',
        'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
        'set-cookie': 'a=b',
        server: 'theirs',
      };
      return new Response('bytes', { headers });
    });
    const origin = new Origin({ remotes: [registry] });
    const { status, headers, text } = await origin.get(file);
    expect(status).toBe(200);
    expect(text).toBe('bytes');
    expect(Object.fromEntries(headers)).toEqual({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': '5',
      'content-type': 'application/octet-stream',
      etag: expect.stringMatching(/^"[\w-]{27}"$/),
      'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
      'repr-digest': `sha-512=:${integrity.slice(7)}:`,
    });
    expect((await origin.get(file)).status).toBe(304);
    expect(registry.seen).toEqual(['GET /left', `GET ${file}`]);
  });

  test.each([
    { what: 'that it knows HEAD', refusal: null, seen: [`HEAD ${file}`] },
    { what: 'that it knows none', refusal: 405, seen: [`HEAD ${file}`, `GET ${file}`] },
  ])('is not fetched for who asks for its head of a registry: $what', async ({ refusal, seen }) => {
    const registry = registryWith(
      { '1.0.0': { tarball: 'left/-/left-1.0.0.tgz', integrity } },
      ({ method }) =>
        method === 'HEAD' && refusal !== null
          ? new Response(null, { status: refusal })
          : new Response('bytes', { headers: { 'content-length': '5' } }),
    );
    const origin = new Origin({ remotes: [registry] });
    const { status, headers, text } = await origin.get(file, {}, { method: 'HEAD' });
    expect([status, text, headers.get('content-length'), headers.get('repr-digest')]).toEqual([
      200,
      '',
      '5',
      `sha-512=:${integrity.slice(7)}:`,
    ]);
    expect(registry.seen).toEqual(['GET /left', ...seen]);
  });

  test('is asked for again when its digest has changed', async () => {
    const registry = registryWith({
      '1.0.0': { tarball: 'left-1.0.0.tgz', integrity: integrityOf('before') },
    });
    const origin = new Origin({ remotes: [registry] });
    await origin.get(file);
    registry.dists = { '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } };
    origin.stored.delete('npm index/left');
    expect((await origin.get(file)).headers.get('repr-digest')).toContain(integrity.slice(7));
  });

  test('without a digest is passed on, and kept by nobody', async () => {
    const registry = registryWith({ '1.0.0': { tarball: 'left-1.0.0.tgz' } });
    const { headers, text } = await new Origin({ remotes: [registry] }).get(file);
    expect(text).toBe('bytes');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('repr-digest')).toBeNull();
    expect(headers.get('etag')).toBeNull();
  });

  test('without a digest is not fetched from anywhere else', async () => {
    const internal = upstream(() => new Response('secrets'));
    const registry = registryWith({ '1.0.0': { tarball: `${internal.url}/left-1.0.0.tgz` } });
    const origin = new Origin({ remotes: [registry] });
    await expect(origin.get(file)).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect(internal.seen).toEqual([]);
  });

  test('that is labelled gzip, as it is inside, stays as it is', async () => {
    const bytes = Bun.gzipSync('contents');
    const registry = registryWith(
      { '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } },
      () => new Response(bytes, { headers: { 'content-encoding': 'gzip' } }),
    );
    const { headers } = await new Origin({ remotes: [registry] }).get(file);
    expect(headers.get('content-encoding')).toBeNull();
    expect(headers.get('content-length')).toBe(String(bytes.length));
    expect(registry.fields[1]!.get('accept-encoding')).toBe('identity');
  });
});

describe('where it is', () => {
  test('the package says, and the network’s credentials stay with their registry', async () => {
    const elsewhere = upstream(() => new Response('bytes'));
    const registry = registryWith({
      '1.0.0': { tarball: `${elsewhere.url}/files/left-1.0.0.tgz?signature=x`, integrity },
      '2.0.0': { tarball: 'left/-/left-2.0.0.tgz', integrity },
    });
    const origin = new Origin({ remotes: [{ ...registry, authorization: 'Bearer network' }] });
    expect((await origin.get(file)).text).toBe('bytes');
    expect((await origin.get('/left/-/left-2.0.0.tgz')).text).toBe('bytes');
    expect(origin.sent).toEqual([
      { url: `${registry.url}/left`, authorization: 'Bearer network' },
      { url: `${elsewhere.url}/files/left-1.0.0.tgz?signature=x`, authorization: undefined },
      { url: `${registry.url}/left/-/left-2.0.0.tgz`, authorization: 'Bearer network' },
    ]);
  });

  test('a registry behind a proxy that ends TLS says wrongly, and is asked over TLS all the same', async () => {
    const remote = { url: 'https://npm.acme.example/api', authorization: 'Bearer network' };
    const asked: string[] = [];
    const origin = new Origin({ remotes: [remote] });
    origin.door.fetch = async ({ authorization }, url) => {
      asked.push(`${url} ${authorization}`);
      const tarball = 'http://npm.acme.example/api/left/-/left-1.0.0.tgz';
      const packument = { name: 'left', versions: { '1.0.0': { dist: { tarball, integrity } } } };
      const { body } = asked.length === 1 ? Response.json(packument) : new Response('bytes');
      return { status: 200, headers: new Headers(), body };
    };
    expect((await origin.get(file)).text).toBe('bytes');
    expect(asked).toEqual([
      'https://npm.acme.example/api/left Bearer network',
      'https://npm.acme.example/api/left/-/left-1.0.0.tgz Bearer network',
    ]);
  });

  test('a redirect says, three times at most', async () => {
    const storage = upstream(() => new Response('bytes'));
    const registry = registryWith({ '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } }, (request) => {
      const { pathname } = new URL(request.url);
      const next: Record<string, string> = { '/left-1.0.0.tgz': 'b', '/b': '/c', '/c': `${storage.url}/d` };
      return new Response(null, { status: 302, headers: { location: next[pathname] ?? '/left-1.0.0.tgz' } });
    });
    const origin = new Origin({ remotes: [{ ...registry, authorization: 'Bearer network' }] });
    expect((await origin.get(file)).text).toBe('bytes');
    expect(origin.sent.map(({ authorization }) => authorization !== undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(origin.sent.at(-1)).toEqual({ url: `${storage.url}/d`, authorization: undefined });
    expect(storage.fields[0]!.get('authorization')).toBeNull();
  });

  test.each([404, 403, 410])('nobody knows: %d', async (status) => {
    const gone = () => new Response('gone', { status });
    const registry = registryWith({ '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } }, gone);
    const answer = await new Origin({ remotes: [registry] }).get(file);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=10');
  });
});

describe('a file that the stored index does not know', () => {
  test('may have been published since', async () => {
    const registry = registryWith({ '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } });
    const origin = new Origin({ remotes: [registry] });
    await origin.get(file);
    registry.dists = { ...registry.dists, '2.0.0': { tarball: 'left-2.0.0.tgz', integrity } };
    expect((await origin.get('/left/-/left-2.0.0.tgz')).status).toBe(200);
  });

  test('is looked for once in a while, whatever number of them is made up', async () => {
    const registry = registryWith({ '1.0.0': { tarball: 'left-1.0.0.tgz', integrity } });
    const origin = new Origin({ remotes: [registry] });
    await origin.get(file);
    const asked = registry.seen.length;
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => origin.get(`/left/-/made-up-${n}.tgz`)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect((await origin.get('/left/-/another.tgz')).status).toBe(404);
    expect(registry.seen.length).toBe(asked + 1);
    expect(answers[0]!.headers.get('cache-control')).toBe('public, max-age=10');
  });
});
