/** .NET packages that nobody gets: what a policy is against, and what nobody should take in. Over the wire, as NuGet's clients ask. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { nuget } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { type NugetFeed, nupkg, type PackageSketch, startNugetFeed, zip } from '../support/nuget-feed.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents of which each test looks at a little
type Loose = any;

let feed: NugetFeed;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  feed = await startNugetFeed();
  feed.publish({ id: 'Leaf', version: '1.0.0' });
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [nuget({ upstreams: [{ url: feed.url }], hosted: { names: ['acme.*'], public: ['acme.*'] } })],
  });
  const right = { actions: ['read', 'publish'] as const, routes: ['nuget'], subjects: ['*'] };
  token = (await tokenFor(network.node('origin'), 'alice', [right])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await feed?.off();
});

const base = () => `${network.url('pop')}/nuget`;

function push(bytes: Uint8Array): Promise<Response> {
  const form = new FormData();
  form.append(
    'package',
    new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }),
    'package.nupkg',
  );
  return fetch(`${base()}/api/v2/package/`, {
    method: 'PUT',
    body: form,
    headers: { 'x-nuget-apikey': token },
  });
}

describe('a policy', () => {
  let strict: TestNetwork;
  const day = 86_400_000;
  const ago = (days: number) => new Date(Date.now() - days * day).toISOString();

  beforeAll(async () => {
    feed.publish({ id: 'Aged', version: '1.0.0', published: ago(30) });
    feed.publish({ id: 'Aged', version: '1.1.0', published: ago(1) });
    feed.publish({ id: 'Aged', version: '1.2.0-rc.1', published: '1900-01-01T00:00:00Z', listed: false });
    feed.publish({ id: 'Aged', version: '2.0.0', published: ago(40) });
    strict = await startNetwork({
      nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [
        nuget({
          upstreams: [{ url: feed.url }],
          policy: { releaseAge: { minimumS: '7d' }, blocked: ['aged@>=2.0.0', 'Banned'] },
        }),
      ],
    });
  }, 30_000);
  afterAll(() => strict?.stop());

  const at = (path: string) => fetch(`${strict.url('pop')}/nuget/v3${path}`);

  test('takes versions out of every list, by when they were published', async () => {
    const flat: Loose = await (await at('/flat/aged/index.json')).json();
    expect(flat.versions).toEqual(['1.0.0']);
    const index: Loose = await (await at('/registration/aged/index.json')).json();
    expect(index.items[0].items.map((leaf: Loose) => leaf.catalogEntry.version)).toEqual(['1.0.0']);
    expect(index.items[0]).toMatchObject({ lower: '1.0.0', upper: '1.0.0', count: 1 });
  });

  test('refuses their packages, with the reason', async () => {
    const young = await at('/flat/aged/1.1.0/aged.1.1.0.nupkg');
    expect([young.status, await young.text()]).toEqual([
      403,
      expect.stringMatching(/aged@1\.1\.0.*published/s),
    ]);
    const blocked = await at('/flat/aged/2.0.0/aged.2.0.0.nupkg');
    expect([blocked.status, await blocked.text()]).toEqual([403, expect.stringContaining('blocked')]);
    expect((await at('/flat/aged/1.0.0/aged.1.0.0.nupkg')).status).toBe(200);
  });

  test('does not take what is off the lists for old: it says 1900, and the catalogue when it was made', async () => {
    // Its registration leaf says when: what was made years ago may be used by whoever names it.
    expect((await at('/flat/aged/1.2.0-rc.1/aged.1.2.0-rc.1.nupkg')).status).toBe(200);
  });

  test('is explained, for each version', async () => {
    const explain = async (version: string) => {
      const words = ['policy', 'explain', `nuget:Aged@${version}`, '--config', strict.configFile];
      return (await runMeridian(words, { cwd: strict.dir })).stdout;
    };
    expect(await explain('1.1.0')).toContain('was published');
    expect(await explain('2.0.0')).toContain('is blocked');
    expect(await explain('7.0.0')).toContain('no version that an upstream has');
  });

  test('of a package that may not be used at all, nobody is asked', async () => {
    feed.forget();
    expect((await at('/flat/banned/index.json')).status).toBe(403);
    expect(feed.requests().filter(({ target }) => target.includes('banned'))).toEqual([]);
  });
});

describe('refused with a reason, and nothing of it kept, is', () => {
  const sketch = (more: Partial<PackageSketch>): Buffer =>
    nupkg({ id: 'Acme.Bad', version: '1.0.0', ...more });
  const manifest = (id: string, version = '1.0.0', head = '') =>
    `${head}<package><metadata><id>${id}</id><version>${version}</version></metadata></package>`;
  const bad: Record<string, readonly [bytes: Buffer, why: RegExp]> = {
    'what is no archive': [Buffer.from('not a zip'), /archive/],
    'an archive that breaks off': [sketch({}).subarray(0, -40), /archive/],
    'an archive without a manifest': [zip([['[Content_Types].xml', '<Types/>']]), /one manifest/],
    'two manifests': [sketch({ files: { 'Other.nuspec': manifest('Acme.Bad') } }), /this has 2/],
    'a package without its content types': [
      sketch({ files: { '[Content_Types].xml': null } }),
      /Content_Types/,
    ],
    'a path that leads out of the package': [sketch({ files: { '../../evil.dll': 'x' } }), /archive|evil/],
    'an absolute path': [sketch({ files: { '/etc/passwd': 'x' } }), /archive|passwd/],
    'a bomb': [sketch({ files: { 'lib/zeros.bin': '0'.repeat(300 * 2 ** 20) } }), /unpack|bytes/],
    'a manifest that is no XML': [sketch({ manifest: 'id: Acme.Bad' }), /manifest/],
    'a manifest of another kind': [sketch({ manifest: '<project/>' }), /no manifest of a package/],
    'XML entities that grow': [
      sketch({ manifest: manifest('&a;', '1.0.0', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>') }),
      /document type/,
    ],
    'an id with a way out': [sketch({ manifest: manifest('../Acme.Bad') }), /id that none may have/],
    'an id that is too long': [
      sketch({ manifest: manifest(`Acme.${'a'.repeat(100)}`) }),
      /id that none may have/,
    ],
    'a version that is none': [
      sketch({ manifest: manifest('Acme.Bad', '1.0.0.0.0') }),
      /version that is none/,
    ],
    'a manifest that is too long': [
      sketch({ manifest: manifest('Acme.Bad') + ' '.repeat(1100 * 1024) }),
      /more than/,
    ],
  };
  for (const [what, [bytes, why]] of Object.entries(bad)) {
    test(what, async () => {
      const response = await push(bytes);
      expect(await response.text()).toMatch(why);
      expect([400, 413]).toContain(response.status);
      expect((await fetch(`${base()}/v3/flat/acme.bad/index.json`)).status).toBe(404);
    });
  }

  test('an address that means something else', async () => {
    const statuses = await Promise.all(
      [
        '/v3/flat/..%2f..%2fetc/index.json',
        '/v3/flat/a..b/index.json',
        '/v3/flat/leaf/1.0.0/evil.nupkg',
        '/v3/flat/leaf/x/leaf.x.nupkg',
        '/v3/registration/%00/index.json',
      ].map(async (path) => (await fetch(base() + path)).status),
    );
    expect(statuses).toEqual([400, 400, 404, 400, 400]);
  });

  test('a form without a package', async () => {
    const response = await fetch(`${base()}/api/v2/package`, {
      ...{ method: 'PUT', headers: { 'x-nuget-apikey': token }, body: new FormData() },
    });
    expect([400, 415]).toContain(response.status);
  });
});
