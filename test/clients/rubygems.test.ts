/**
 * Gems with the real `gem` and Bundler, from a repository that `gem build` has made, through PoP, shield and origin: cold, warm, with the upstream
 * down, updated by ranges, and as a policy allows.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rubygems } from '../../src/index.ts';
import { noRuby } from '../support/gem-repository.ts';
import { gemWorld, md5, runIn, succeeds } from '../support/gem-world.ts';
import { eventually, runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';

const world = gemWorld();
const { base, told, lastLine, newHome, install, project } = world;

const fileOf = (home: string, gem: string) => join(home, 'gems', 'cache', gem);

describe.skipIf(!available('ruby', noRuby()))('with the real clients', () => {
  beforeAll(() => world.start(), 60_000);
  afterAll(() => world.stop());

  test('gem installs cold, then warm without a question to the upstream, with the same bytes', async () => {
    const first = newHome();
    expect((await install('trunk', first)).output).toContain('2 gems installed');
    world.upstream.forget();
    const second = newHome();
    expect((await install('trunk', second)).output).toContain('2 gems installed');
    expect(world.upstream.requests().filter(({ path }) => path.startsWith('/gems/'))).toEqual([]);
    expect(readFileSync(fileOf(first, 'leaf-1.2.0.gem'))).toEqual(
      readFileSync(fileOf(second, 'leaf-1.2.0.gem')),
    );
  }, 60_000);

  test('Bundler installs by the compact index, and with the upstream down', async () => {
    const where = project(["'trunk'"]);
    const home = newHome();
    expect((await runIn(['bundle', 'install', '--verbose'], home, where)).output).toContain(
      'Bundle complete!',
    );
    expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('leaf (1.2.0)');
    await world.upstream.off();
    const other = newHome();
    const { output } = await runIn(['bundle', 'install', '--verbose'], other, where);
    await world.upstream.on();
    expect(output).toContain('Bundle complete!');
    expect(output).not.toContain('specs.4.8');
  }, 60_000);

  test('Bundler updates its index by ranges, and so does the origin', async () => {
    const where = project(["'leaf'"]);
    const home = newHome();
    await succeeds(['bundle', 'install'], home, where);
    const before = (await told('/versions')).length;
    world.upstream.forget();
    await world.upstream.publish({ name: 'leaf', version: '1.3.0' });
    await eventually('the new version', async () => (await told('/versions')).includes('leaf 1.3.0'));
    const asked = world.upstream.requests().filter(({ path }) => path === '/versions');
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

    const seen = await world.network.during(() => succeeds(['bundle', 'update', '--verbose'], home, where));
    expect(readFileSync(join(where, 'Gemfile.lock'), 'utf8')).toContain('leaf (1.3.0)');
    const statuses = seen
      .asked('near')
      .filter(({ target }) => target === '/rubygems/versions')
      .map(({ status }) => status);
    expect(statuses).toEqual([206]);
  }, 60_000);

  test('an index that begins anew, or does not fit, is fetched whole', async () => {
    world.upstream.forget();
    world.upstream.begin();
    await world.upstream.publish({ name: 'bud', version: '0.1.0' });
    await eventually('the new month', async () =>
      (await told('/versions')).startsWith('created_at: 2026-12-01'),
    );
    expect(await lastLine('bud')).toBe(`bud 0.1.0 ${md5(await told('/info/bud'))}`);
    expect((await told('/versions')).split('\n').filter((line) => line.startsWith('trunk '))).toHaveLength(1);
    const asked = world.upstream.requests().filter(({ path }) => path === '/versions');
    expect(asked.some(({ headers }) => headers.get('range') === null)).toBe(true);
  }, 60_000);

  test('a tail that is not what the upstream’s own digest says leads to the whole file', async () => {
    world.upstream.forget();
    world.upstream.fault(
      { as: 'corrupt' },
      ({ path, headers }) => path === '/versions' && headers.has('range'),
    );
    await world.upstream.publish({ name: 'bud', version: '0.2.0' });
    await eventually('the bud', async () => (await told('/versions')).includes('bud 0.2.0'));
    world.upstream.fault(null);
    const asked = world.upstream.requests().filter(({ path }) => path === '/versions');
    expect(asked.some(({ headers }) => headers.has('range'))).toBe(true);
    expect(asked.some(({ headers }) => !headers.has('range'))).toBe(true);
    expect(await lastLine('bud')).toBe(`bud 0.2.0 ${md5(await told('/info/bud'))}`);
  }, 60_000);

  test('an upstream without ranges and digests is followed, too', async () => {
    world.upstream.simple = true;
    const before = await told('/versions');
    await world.upstream.publish({ name: 'bud', version: '0.3.0' });
    const after = await eventually('the bud', async () => {
      const text = await told('/versions');
      return text.includes('bud 0.3.0') && text;
    });
    world.upstream.simple = false;
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
    await world.upstream.publish({ name: 'bent', version: '1.0.0' });
    world.upstream.fault({ as: 'corrupt' }, ({ path }) => path === '/gems/bent-1.0.0.gem');
    const { code } = await install('bent', newHome());
    world.upstream.fault(null);
    expect(code).not.toBe(0);
    const kept = await fetch(`${base()}/gems/bent-1.0.0.gem`);
    expect([kept.status, await kept.text()]).toEqual([502, expect.stringContaining('expected sha256')]);
  }, 60_000);

  describe('a policy', () => {
    let strict: TestNetwork;
    const ago = (days: number) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)}Z`;

    beforeAll(async () => {
      await world.upstream.publish({ name: 'aged', version: '1.0.0' }, ago(30));
      await world.upstream.publish({ name: 'aged', version: '1.1.0' }, ago(1));
      await world.upstream.publish({ name: 'aged', version: '2.0.0' }, ago(40));
      strict = await startNetwork({
        nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
        routes: [
          rubygems({
            upstreams: [{ url: world.upstream.url }],
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
      expect((await runIn(args, newHome())).output).toContain('Successfully installed aged-1.0.0');
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
      expect((await runIn(['bundle', 'install'], newHome(), where)).code).not.toBe(0);
    }, 60_000);

    test('is explained, for each version', async () => {
      const explain = async (version: string) => {
        const words = ['policy', 'explain', `rubygems:aged@${version}`, '--config', strict.configFile];
        return (await runMeridian(words, { cwd: strict.dir })).stdout;
      };
      expect(await explain('1.1.0')).toContain('was published');
      expect(await explain('2.0.0')).toContain('is blocked');
      expect(await explain('7.0.0')).toContain('no version that an upstream has');
    }, 30_000);

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
});
