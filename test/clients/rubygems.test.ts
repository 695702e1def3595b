/**
 * Gems with the real `gem` and Bundler, from a repository that `gem build` has made, through PoP, shield and origin: cold, warm, with the upstream
 * down, updated by ranges, pushed at one PoP and installed at another.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { rubygems } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { badGems, type GemParts, gemParts } from '../support/bad-gems.ts';
import {
  buildGem,
  type GemRepository,
  type GemSketch,
  noRuby,
  startGemRepository,
} from '../support/gem-repository.ts';
import { eventually, startNetwork, type TestNetwork, temporary, within } from '../support/index.ts';
import { available } from '../support/needs.ts';

const folder = temporary('rubygems');
let upstream: GemRepository;
let network: TestNetwork;
let token: string;

const everything: Right = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['rubygems'],
  subjects: ['*'],
};

const base = (pop = 'near') => `${network.url(pop)}/rubygems`;

interface Ran {
  readonly code: number;
  readonly output: string;
}

let homes = 0;
const newHome = () => join(folder.path, `home-${homes++}`);

async function run(
  command: readonly string[],
  home: string,
  cwd = home,
  more: Record<string, string> = {},
): Promise<Ran> {
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn([...command], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', GEM_HOME: join(home, 'gems') },
      ...{
        GEM_SPEC_CACHE: join(home, 'specs'),
        BUNDLE_USER_HOME: join(home, 'bundle'),
        BUNDLE_SILENCE_ROOT_WARNING: '1',
      },
      ...{ BUNDLE_PATH: join(home, 'vendor'), BUNDLE_RETRY: '0', BUNDLE_JOBS: '2', ...more },
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(30_000, command.join(' '), all);
  return { code, output: stdout + stderr };
}

async function succeeds(...args: Parameters<typeof run>): Promise<string> {
  const { code, output } = await run(...args);
  if (code !== 0) throw new Error(`${args[0].join(' ')} ended with ${code}:\n${output}`);
  return output;
}

const gemInstall = (name: string, home: string, pop = 'near', ...more: string[]) =>
  run(
    ['gem', 'install', name, '--no-document', '--clear-sources', '--source', `${base(pop)}/`, ...more],
    home,
  );

function project(gems: readonly string[], source = `${base()}/`): string {
  const where = join(folder.path, `project-${homes++}`);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'Gemfile'), `source '${source}'\n${gems.map((gem) => `gem ${gem}\n`).join('')}`);
  return where;
}

const bundle = (args: readonly string[], home: string, cwd: string, more?: Record<string, string>) =>
  run(['bundle', ...args], home, cwd, more);

const fileOf = (home: string, gem: string) => join(home, 'gems', 'cache', gem);

describe.skipIf(!available('ruby', noRuby()))('with the real clients', () => {
  beforeAll(async () => {
    upstream = await startGemRepository();
    await upstream.publish({ name: 'leaf', version: '1.0.0' }, '2026-01-01T00:00:00Z');
    await upstream.publish({ name: 'leaf', version: '1.2.0' });
    await upstream.publish({ name: 'trunk', version: '2.0', dependencies: { leaf: '~> 1.0, >= 1.0.0' } });
    await upstream.publish({ name: 'acme-ui', version: '9.9.9' });
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: {} },
        shield: { role: 'shield', parents: ['origin'] },
        near: { role: 'pop', parents: ['shield'] },
        far: { role: 'pop', parents: ['shield'] },
      },
      routes: [
        rubygems({
          upstreams: [{ url: upstream.url }],
          hosted: { names: ['acme-*', 'secret-*'], public: ['acme-*'] },
          metadata: { freshS: '1s' },
        }),
      ],
    });
    token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const told = async (path: string, pop = 'near', headers = {}) =>
    (await fetch(base(pop) + path, { headers })).text();
  const md5 = (text: string) => new Bun.CryptoHasher('md5').update(text).digest('hex');
  /** What `/versions` says of a gem last. */
  const lastLine = async (name: string, pop = 'near') =>
    (await told('/versions', pop)).split('\n').findLast((line) => line.startsWith(`${name} `)) ?? '';
  const push = async (sketch: GemSketch, key = token, pop = 'near') => {
    const gem = await buildGem(join(folder.path, 'own'), sketch);
    return run(['gem', 'push', gem, '--host', base(pop)], newHome(), undefined, { GEM_HOST_API_KEY: key });
  };

  test('gem installs cold, then warm without a question to the upstream, with the same bytes', async () => {
    const first = newHome();
    expect((await gemInstall('trunk', first)).output).toContain('2 gems installed');
    upstream.forget();
    const second = newHome();
    expect((await gemInstall('trunk', second)).output).toContain('2 gems installed');
    expect(upstream.requests().filter(({ path }) => path.startsWith('/gems/'))).toEqual([]);
    expect(readFileSync(fileOf(first, 'leaf-1.2.0.gem'))).toEqual(
      readFileSync(fileOf(second, 'leaf-1.2.0.gem')),
    );
  }, 60_000);

  test('Bundler installs by the compact index, and with the upstream down', async () => {
    const where = project(["'trunk'"]);
    const home = newHome();
    expect((await bundle(['install', '--verbose'], home, where)).output).toContain('Bundle complete!');
    expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('leaf (1.2.0)');
    await upstream.off();
    const other = newHome();
    const { output } = await bundle(['install', '--verbose'], other, where);
    await upstream.on();
    expect(output).toContain('Bundle complete!');
    expect(output).not.toContain('specs.4.8');
  }, 60_000);

  test('Bundler updates its index by ranges, and so does the origin', async () => {
    const where = project(["'leaf'"]);
    const home = newHome();
    await succeeds(['bundle', 'install'], home, where);
    const before = (await told('/versions')).length;
    upstream.forget();
    await upstream.publish({ name: 'leaf', version: '1.3.0' });
    await eventually('the new version', async () => (await told('/versions')).includes('leaf 1.3.0'));
    const asked = upstream.requests().filter(({ path }) => path === '/versions');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ headers }) => /^bytes=\d+-$/.test(headers.get('range') ?? ''))).toBe(true);

    const part = await fetch(`${base('far')}/versions`, { headers: { range: `bytes=${before - 1}-` } });
    const whole = await told('/versions', 'far');
    expect(part.status).toBe(206);
    expect(await part.text()).toBe(whole.slice(before - 1));
    expect(part.headers.get('etag')).toBe(`"${md5(whole)}"`);
    const digest = new Bun.CryptoHasher('sha256').update(whole).digest('base64');
    expect(part.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
    const same = await fetch(`${base('far')}/versions`, {
      headers: { 'if-none-match': `"${md5(whole)}"`, range: 'bytes=5-' },
    });
    expect(same.status).toBe(304);

    const seen = await network.during(() => succeeds(['bundle', 'update', '--verbose'], home, where));
    expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('leaf (1.3.0)');
    const statuses = seen
      .asked('near')
      .filter(({ target }) => target === '/rubygems/versions')
      .map(({ status }) => status);
    expect(statuses).toEqual([206]);
  }, 60_000);

  test('an index that begins anew, or does not fit, is fetched whole', async () => {
    upstream.forget();
    upstream.begin();
    await upstream.publish({ name: 'bud', version: '0.1.0' });
    await eventually('the new month', async () =>
      (await told('/versions')).startsWith('created_at: 2026-12-01'),
    );
    expect(await lastLine('bud')).toBe(`bud 0.1.0 ${md5(await told('/info/bud'))}`);
    expect((await told('/versions')).split('\n').filter((line) => line.startsWith('trunk '))).toHaveLength(1);
    const asked = upstream.requests().filter(({ path }) => path === '/versions');
    expect(asked.some(({ headers }) => headers.get('range') === null)).toBe(true);
  }, 60_000);

  test('a tail that is not what the upstream’s own digest says leads to the whole file', async () => {
    upstream.forget();
    upstream.fault({ as: 'corrupt' }, ({ path, headers }) => path === '/versions' && headers.has('range'));
    await upstream.publish({ name: 'bud', version: '0.2.0' });
    await eventually('the bud', async () => (await told('/versions')).includes('bud 0.2.0'));
    upstream.fault(null);
    const asked = upstream.requests().filter(({ path }) => path === '/versions');
    expect(asked.some(({ headers }) => headers.has('range'))).toBe(true);
    expect(asked.some(({ headers }) => !headers.has('range'))).toBe(true);
    expect(await lastLine('bud')).toBe(`bud 0.2.0 ${md5(await told('/info/bud'))}`);
  }, 60_000);

  test('an upstream without ranges and digests is followed, too', async () => {
    upstream.simple = true;
    const before = await told('/versions');
    await upstream.publish({ name: 'bud', version: '0.3.0' });
    const after = await eventually('the bud', async () => {
      const text = await told('/versions');
      return text.includes('bud 0.3.0') && text;
    });
    upstream.simple = false;
    expect(after.startsWith(before.slice(0, 40))).toBe(true);
    expect((await fetch(`${base()}/versions`)).headers.get('etag')).toBe(`"${md5(await told('/versions'))}"`);
  }, 60_000);

  test('gem reads the lists of old, too', async () => {
    const listed = await succeeds(
      ['gem', 'list', '--remote', '--clear-sources', '--source', `${base()}/`],
      newHome(),
    );
    expect(listed).toContain('trunk (2.0)');
    expect(listed).not.toContain('9.9.9');
    const spec = await succeeds(
      ['gem', 'specification', 'trunk', '--remote', '--clear-sources', '--source', `${base()}/`],
      newHome(),
    );
    expect(spec).toContain('name: trunk');
    const fetched = newHome();
    await succeeds(
      ['gem', 'fetch', 'leaf', '-v', '1.0.0', '--clear-sources', '--source', `${base()}/`],
      fetched,
    );
    expect(await Bun.file(join(fetched, 'leaf-1.0.0.gem')).exists()).toBe(true);
  }, 60_000);

  test('a gem that is not what its line says reaches nobody', async () => {
    await upstream.publish({ name: 'bent', version: '1.0.0' });
    upstream.fault({ as: 'corrupt' }, ({ path }) => path === '/gems/bent-1.0.0.gem');
    const { code } = await gemInstall('bent', newHome());
    upstream.fault(null);
    expect(code).not.toBe(0);
    const again = await eventually('the whole gem', async () => {
      const run = await gemInstall('bent', newHome());
      return run.code === 0 && run;
    });
    expect(again.output).toContain('Successfully installed bent-1.0.0');
  }, 60_000);

  describe('gems that live here', () => {
    test('are pushed at one PoP, and installed at another by gem and by Bundler', async () => {
      await told('/versions', 'far');
      const pushed = await push({
        name: 'acme-ui',
        version: '1.0.0',
        dependencies: { leaf: '>= 1, < 3' },
        more: "s.required_ruby_version = '>= 2.7'",
      });
      expect(pushed.output).toContain('Successfully registered gem: acme-ui (1.0.0)');
      const info = await told('/info/acme-ui', 'far');
      expect(info).toMatch(
        /^---\n1\.0\.0 leaf:< 3&>= 1\|checksum:[0-9a-f]{64},ruby:>= 2\.7,created_at:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/,
      );
      expect(await lastLine('acme-ui', 'far')).toBe(`acme-ui 1.0.0 ${md5(info)}`);
      expect((await gemInstall('acme-ui', newHome(), 'far')).output).toContain(
        'Successfully installed acme-ui-1.0.0',
      );
      const where = project(["'acme-ui'", "'trunk'"], `${base('far')}/`);
      expect(await succeeds(['bundle', 'install'], newHome(), where)).toContain('Bundle complete!');
      expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('acme-ui (1.0.0)');
    }, 60_000);

    test('are never an upstream’s, whatever that one has by their name', async () => {
      expect(await told('/info/acme-ui')).not.toContain('9.9.9');
      expect(await told('/versions')).not.toContain('9.9.9');
      expect((await fetch(`${base()}/gems/acme-ui-9.9.9.gem`)).status).toBe(404);
      expect((await fetch(`${base()}/info/acme-none`)).status).toBe(404);
      expect(upstream.requests().filter(({ target }) => target.includes('acme'))).toEqual([]);
    });

    test('append to the list of versions, whoever they come from', async () => {
      const before = await told('/versions');
      await push({ name: 'acme-ui', version: '1.1.0' });
      const after = await told('/versions');
      expect(after.startsWith(before)).toBe(true);
      await upstream.publish({ name: 'twig', version: '0.1.0' });
      const later = await eventually('the twig', async () => {
        const text = await told('/versions');
        return text.includes('twig 0.1.0') && text;
      });
      expect(later.startsWith(after)).toBe(true);
    }, 60_000);

    test('of several platforms are one version', async () => {
      await push({ name: 'acme-native', version: '1.0.0' });
      await push({ name: 'acme-native', version: '1.0.0', platform: 'x86_64-linux' });
      const info = await told('/info/acme-native');
      expect(
        info
          .split('\n')
          .slice(1, 3)
          .map((line) => line.split(' ')[0]),
      ).toEqual(['1.0.0', '1.0.0-x86_64-linux']);
      const { output } = await gemInstall('acme-native', newHome(), 'far');
      expect(output).toContain('Successfully installed acme-native-1.0.0');
    }, 60_000);

    test('are yanked: no index names them, and a lock file still gets them', async () => {
      await push({ name: 'acme-yank', version: '1.0.0' });
      await push({ name: 'acme-yank', version: '2.0.0' });
      expect(await lastLine('acme-yank')).toStartWith('acme-yank 1.0.0,2.0.0 ');
      const locked = await (await fetch(`${base('far')}/gems/acme-yank-2.0.0.gem`)).arrayBuffer();
      const yanked = await run(
        ['gem', 'yank', 'acme-yank', '-v', '2.0.0', '--host', base()],
        newHome(),
        undefined,
        { GEM_HOST_API_KEY: token },
      );
      expect(yanked.output).toContain('Successfully deleted gem: acme-yank (2.0.0)');
      const info = await told('/info/acme-yank', 'far');
      expect(info).not.toContain('2.0.0');
      expect(await lastLine('acme-yank', 'far')).toBe(`acme-yank -2.0.0 ${md5(info)}`);
      expect(await (await fetch(`${base('far')}/gems/acme-yank-2.0.0.gem`)).arrayBuffer()).toEqual(locked);
      expect((await gemInstall('acme-yank', newHome(), 'far')).output).toContain(
        'Successfully installed acme-yank-1.0.0',
      );
      const again = await push({ name: 'acme-yank', version: '2.0.0', source: 'puts 1' });
      expect(again.code).not.toBe(0);
    }, 60_000);

    test('need a token and a right to push', async () => {
      const nobody = await push({ name: 'acme-ui', version: '5.0.0' }, 'mrd_nonsense');
      expect(nobody.code).not.toBe(0);
      const right: Right = { actions: ['publish'], routes: ['rubygems'], subjects: ['other-*'] };
      const { token: other } = await tokenFor(network.node('origin'), 'bob', [right]);
      expect((await push({ name: 'acme-ui', version: '5.0.0' }, other)).output).toContain(
        'no right to publish',
      );
      expect((await push({ name: 'stray', version: '1.0.0' })).output).toContain('does not live here');
      expect((await fetch(`${base()}/gems/acme-ui-5.0.0.gem`)).status).toBe(404);
    }, 60_000);

    test('say who has published them; who may is a right of the network', async () => {
      const owner = (...args: string[]) =>
        run(['gem', 'owner', 'acme-ui', '--host', base(), ...args], newHome(), undefined, {
          GEM_HOST_API_KEY: token,
        });
      expect((await owner()).output).toContain('- alice');
      expect((await owner('--add', 'bob')).output).toContain('meridian grant');
    }, 60_000);

    test('are signed in to by a name and a password', async () => {
      await network
        .node('origin')
        .api('POST', '/users', { name: 'carol', password: 'correct horse battery' });
      const shown = (password: string) => ({ authorization: `Basic ${btoa(`carol:${password}`)}` });
      const made = await fetch(`${base()}/api/v1/api_key`, {
        method: 'POST',
        headers: shown('correct horse battery'),
      });
      const text = await made.text();
      expect([made.status, text]).toEqual([200, expect.stringMatching(/^mrd_/)]);
      expect(
        (await fetch(`${base()}/api/v1/api_key`, { headers: shown('correct horse battery') })).status,
      ).toBe(200);
      expect(
        (await fetch(`${base()}/api/v1/api_key`, { method: 'POST', headers: shown('wrong') })).status,
      ).toBe(401);
    });

    test('that are private are for whom they are, with gem and with Bundler', async () => {
      await push({ name: 'secret-plan', version: '1.0.0' });
      const others = newHome();
      expect((await gemInstall('secret-plan', others, 'far')).code).not.toBe(0);
      expect((await fetch(`${base('far')}/info/secret-plan`)).status).toBe(401);
      expect((await fetch(`${base('far')}/gems/secret-plan-1.0.0.gem`)).status).toBe(401);
      expect(await told('/versions', 'far')).not.toContain('secret-plan');
      expect(await told('/names', 'far')).not.toContain('secret-plan');
      expect(await told('/private/versions', 'far')).not.toContain('secret-plan');

      const source = base('far').replace('http://', `http://alice:${token}@`);
      const mine = newHome();
      const installed = await run(
        ['gem', 'install', 'secret-plan', '--no-document', '--clear-sources', '--source', `${source}/`],
        mine,
      );
      expect(installed.output).toContain('Successfully installed secret-plan-1.0.0');
      const where = project(["'leaf'"], `${base('far')}/`);
      writeFileSync(
        join(where, 'Gemfile'),
        `source '${base('far')}/'\ngem 'leaf'\nsource '${source}/private/' do\n  gem 'secret-plan'\nend\n`,
      );
      expect(await succeeds(['bundle', 'install'], newHome(), where)).toContain('Bundle complete!');
    }, 60_000);
  });

  describe('a policy', () => {
    let strict: TestNetwork;
    const ago = (days: number) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)}Z`;

    beforeAll(async () => {
      await upstream.publish({ name: 'aged', version: '1.0.0' }, ago(30));
      await upstream.publish({ name: 'aged', version: '1.1.0' }, ago(1));
      await upstream.publish({ name: 'aged', version: '2.0.0' }, ago(40));
      strict = await startNetwork({
        nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
        routes: [
          rubygems({
            upstreams: [{ url: upstream.url }],
            policy: { releaseAge: { minimumS: '7d', withoutTime: 'allow' }, blocked: ['aged@>= 2'] },
          }),
        ],
      });
    }, 30_000);
    afterAll(() => strict?.stop());

    const source = () => `${strict.url('pop')}/rubygems/`;

    test('takes versions out of a gem’s list, so that gem and Bundler take another one', async () => {
      const info = await (await fetch(`${source()}info/aged`)).text();
      expect(
        info
          .split('\n')
          .slice(1, -1)
          .map((line) => line.split(' ')[0]),
      ).toEqual(['1.0.0']);
      const args = ['gem', 'install', 'aged', '--no-document', '--clear-sources', '--source', source()];
      expect((await run(args, newHome())).output).toContain('Successfully installed aged-1.0.0');
      const where = project(["'aged'"], source());
      await succeeds(['bundle', 'install'], newHome(), where);
      expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('aged (1.0.0)');
    }, 60_000);

    test('refuses what a lock file names, and says why', async () => {
      const refused = await fetch(`${source()}gems/aged-2.0.0.gem`);
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('blocked')]);
      const young = await fetch(`${source()}gems/aged-1.1.0.gem`);
      expect([young.status, await young.text()]).toEqual([
        403,
        expect.stringMatching(/aged@1\.1\.0.*published/s),
      ]);
      expect((await fetch(`${source()}quick/Marshal.4.8/aged-1.1.0.gemspec.rz`)).status).toBe(403);
      const where = project(["'aged', '1.1.0'"], source());
      writeFileSync(
        join(where, 'Gemfile.lock'),
        `GEM\n  remote: ${source()}\n  specs:\n    aged (1.1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  aged (= 1.1.0)\n\nBUNDLED WITH\n   2.3.15\n`,
      );
      expect((await bundle(['install'], newHome(), where)).code).not.toBe(0);
    }, 60_000);

    test('makes the list of all versions say so: nobody takes an old list of a gem for the one that holds', async () => {
      const versions = await (await fetch(`${source()}versions`)).text();
      const lines = versions.split('\n').filter((line) => line.startsWith('aged '));
      expect(lines).toHaveLength(3);
      const original = await told('/info/aged');
      expect(lines.at(-1)).not.toContain(md5(original));
      const home = newHome();
      const where = project(["'aged'"], source());
      await succeeds(['bundle', 'install'], home, where);
      const seen = await strict.during(() => succeeds(['bundle', 'update', '--all'], home, where));
      const asked = seen.asked('pop').filter(({ target }) => target === '/rubygems/info/aged');
      expect(asked.map(({ status }) => status)).toEqual([304]);
    }, 60_000);
  });

  describe('refused with a sentence, and nothing of it kept, is', () => {
    const post = async (body: Uint8Array) =>
      fetch(`${base()}/api/v1/gems`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { authorization: token },
      });
    const nothingKept = async () => expect((await fetch(`${base()}/info/acme-bad`)).status).toBe(404);
    let made: Promise<GemParts> | null = null;
    const parts = () => (made ??= gemParts(join(folder.path, 'own')));

    for (const [what, { why, make }] of Object.entries(badGems)) {
      test(what, async () => {
        const response = await post(make(await parts()));
        expect(await response.text()).toMatch(why);
        expect([413, 422]).toContain(response.status);
        await nothingKept();
      }, 30_000);
    }

    test('an address that means something else', async () => {
      const bad = [
        '/info/x%2f..%2fy',
        '/gems/..%2fx-1.0.gem',
        '/gems/nothing',
        '/quick/Marshal.4.8/%00-1.gemspec.rz',
        '/info/a%20b',
      ];
      const statuses = await Promise.all(bad.map(async (path) => (await fetch(base() + path)).status));
      expect(statuses).toEqual([400, 400, 400, 400, 400]);
      const gone = await fetch(`${base()}/api/v1/dependencies?gems=leaf`);
      expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('compact index')]);
    });
  });
});
