/**
 * .NET packages as `dotnet restore`, `dotnet package search`, `dotnet nuget push` and `delete` ask for them, request by request as NuGet's reference of
 * the protocol has it (the client itself cannot be had here), through PoP, shield and origin.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { nuget } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { type NugetFeed, nupkg, startNugetFeed } from '../support/nuget-feed.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents of which each test looks at a little
type Loose = any;

let feed: NugetFeed;
let network: TestNetwork;
let token: string;

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['nuget'],
  subjects: ['*'],
};

beforeAll(async () => {
  feed = await startNugetFeed();
  feed.publish({ id: 'Leaf', version: '1.0.0' });
  feed.publish({ id: 'Leaf', version: '1.1.0' });
  feed.publish({ id: 'Trunk.Core', version: '2.0.0', dependencies: { Leaf: '[1.0.0, )' } });
  feed.publish({ id: 'Acme.Ui', version: '99.0.0' });
  for (let minor = 0; minor < 70; minor++) feed.publish({ id: 'Long', version: `1.${minor}.0` });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      nuget({
        upstreams: [{ url: feed.url, authorization: 'Basic c2VjcmV0' }],
        hosted: { names: ['acme.*', 'secret.*'], public: ['acme.*'] },
        metadata: { freshS: '1s' },
      }),
    ],
  });
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await feed?.off();
});

const base = (pop = 'near') => `${network.url(pop)}/nuget`;
const resourceShape = z.object({ resources: z.array(z.object({ '@id': z.string(), '@type': z.string() })) });

/** As a client finds its way. */
async function resource(type: string, pop = 'near'): Promise<string> {
  const index = resourceShape.parse(await (await fetch(`${base(pop)}/v3/index.json`)).json());
  const found = index.resources.find((each) => each['@type'] === type);
  if (found === undefined) throw new Error(`the service index has no ${type}`);
  return found['@id'];
}

const jsonAt = async (url: string, headers = {}): Promise<Loose> => (await fetch(url, { headers })).json();

async function restore(id: string, version: string, pop = 'near'): Promise<Buffer> {
  const flat = await resource('PackageBaseAddress/3.0.0', pop);
  const lower = id.toLowerCase();
  const { versions } = await jsonAt(`${flat}${lower}/index.json`);
  if (!versions.includes(version)) throw new Error(`${id} has no ${version}: ${versions}`);
  const response = await fetch(`${flat}${lower}/${version}/${lower}.${version}.nupkg`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

function push(bytes: Uint8Array, key: string | null = token, pop = 'near'): Promise<Response> {
  const form = new FormData();
  form.append(
    'package',
    new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }),
    'package.nupkg',
  );
  return fetch(`${base(pop)}/api/v2/package/`, {
    method: 'PUT',
    body: form,
    headers: { ...(key !== null && { 'x-nuget-apikey': key }), 'x-nuget-client-version': '6.12.0' },
  });
}

describe('restoring', () => {
  test('goes cold through all tiers, and warm without a question to the upstream', async () => {
    const cold = await restore('Trunk.Core', '2.0.0');
    expect(cold).toEqual(nupkg({ id: 'Trunk.Core', version: '2.0.0', dependencies: { Leaf: '[1.0.0, )' } }));
    feed.forget();
    expect(await restore('Trunk.Core', '2.0.0')).toEqual(cold);
    expect(feed.requests().filter(({ path }) => path.endsWith('.nupkg'))).toEqual([]);
  });

  test('goes on while the upstream is down', async () => {
    await restore('Leaf', '1.1.0');
    await feed.off();
    const down = await restore('Leaf', '1.1.0');
    await feed.on();
    expect(down).toEqual(nupkg({ id: 'Leaf', version: '1.1.0' }));
  });

  test('spells ids and versions as anybody likes, and means the same', async () => {
    const spelt = await fetch(`${base()}/v3/flat/LEAF/1.0.0.0/Leaf.1.0.0.0.nupkg`);
    expect(spelt.status).toBe(200);
    expect(Buffer.from(await spelt.arrayBuffer()).equals(nupkg({ id: 'Leaf', version: '1.0.0' }))).toBe(true);
    const manifest = await fetch(`${base()}/v3/flat/leaf/1.0/leaf.nuspec`);
    expect(await manifest.text()).toContain('<id>Leaf</id>');
    expect((await fetch(`${base()}/index.json`)).status).toBe(200);
  });

  test('gives the upstream its credentials, and the host of its packages none', async () => {
    await restore('Leaf', '1.0.0', 'far');
    expect(new Set(feed.main.requests().map(({ headers }) => headers.get('authorization')))).toEqual(
      new Set(['Basic c2VjcmV0']),
    );
    expect(new Set(feed.files.requests().map(({ headers }) => headers.get('authorization')))).toEqual(
      new Set([null]),
    );
  });

  test('keeps no package that is not what the catalogue says', async () => {
    feed.publish({ id: 'Bent', version: '1.0.0' });
    feed.files.fault({ as: 'corrupt' }, ({ path }) => path.endsWith('bent.1.0.0.nupkg'));
    const bent = await fetch(`${base()}/v3/flat/bent/1.0.0/bent.1.0.0.nupkg`).then(
      async (response) =>
        (await response.arrayBuffer()).byteLength === nupkg({ id: 'Bent', version: '1.0.0' }).length,
      () => false, // the connection is reset where the head was sent by then
    );
    feed.files.fault(null);
    expect(bent).toBe(false);
    // Whoever asks while the broken answer is still under way hears of it, too.
    const whole = await eventually('the whole package', () => restore('Bent', '1.0.0').catch(() => null));
    expect(whole).toEqual(nupkg({ id: 'Bent', version: '1.0.0' }));
  });

  test('checks packages by what came first where the upstream says no hash', async () => {
    feed.saysHashes = false;
    feed.publish({ id: 'Plain', version: '1.0.0' });
    expect(await restore('Plain', '1.0.0')).toEqual(nupkg({ id: 'Plain', version: '1.0.0' }));
    feed.saysHashes = true;
  });
});

describe('what is known of a package', () => {
  test('leads to this network, with the addresses that the client uses', async () => {
    const registrations = await resource('RegistrationsBaseUrl/3.6.0', 'far');
    const index = await jsonAt(`${registrations}trunk.core/index.json`);
    const [page] = index.items;
    const at = `${base('far')}/v3`;
    expect(page.items[0]).toMatchObject({
      '@id': `${at}/registration/trunk.core/2.0.0.json`,
      packageContent: `${at}/flat/trunk.core/2.0.0/trunk.core.2.0.0.nupkg`,
      catalogEntry: {
        id: 'Trunk.Core',
        version: '2.0.0',
        dependencyGroups: [
          { dependencies: [{ id: 'Leaf', registration: `${at}/registration/leaf/index.json` }] },
        ],
      },
    });
    expect(JSON.stringify(index)).not.toContain(feed.main.url);
    expect(JSON.stringify(index)).not.toContain('meridian.invalid');
    expect(await jsonAt(page.items[0]['@id'])).toMatchObject({
      listed: true,
      packageContent: page.items[0].packageContent,
    });
  });

  test('comes in pages where the upstream has pages', async () => {
    const index = await jsonAt(`${base()}/v3/registration/long/index.json`);
    expect(index.items.map((page: Loose) => [page.lower, page.upper, page.items])).toEqual([
      ['1.0.0', '1.63.0', undefined],
      ['1.64.0', '1.69.0', undefined],
    ]);
    const page = await jsonAt(index.items[1]['@id']);
    expect(page.items.map((leaf: Loose) => leaf.catalogEntry.version)).toEqual([
      '1.64.0',
      '1.65.0',
      '1.66.0',
      '1.67.0',
      '1.68.0',
      '1.69.0',
    ]);
  });

  test('is packed for clients that ask for it', async () => {
    const response = await fetch(`${base()}/v3/registration/long/page/1.0.0/1.63.0.json`, {
      headers: { 'accept-encoding': 'gzip' },
      decompress: false,
    } as RequestInit);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(JSON.parse(Buffer.from(Bun.gunzipSync(await response.arrayBuffer())).toString()).count).toBe(64);
  });

  test('advisories come through, from this network', async () => {
    const index = await jsonAt(await resource('VulnerabilityInfo/6.7.0'));
    expect(index[0]['@id']).toBe(`${base()}/v3/vulnerabilities/base.json`);
    expect(await jsonAt(index[0]['@id'])).toHaveProperty('leaf');
  });
});

describe('packages that live here', () => {
  const ui = (version: string) => nupkg({ id: 'Acme.Ui', version, dependencies: { Leaf: '1.0' } });

  test('are pushed once, and restored at another PoP', async () => {
    const bytes = ui('1.0.0');
    const pushed = await push(bytes);
    expect([pushed.status, await pushed.text()]).toEqual([201, 'Acme.Ui 1.0.0 is published.\n']);
    expect(await restore('Acme.Ui', '1.0.0', 'far')).toEqual(bytes);
    expect((await push(bytes)).status).toBe(409);
    const manifest = await fetch(`${base('far')}/v3/flat/acme.ui/1.0.0/acme.ui.nuspec`);
    expect(await manifest.text()).toContain('<id>Acme.Ui</id>');
  });

  test('are never an upstream’s, whatever that one has by their name', async () => {
    const { versions } = await jsonAt(`${base()}/v3/flat/acme.ui/index.json`);
    expect(versions).toEqual(['1.0.0']);
    expect((await fetch(`${base()}/v3/flat/acme.ui/99.0.0/acme.ui.99.0.0.nupkg`)).status).toBe(404);
    expect((await fetch(`${base()}/v3/flat/acme.none/index.json`)).status).toBe(404);
    expect(feed.requests().filter(({ target }) => /acme/i.test(target))).toEqual([]);
  });

  test('have a registration that says what they need', async () => {
    const index = await jsonAt(`${base()}/v3/registration/acme.ui/index.json`);
    expect(index.items[0].items[0].catalogEntry).toMatchObject({
      ...{ id: 'Acme.Ui', version: '1.0.0', listed: true, licenseExpression: 'MIT', tags: ['test', 'ui'] },
      ...{ packageHashAlgorithm: 'SHA512', minClientVersion: '2.12' },
      dependencyGroups: [
        { targetFramework: '.NETStandard2.0', dependencies: [{ id: 'Leaf', range: '[1.0.0, )' }] },
      ],
    });
  });

  test('are taken off the lists, can still be had, and are put back', async () => {
    await push(ui('1.1.0-beta.1'));
    const at = `${base()}/api/v2/package/Acme.Ui/1.1.0-BETA.1`;
    const found = async () =>
      (await jsonAt(`${await resource('SearchQueryService')}?q=acme&prerelease=true&semVerLevel=2.0.0`))
        .data[0].versions.length;
    expect(await found()).toBe(2);
    const deleted = await fetch(at, { method: 'DELETE', headers: { 'x-nuget-apikey': token } });
    expect(deleted.status).toBe(204);
    expect(await found()).toBe(1);
    const leaf = await jsonAt(`${base('far')}/v3/registration/acme.ui/1.1.0-beta.1.json`);
    expect([leaf.listed, leaf.published.slice(0, 4)]).toEqual([false, '1900']);
    expect(await restore('Acme.Ui', '1.1.0-beta.1', 'far')).toEqual(ui('1.1.0-beta.1'));
    expect((await fetch(at, { method: 'POST', headers: { 'x-nuget-apikey': token } })).status).toBe(200);
    expect(await found()).toBe(2);
    expect(
      (
        await fetch(`${base()}/api/v2/package/Acme.Ui/7.0.0`, {
          method: 'DELETE',
          headers: { 'x-nuget-apikey': token },
        })
      ).status,
    ).toBe(404);
  });

  test('need a token to push, and a right', async () => {
    expect((await push(ui('3.0.0'), null)).status).toBe(401);
    const right: Right = { actions: ['publish'], routes: ['nuget'], subjects: ['other.*'] };
    const { token: other } = await tokenFor(network.node('origin'), 'bob', [right]);
    expect((await push(ui('3.0.0'), other)).status).toBe(403);
    const stray = await push(nupkg({ id: 'Stray', version: '1.0.0' }));
    expect([stray.status, await stray.text()]).toEqual([403, expect.stringContaining('does not live here')]);
  });

  test('are for whom they are: others hear nothing of a private one, by name or by search', async () => {
    const bytes = nupkg({ id: 'Secret.Plan', version: '1.0.0' });
    expect((await push(bytes)).status).toBe(201);
    const at = `${base('far')}/v3/flat/secret.plan/1.0.0/secret.plan.1.0.0.nupkg`;
    expect((await fetch(at)).status).toBe(401);
    expect((await fetch(`${base('far')}/v3/registration/secret.plan/index.json`)).status).toBe(401);
    const basic = { authorization: `Basic ${btoa(`alice:${token}`)}` };
    expect(bytes.equals(Buffer.from(await (await fetch(at, { headers: basic })).arrayBuffer()))).toBe(true);
    const query = `${base('far')}/v3/query?q=secret&prerelease=true`;
    expect((await jsonAt(query)).data).toEqual([]);
    expect((await jsonAt(query, basic)).data).toHaveLength(1);
  });

  test('refuse symbols with a sentence that says what to do', async () => {
    const response = await fetch(await resource('SymbolPackagePublish/4.9.0'), {
      method: 'PUT',
      body: 'x',
      headers: { 'x-nuget-apikey': token },
    });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('--no-symbols')]);
  });

  test('of many versions come in pages', async () => {
    for (let minor = 0; minor < 66; minor++) await push(nupkg({ id: 'Acme.Many', version: `1.${minor}.0` }));
    const index = await jsonAt(`${base()}/v3/registration/acme.many/index.json`);
    expect(index.items.map((page: Loose) => [page.lower, page.upper, page.count, page.items])).toEqual([
      ['1.0.0', '1.63.0', 64, undefined],
      ['1.64.0', '1.65.0', 2, undefined],
    ]);
    expect((await jsonAt(index.items[1]['@id'])).items).toHaveLength(2);
  }, 30_000);
});

describe('searching', () => {
  const search = async (query: string) =>
    jsonAt(`${await resource('SearchQueryService/3.5.0')}?${query}&semVerLevel=2.0.0`);

  test('finds what lives here first, then what the upstream finds, with addresses of this network', async () => {
    const { totalHits, data } = await search('q=&skip=0&take=20&prerelease=false');
    expect(data.map(({ id }: Loose) => id)).toEqual(
      expect.arrayContaining(['Acme.Ui', 'Leaf', 'Trunk.Core']),
    );
    expect(data[0].id.startsWith('Acme.')).toBe(true);
    expect(data.filter(({ id }: Loose) => id === 'Acme.Ui')).toHaveLength(1);
    expect(totalHits).toBeGreaterThan(4);
    expect(JSON.stringify(data)).not.toContain(feed.main.url);
    expect(data.find(({ id }: Loose) => id === 'Leaf').versions[0]['@id']).toBe(
      `${base()}/v3/registration/leaf/1.0.0.json`,
    );
  });

  test('goes on page by page from one to the other', async () => {
    const all = (await search('q=&skip=0&take=20')).data.map(({ id }: Loose) => id);
    const paged = [];
    for (let skip = 0; skip < 20; skip += 2)
      paged.push(...(await search(`q=&skip=${skip}&take=2`)).data.map(({ id }: Loose) => id));
    expect(paged).toEqual(all);
  });

  test('does not tell the upstream what somebody looks for among the packages that live here', async () => {
    feed.forget();
    await search('q=acme.ui');
    expect(feed.requests().filter(({ path }) => path === '/query')).toEqual([]);
  });

  test('completes ids and versions', async () => {
    const at = await resource('SearchAutocompleteService');
    expect((await jsonAt(`${at}?q=leaf`)).data).toContain('Leaf');
    expect((await jsonAt(`${at}?id=Leaf`)).data).toEqual(['1.0.0', '1.1.0']);
    expect((await jsonAt(`${at}?id=acme.ui`)).data).toEqual(['1.0.0']);
    expect((await jsonAt(`${at}?id=acme.ui&prerelease=true&semVerLevel=2.0.0`)).data).toEqual([
      '1.0.0',
      '1.1.0-beta.1',
    ]);
  });
});
