/**
 * The real pip and the real twine, and a whole network between them and an index: PoPs, a shield, an origin, each a process of its own. What counts is who was
 * asked for what, read from the nodes' access logs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { pypi } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { type Asked, startNetwork, type TestNetwork, tally, temporary, within } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { pipInstall, pipInstalls, pipVersion, problemWith, runPython } from '../support/python-client.ts';
import { type PythonIndex, startPythonIndex } from '../support/python-index.ts';
import { hexOf, type PackageSketch, sdist, wheel } from '../support/python-package.ts';

const folder = temporary('pypi');
const home = join(folder.path, 'home');
/** Indexes are fresh for this long. */
const freshS = 1;
const times = { freshS, staleWhileRevalidateS: 0, staleIfErrorS: '1d' } as const;
let upstream: PythonIndex;
let html: PythonIndex;
let network: TestNetwork;
/** Older ones fetch the file before they say why it is withdrawn. */
const tellsReasons = (await pipVersion()) >= 23.2;
/** Of somebody who may do everything. */
let alice: string;

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['own'],
  subjects: ['*'],
};

const advisory = {
  id: 'PYSEC-0001',
  modified: '2026-01-01T00:00:00Z',
  summary: 'a hole',
  affected: [
    {
      package: { ecosystem: 'PyPI', name: 'holed' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '1.1' }] }],
    },
  ],
};

describe.skipIf(!available('pip', problemWith('pip')))('Python packages', () => {
  beforeAll(async () => {
    upstream = await startPythonIndex();
    html = await startPythonIndex({ speaks: 'html' });
    for (const version of ['1.0', '2.0', '3.0rc1'])
      upstream.publish({ name: 'Leaf.Lib', version, requiresPython: '>=3.6' });
    upstream.publish({ name: 'tree', version: '1.0', requires: ['leaf-lib>=1,<2'] });
    upstream.publish({ name: 'withdrawn', version: '1.0' });
    upstream.publish({ name: 'withdrawn', version: '1.1' }, { yanked: 'it eats files' });
    upstream.publish({ name: 'acme-secret', version: '99.0' });
    upstream.publish({ name: 'acme-unborn', version: '99.0' });
    html.publish({ name: 'old', version: '1.0' });
    upstream.publish({ name: 'young', version: '1.0' });
    upstream.publish({ name: 'young', version: '2.0' }, { at: new Date().toISOString() });
    upstream.publish({ name: 'timeless', version: '1.0' }, { at: null });
    upstream.publish({ name: 'blocked', version: '1.0' });
    upstream.publish({ name: 'blocked', version: '1.5' });
    upstream.publish({ name: 'holed', version: '1.0' });
    upstream.publish({ name: 'holed', version: '1.1' });
    writeFileSync(join(folder.path, 'osv.json'), JSON.stringify(advisory));
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
        far: { role: 'pop', parents: ['shield'] },
      },
      routes: [
        pypi({ match: { path: '/pypi' }, upstreams: [{ url: `${upstream.url}/simple` }], metadata: times }),
        pypi({
          name: 'html',
          match: { path: '/html' },
          upstreams: [{ url: `${html.url}/simple` }],
          metadata: times,
        }),
        pypi({
          name: 'own',
          match: { path: '/own' },
          upstreams: [{ url: `${upstream.url}/simple` }],
          hosted: { names: ['acme-*', 'acme'], public: ['acme-open'] },
        }),
        pypi({
          name: 'strict',
          match: { path: '/strict' },
          upstreams: [{ url: `${upstream.url}/simple` }],
          policy: {
            releaseAge: { minimumS: '7d' },
            blocked: ['Blocked@>1'],
            advisories: { path: join(folder.path, 'osv.json') },
          },
        }),
      ],
    });
    alice = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
  }, 60_000);

  afterAll(async () => {
    if (process.env.KEEPLOG)
      console.log(readFileSync(join(network.dir, 'logs', 'origin.1.out'), 'utf8').slice(-6000));
    await network?.stop();
    await upstream?.off();
    await html?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  const simple = (pop = 'near', route = 'pypi') => `${network.url(pop)}/${route}/simple/`;
  const installs = (wanted: string, index = simple()) =>
    pipInstalls({ index, home, wanted: wanted.split(' '), withDependencies: true });

  function versionIn(target: string, module: string): string | undefined {
    return /version = '(.*)'/.exec(readFileSync(join(target, `${module}.py`), 'utf8'))?.[1];
  }

  const isStale = () => within(10_000, 'indexes to become stale', Bun.sleep(freshS * 1000 + 100));
  const files = (asked: readonly Asked[]) => asked.filter(({ kind }) => kind === 'file');

  describe('pulled through', () => {
    test('pip installs what a package depends on, in the version that it wants', async () => {
      const seen = await network.during(() => installs('tree'));
      expect(versionIn(seen.result, 'tree')).toBe('1.0');
      expect(versionIn(seen.result, 'leaf_lib')).toBe('1.0');
      expect(tally(seen.asked('near'), 'status')).toEqual({ '200': seen.asked('near').length });
      expect(tally(seen.asked('near'), 'kind')).toMatchObject({ project: 2, file: 2 });
      expect(files(seen.asked('origin'))).toHaveLength(2);
    }, 30_000);

    test('again: nothing goes beyond the PoP but indexes that are confirmed, and no file', async () => {
      await isStale();
      upstream.forget();
      const seen = await network.during(() => installs('tree'));
      expect(files(seen.asked('shield'))).toEqual([]);
      expect(Object.keys(tally(seen.asked('shield'), 'status'))).toEqual(['304']);
      expect(upstream.requests().filter(({ path }) => !path.startsWith('/simple/'))).toEqual([]);
      expect(seen.asked('near').filter(({ status }) => status !== 200)).toEqual([]);
    }, 30_000);

    test('another PoP has the files from the shield', async () => {
      const seen = await network.during(() => installs('tree', simple('far')));
      expect(files(seen.asked('shield'))).toHaveLength(2);
      expect(files(seen.asked('origin'))).toEqual([]);
    }, 30_000);

    test('while the upstream is away: from what is stored', async () => {
      await isStale();
      await upstream.off();
      const target = await installs('tree').finally(() => upstream.on());
      expect(versionIn(target, 'leaf_lib')).toBe('1.0');
    }, 30_000);

    test('an upstream that has HTML only', async () => {
      const target = await installs('old', simple('near', 'html'));
      expect(versionIn(target, 'old')).toBe('1.0');
    }, 30_000);

    test('what is yanked is passed over, unless it is asked for by number', async () => {
      expect(versionIn(await installs('withdrawn'), 'withdrawn')).toBe('1.0');
      const { code, output, target } = await pipInstall({
        index: simple(),
        home,
        wanted: ['withdrawn==1.1'],
      });
      expect(code).toBe(0);
      expect(versionIn(target, 'withdrawn')).toBe('1.1');
      expect(output).toContain('Reason for being yanked: it eats files');
    }, 30_000);

    test('bytes that are not what the index says reach nobody', async () => {
      const made = wheel({ name: 'forged', version: '1.0' });
      upstream.publish(made, { sends: wheel({ name: 'forged', version: '6.6' }).bytes });
      const { code, output } = await pipInstall({ index: simple(), home, wanted: ['forged'] });
      expect(code).not.toBe(0);
      expect(output).not.toContain('Successfully installed');
      const again = fetch(`${network.url('near')}/pypi/files/forged/${made.file}`).then((got) => got.bytes());
      const heard = await again.then(hexOf, () => 'broken off');
      expect(heard).not.toBe(hexOf(wheel({ name: 'forged', version: '6.6' }).bytes));
    }, 30_000);

    test('a purge by tag is followed by a look at the upstream', async () => {
      await installs('withdrawn');
      await network
        .node('origin')
        .api('POST', '/purges', { targets: [{ by: 'tag', tag: 'pypi:withdrawn' }], soft: false });
      const seen = await network.during(() => installs('withdrawn'));
      expect(files(seen.asked('origin')).map(({ target }) => target)).toEqual([
        '/pypi/files/withdrawn/withdrawn-1.0-py3-none-any.whl',
      ]);
    }, 30_000);
  });

  describe('a policy', () => {
    const strict = () => simple('near', 'strict');

    test.each([
      ['young', '2.0', 'has to be 7 days old'],
      ['blocked', '1.5', 'is blocked (>1)'],
      ['holed', '1.1', 'PYSEC-0001'],
    ])(
      'passes over what it is against, and tells whoever asks for %s %s why',
      async (name, version, why) => {
        expect(versionIn(await installs(name, strict()), name)).toBe('1.0');
        const { code, output } = await pipInstall({ index: strict(), home, wanted: [`${name}==${version}`] });
        expect(code).not.toBe(0);
        expect(output).toContain('403');
        if (tellsReasons) {
          expect(output).toContain(`${name}@${version} is refused by the policy of this registry: it `);
          expect(output).toContain(why);
        }
        const file = await fetch(
          `${network.url('far')}/strict/files/${name}/${name}-${version}-py3-none-any.whl`,
        );
        expect(file.status).toBe(403);
        expect(await file.text()).toContain(why);
      },
      60_000,
    );

    test('refuses what nobody says the age of', async () => {
      const { code } = await pipInstall({ index: strict(), home, wanted: ['timeless'] });
      expect(code).not.toBe(0);
    }, 30_000);

    test('is explained', async () => {
      const why = (subject: string) => network.node('origin').api('GET', `/policies/strict/${subject}`);
      expect(await why('young@2.0')).toMatchObject({ verdict: 'refused' });
      expect(await why('young@1')).toMatchObject({ verdict: 'allowed' });
      expect(await why('young@7.0')).toMatchObject({ verdict: 'unknown' });
    });
  });

  describe.skipIf(!available('twine', problemWith('twine')))('hosted', () => {
    const legacy = (pop = 'near') => `${network.url(pop)}/own/legacy/`;
    const withToken = (pop: string, token: string) =>
      simple(pop, 'own').replace('://', `://__token__:${token}@`);

    function write(made: { readonly file: string; readonly bytes: Uint8Array }): string {
      const path = join(folder.path, made.file);
      writeFileSync(path, made.bytes);
      return path;
    }

    const twine = (paths: readonly string[], ...options: string[]) =>
      runPython(
        'twine',
        ['upload', '--verbose', '--disable-progress-bar', '--repository-url', legacy(), ...options, ...paths],
        {
          home,
          environment: { TWINE_USERNAME: '__token__', TWINE_PASSWORD: alice },
        },
      );

    async function uploads(sketch: PackageSketch): Promise<void> {
      const { code, output } = await twine([write(wheel(sketch)), write(sdist(sketch))]);
      if (code !== 0) throw new Error(output);
    }

    test('twine uploads a wheel and an sdist, and pip installs at another PoP with a token', async () => {
      const other = await fetch(`${withToken('far', alice).replace(/\/\/.*@/, '//')}acme-lib/`);
      expect(other.status).toBe(401);
      await uploads({ name: 'acme-lib', version: '1.0', requires: ['leaf-lib'] });
      const target = await installs('acme-lib', withToken('far', alice));
      expect(versionIn(target, 'acme_lib')).toBe('1.0');
      expect(versionIn(target, 'leaf_lib')).toBe('2.0');
    }, 60_000);

    test('without a token pip is told to authenticate', async () => {
      const { code, output } = await pipInstall({ index: simple('far', 'own'), home, wanted: ['acme-lib'] });
      expect(code).not.toBe(0);
      expect(output).toMatch(/401|No matching distribution/);
    }, 30_000);

    test('the same file again is fine; other bytes are refused as twine understands it', async () => {
      const made = wheel({ name: 'acme-lib', version: '1.0', requires: ['leaf-lib'] });
      expect((await twine([write(made)])).code).toBe(0);
      const other = write(wheel({ name: 'acme-lib', version: '1.0' }));
      const refused = await twine([other]);
      expect(refused.code).not.toBe(0);
      expect(refused.output).toContain('File already exists');
      const skipped = await twine([other], '--skip-existing');
      expect(skipped.output).toContain('Skipping');
      expect(skipped.code).toBe(0);
    }, 60_000);

    const change = (method: string, path: string, body?: unknown) =>
      fetch(`${network.url('near')}/own/projects/${path}`, {
        method,
        headers: { authorization: `Basic ${btoa(`__token__:${alice}`)}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

    test('a version that is yanked is passed over, and comes back', async () => {
      await uploads({ name: 'acme-lib', version: '2.0' });
      expect((await change('POST', 'Acme_Lib/2.0.0/yank', { reason: 'too new' })).status).toBe(200);
      const index = withToken('far', alice);
      expect(versionIn(await installs('acme-lib', index), 'acme_lib')).toBe('1.0');
      const pinned = await pipInstall({ index, home, wanted: ['acme-lib==2.0'] });
      expect(pinned.output).toContain('Reason for being yanked: too new');
      expect((await change('POST', 'acme-lib/2.0/unyank')).status).toBe(200);
      expect(versionIn(await installs('acme-lib --no-deps', index), 'acme_lib')).toBe('2.0');
    }, 60_000);

    test('a version that is deleted is gone, and its files leave their names taken', async () => {
      await uploads({ name: 'acme-gone', version: '1.0' });
      expect((await change('DELETE', 'acme-gone/1.0')).status).toBe(200);
      const { code } = await pipInstall({ index: withToken('far', alice), home, wanted: ['acme-gone'] });
      expect(code).not.toBe(0);
      const again = await twine([write(wheel({ name: 'acme-gone', version: '1.0' }))]);
      expect(again.output).toContain('already exists');
    }, 60_000);

    test('a name that lives here is never asked for elsewhere, whether it is there or not', async () => {
      upstream.forget();
      await uploads({ name: 'acme-secret', version: '1.0' });
      const index = withToken('far', alice);
      expect(versionIn(await installs('acme-secret', index), 'acme_secret')).toBe('1.0');
      const unborn = await pipInstall({ index, home, wanted: ['acme-unborn'] });
      expect(unborn.output).toContain('No matching distribution found for acme-unborn');
      expect(upstream.requests().filter(({ path }) => path.includes('acme'))).toEqual([]);
    }, 60_000);
  });

  test('nothing of this was left behind by pip', () => {
    expect(existsSync(join(home, '.cache', 'pip', 'http'))).toBe(false);
  });
});
