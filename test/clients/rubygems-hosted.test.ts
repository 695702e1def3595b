/**
 * Gems that live in the network: pushed with the real `gem` at one PoP, installed with it and with Bundler at another; yanked, private, and what
 * nobody should take in.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { tokenFor } from '../support/access.ts';
import { badGems, type GemParts, gemParts } from '../support/bad-gems.ts';
import { noRuby } from '../support/gem-repository.ts';
import { gemWorld, md5, runIn, succeeds } from '../support/gem-world.ts';
import { eventually } from '../support/index.ts';
import { available } from '../support/needs.ts';

const world = gemWorld();
const { base, told, lastLine, newHome, install, project, push } = world;

describe.skipIf(!available('ruby', noRuby()))('with the real clients', () => {
  beforeAll(() => world.start(), 60_000);
  afterAll(() => world.stop());

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
      expect((await install('acme-ui', newHome(), 'far')).output).toContain(
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
      expect(world.upstream.requests().filter(({ target }) => target.includes('acme'))).toEqual([]);
    });

    test('append to the list of versions, whoever they come from', async () => {
      const before = await told('/versions');
      await push({ name: 'acme-ui', version: '1.1.0' });
      const after = await told('/versions');
      expect(after.startsWith(before)).toBe(true);
      await world.upstream.publish({ name: 'twig', version: '0.1.0' });
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
      const { output } = await install('acme-native', newHome(), 'far');
      expect(output).toContain('Successfully installed acme-native-1.0.0');
    }, 60_000);

    test('are yanked: no index names them, and a lock file still gets them', async () => {
      await push({ name: 'acme-yank', version: '1.0.0' });
      await push({ name: 'acme-yank', version: '2.0.0' });
      expect(await lastLine('acme-yank')).toStartWith('acme-yank 1.0.0,2.0.0 ');
      const locked = await (await fetch(`${base('far')}/gems/acme-yank-2.0.0.gem`)).arrayBuffer();
      const yanked = await runIn(
        ['gem', 'yank', 'acme-yank', '-v', '2.0.0', '--host', base()],
        newHome(),
        undefined,
        { GEM_HOST_API_KEY: world.token },
      );
      expect(yanked.output).toContain('Successfully deleted gem: acme-yank (2.0.0)');
      const info = await told('/info/acme-yank', 'far');
      expect(info).not.toContain('2.0.0');
      expect(await lastLine('acme-yank', 'far')).toBe(`acme-yank -2.0.0 ${md5(info)}`);
      expect(await (await fetch(`${base('far')}/gems/acme-yank-2.0.0.gem`)).arrayBuffer()).toEqual(locked);
      expect((await install('acme-yank', newHome(), 'far')).output).toContain(
        'Successfully installed acme-yank-1.0.0',
      );
      const again = await push({ name: 'acme-yank', version: '2.0.0', source: 'puts 1' });
      expect(again.code).not.toBe(0);
    }, 60_000);

    test('need a token and a right to push', async () => {
      const nobody = await push({ name: 'acme-ui', version: '5.0.0' }, 'mrd_nonsense');
      expect(nobody.code).not.toBe(0);
      const right: Right = { actions: ['publish'], routes: ['rubygems'], subjects: ['other-*'] };
      const { token: other } = await tokenFor(world.network.node('origin'), 'bob', [right]);
      expect((await push({ name: 'acme-ui', version: '5.0.0' }, other)).output).toContain(
        'no right to publish',
      );
      expect((await push({ name: 'stray', version: '1.0.0' })).output).toContain('does not live here');
      expect((await fetch(`${base()}/gems/acme-ui-5.0.0.gem`)).status).toBe(404);
    }, 60_000);

    test('say who has published them; who may is a right of the network', async () => {
      const owner = (...args: string[]) =>
        runIn(['gem', 'owner', 'acme-ui', '--host', base(), ...args], newHome(), undefined, {
          GEM_HOST_API_KEY: world.token,
        });
      expect((await owner()).output).toContain('- alice');
      expect((await owner('--add', 'bob')).output).toContain('meridian grant');
    }, 60_000);

    test('are signed in to by a name and a password', async () => {
      await world.network
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
      expect((await install('secret-plan', others, 'far')).code).not.toBe(0);
      expect((await fetch(`${base('far')}/info/secret-plan`)).status).toBe(401);
      expect((await fetch(`${base('far')}/gems/secret-plan-1.0.0.gem`)).status).toBe(401);
      expect(await told('/versions', 'far')).not.toContain('secret-plan');
      expect(await told('/names', 'far')).not.toContain('secret-plan');
      expect(await told('/private/versions', 'far')).not.toContain('secret-plan');

      const source = base('far').replace('http://', `http://alice:${world.token}@`);
      const mine = newHome();
      const installed = await runIn(
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

  describe('refused with a sentence, and nothing of it kept, is', () => {
    const post = async (body: Uint8Array) =>
      fetch(`${base()}/api/v1/gems`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { authorization: world.token },
      });
    const nothingKept = async () => expect((await fetch(`${base()}/info/acme-bad`)).status).toBe(404);
    let made: Promise<GemParts> | null = null;
    const parts = () => (made ??= gemParts(join(world.folder, 'own')));

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
