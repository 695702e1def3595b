import { afterEach, describe, expect, test } from 'bun:test';
import { closeWorld, packumentOf, upstream } from '../world.contract.ts';
import { alice, openHome, publicationOf, published, someone } from './home.contract.ts';

afterEach(closeWorld);

const paths = ['/@acme/ui', '/@acme/ui/1.0.0', '/@acme/ui/2.0.0', '/-/package/@acme/ui/dist-tags'];
const files = [
  '/@acme/ui/-/ui-1.0.0.tgz',
  '/@acme/ui/-/ui-2.0.0.tgz',
  '/-/npm/v1/attestations/@acme/ui@1.0.0',
];

test('every answer about a restricted package says so, and is kept by no proxy of a client', async () => {
  const home = await openHome();
  await published(home, '@acme/ui', '1.0.0', { access: 'restricted' });
  for (const path of [...paths, ...files]) {
    for (const _ of ['new', 'confirmed']) {
      const { headers } = await home.origin.get(path);
      expect([path, headers.get('meridian-access')]).toEqual([path, 'restricted']);
      expect([path, headers.get('cache-control')]).toEqual([path, expect.stringContaining('private')]);
    }
  }
});

test('no answer about a public one does', async () => {
  const home = await openHome();
  await published(home, '@acme/ui', '1.0.0', { access: 'public' });
  for (const path of [...paths, ...files])
    expect((await home.origin.get(path)).headers.get('meridian-access')).toBeNull();
});

test('a document is confirmed for as long as nothing changes', async () => {
  const home = await openHome();
  await published(home, 'own', '1.0.0');
  expect((await home.origin.get('/own')).status).toBe(200);
  expect((await home.origin.get('/own')).status).toBe(304);
  await published(home, 'own', '1.0.1');
  expect(JSON.parse((await home.origin.get('/own')).text)['dist-tags']).toEqual({ latest: '1.0.1' });
});

test('versions come in the order in which they were published, however many', async () => {
  const home = await openHome();
  const versions = ['1.10.0', '1.9.0', '1.2.0'];
  for (const version of versions) await published(home, 'own', version);
  const document = JSON.parse((await home.origin.get('/own')).text);
  expect(Object.keys(document.versions)).toEqual(versions);
  expect(document['dist-tags']).toEqual({ latest: '1.2.0' });
});

describe('whoever edits a document that has changed meanwhile', () => {
  test('is told so', async () => {
    const home = await openHome();
    await published(home, 'own', '1.0.0');
    const seen = JSON.parse((await home.origin.get('/own?write=true')).text);
    await published(home, 'own', '1.0.1');
    for (const [method, target] of [
      ['PUT', '/own'],
      ['PUT', `/own/-rev/${seen._rev}`],
      ['DELETE', `/own/-rev/${seen._rev}`],
    ] as const)
      expect((await home.as(alice, method, target, method === 'PUT' ? seen : undefined)).status).toBe(409);
  });
});

test('who may publish may neither take away nor give access', async () => {
  const home = await openHome();
  await published(home, 'own', '1.0.0');
  const bob = someone('bob', 'read', 'publish');
  const seen = JSON.parse((await home.origin.get('/own?write=true')).text);
  const { _rev: rev } = seen;
  const owners = { ...seen, maintainers: [{ name: 'bob' }] };
  expect((await home.as(bob, 'PUT', `/own/-rev/${rev}`, { ...seen, versions: {} })).status).toBe(403);
  expect((await home.as(bob, 'PUT', `/own/-rev/${rev}`, owners)).status).toBe(403);
  expect((await home.as(bob, 'DELETE', `/own/-rev/${rev}`)).status).toBe(403);
  expect((await home.as(bob, 'POST', '/-/package/own/access', { access: 'restricted' })).status).toBe(403);
  expect((await home.as(alice, 'PUT', `/own/-rev/${rev}`, owners)).status).toBe(200);
  expect(JSON.parse((await home.origin.get('/own')).text).maintainers).toEqual([{ name: 'bob' }]);
});

test('an unpublished version leaves nothing but its number, and the next lower one is the latest', async () => {
  const home = await openHome();
  for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1']) await published(home, 'own', version);
  const seen = JSON.parse((await home.origin.get('/own?write=true')).text);
  const { '2.0.0-rc.1': _, ...versions } = seen.versions;
  const edited = { ...seen, versions, 'dist-tags': {} };
  expect((await home.as(alice, 'PUT', `/own/-rev/${seen._rev}`, edited)).status).toBe(200);
  expect((await home.origin.get('/own/-/own-2.0.0-rc.1.tgz')).status).toBe(404);
  expect(JSON.parse((await home.origin.get('/-/package/own/dist-tags')).text)).toEqual({ latest: '1.1.0' });
  expect((await home.as(alice, 'PUT', '/own', publicationOf('own', '2.0.0-rc.1'))).status).toBe(403);
  expect((await home.stores.metadata.scan(['blob'])).length).toBe(2);
});

describe('an upstream', () => {
  const asked = async (target: string, init: RequestInit = {}) => {
    const bodies: string[] = [];
    const registry = upstream(async (request) => {
      bodies.push(await request.text());
      if (new URL(request.url).pathname === '/-/v1/search')
        return Response.json({
          objects: ['left', 'own', '@acme/evil'].map((name) => ({ package: { name } })),
          total: 3,
        });
      return new Response(request.method === 'POST' ? '{}' : packumentOf('left', registry.url));
    });
    const home = await openHome({ remotes: [registry] });
    await published(home, 'own', '1.0.0', { manifest: { description: 'left of it' } });
    await published(home, '@acme/secret', '1.0.0', { access: 'restricted' });
    registry.seen.length = bodies.length = 0;
    return { ...(await home.origin.get(target, {}, init)), seen: registry.seen, bodies };
  };

  test('learns of no hosted name from an audit', async () => {
    const body = JSON.stringify({
      left: ['1.0.0'],
      own: ['1.0.0'],
      '@acme/secret': ['1.0.0'],
      '@ACME/x': ['1'],
    });
    const { bodies } = await asked('/-/npm/v1/security/advisories/bulk', { method: 'POST', body });
    expect(bodies).toEqual(['{"left":["1.0.0"]}']);
  });

  test('learns of none from a search, and answers for none', async () => {
    for (const text of ['own', '@acme', '%40ACME%2Fsecret', 'left own'])
      expect((await asked(`/-/v1/search?text=${text}`)).seen).toEqual([]);
    const { text, seen } = await asked('/-/v1/search?text=left');
    expect(seen).toHaveLength(1);
    const names = JSON.parse(text).objects.map((each: { package: { name: string } }) => each.package.name);
    expect(names).toEqual(['own', 'left']);
  });
});

test('what lives here is exempt from the policy of the route, which is for remotes', async () => {
  const registry = upstream(() => new Response(packumentOf('left', registry.url)));
  const home = await openHome({ policy: { blocked: ['*'], provenance: ['*'] }, remotes: [registry] });
  await published(home, 'own', '1.0.0');
  for (const path of ['/own', '/own/1.0.0', '/own/-/own-1.0.0.tgz'])
    expect((await home.origin.get(path)).status).toBe(200);
  expect((await home.origin.get('/left')).status).toBe(403);
});
