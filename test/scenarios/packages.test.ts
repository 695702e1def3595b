/**
 * Packages as people look for them, by the API of a running network: those that live here, and what is kept of other registries.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { z } from 'zod';
import { packageList, packagePage, packageReadme } from '../../src/access/api/packages-message.ts';
import type { Right } from '../../src/identity.ts';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  type Registry,
  runMeridian,
  startNetwork,
  startRegistry,
  type TestNetwork,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';

const everything: Right = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };

let registry: Registry;
let network: TestNetwork;
let admin: string;
/** Whose right is to read a part of the names by name. */
let visitor: string;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.0.0');
  registry.publish('left-pad', '1.1.0');
  registry.publish('bad', '1.0.0');
  registry.publish('bad', '2.0.0');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        hosted: { scopes: ['@acme'], others: true, access: 'public' },
        policy: { blocked: ['bad@2.0.0'] },
      }),
      npm({
        name: 'closed',
        match: { path: '/closed' },
        access: 'closed',
        upstreams: [],
        hosted: { scopes: ['@acme'] },
      }),
    ],
  });
  const origin = network.node('origin');
  admin = (await tokenFor(origin, 'root', [everything])).token;
  const right: Right = { actions: ['read'], routes: ['npm'], subjects: ['@other/*'] };
  visitor = (await tokenFor(origin, 'visitor', [right])).token;
  await publish('@acme/ui', { access: 'public' });
  await publish('@acme/secret', { access: 'restricted' });
  await publish('closed-one', { access: 'restricted' });
  await publish('@acme/inside', { access: 'public' }, '/closed');
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
}, 30_000);

async function publish(name: string, { access }: { readonly access: 'public' | 'restricted' }, at = '/npm') {
  const answer = await fetch(`${network.url('pop')}${at}/${name}`, {
    method: 'PUT',
    headers: bearer(admin),
    body: JSON.stringify(publication(name, '1.0.0', { access })),
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
}

async function get(path: string, token: string | null = admin): Promise<{ status: number; body: unknown }> {
  const headers = token === null ? {} : bearer(token);
  const answer = await fetch(`${network.url('pop')}/.meridian/v1${path}`, { headers });
  return { status: answer.status, body: await answer.json() };
}

async function names(query: string, token = admin): Promise<readonly string[]> {
  const { status, body } = await get(`/packages?${query}`, token);
  expect([status, body]).toEqual([200, expect.anything()]);
  return packageList.parse(body).packages.map(({ route, name }) => `${route} ${name}`);
}

const fetched = async (path: string) => (await fetch(network.url('pop') + path)).arrayBuffer();

describe('a list', () => {
  test('has what lives here and what is kept of other registries', async () => {
    await fetched('/npm/left-pad');
    await fetched('/npm/left-pad/-/left-pad-1.1.0.tgz');
    await fetched('/npm/there-is-none');
    await eventually('what is in the cache', async () => (await names('kind=cached')).length > 0);
    expect(await names('kind=cached&route=npm')).toEqual(['npm left-pad']);
    expect(await names('kind=hosted')).toEqual([
      'closed @acme/inside',
      'npm @acme/secret',
      'npm @acme/ui',
      'npm closed-one',
    ]);
    const { packages, total } = packageList.parse((await get('/packages?text=left')).body);
    expect(total).toBe(1);
    expect(packages).toEqual([
      expect.objectContaining({ name: 'left-pad', kind: 'cached', protocol: 'npm', access: 'public' }),
    ]);
    const [{ kept } = { kept: null }] = packages;
    expect(kept).toEqual({
      hosted: { versions: 0, bytes: 0 },
      mirrored: { versions: 0, bytes: 0 },
      cached: { versions: 1, bytes: expect.any(Number) },
    });
  });

  test('is searched by words, the best first', async () => {
    expect(await names('text=acme+ui')).toEqual(['npm @acme/ui']);
    expect(await names('text=nothing-like-it')).toEqual([]);
  });

  test('comes in pages, over all routes', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 20; pages++) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: z.output<typeof packageList> = packageList.parse(
        (await get(`/packages?limit=1${query}`)).body,
      );
      expect(page.packages.length).toBe(1);
      seen.push(...page.packages.map(({ route, name }) => `${route} ${name}`));
      cursor = page.next;
    }
    expect(seen).toEqual([...(await names('limit=100'))]);
  });

  test.each(['kind=odd', 'limit=0', 'limit=1000', 'cursor=odd', 'limit=x'])(
    'is not had with %s',
    async (query) => {
      expect((await get(`/packages?${query}`)).status).toBe(400);
    },
  );

  test('of a route that there is not is an error', async () => {
    expect((await get('/packages?route=nowhere')).status).toBe(404);
  });
});

describe('a package', () => {
  test('that lives here is told in full', async () => {
    const page = packagePage.parse((await get('/packages/npm/@acme%2fui')).body);
    expect(page).toMatchObject({
      ...{
        route: 'npm',
        protocol: 'npm',
        name: '@acme/ui',
        kind: 'hosted',
        access: 'public',
        latest: '1.0.0',
      },
      ...{ tags: { latest: '1.0.0' }, versionCount: 1, blocked: null, publisher: 'root' },
      kept: { hosted: { versions: 1 } },
    });
    const [version] = page.versions;
    expect(version).toMatchObject({
      version: '1.0.0',
      kept: 'hosted',
      dependencies: 0,
      blocked: null,
      publisher: 'root',
    });
    expect(version?.digest).toStartWith('sha512-');
    expect(version?.sizeBytes).toBe(page.kept.hosted.bytes);
  });

  test('of another registry is told with what is kept of it', async () => {
    const tarball = await fetched('/npm/left-pad/-/left-pad-1.1.0.tgz');
    const page = packagePage.parse((await get('/packages/npm/left-pad')).body);
    expect(page).toMatchObject({ kind: 'cached', latest: '1.1.0', versionCount: 2 });
    const kept = Object.fromEntries(page.versions.map((each) => [each.version, [each.kept, each.sizeBytes]]));
    expect(kept).toEqual({ '1.1.0': ['cached', tarball.byteLength], '1.0.0': ['upstream', null] });
  });

  test('tells which versions the policy does not let through, and why', async () => {
    const page = packagePage.parse((await get('/packages/npm/bad')).body);
    const blocked = Object.fromEntries(page.versions.map((each) => [each.version, each.blocked]));
    expect(blocked).toEqual({
      '1.0.0': null,
      '2.0.0': { rules: ['blocked'], why: 'is blocked (2.0.0)', untilMs: null },
    });
    expect(page.latest).toBe('1.0.0');
  });

  test('that no registry has is not there, and neither is one whose name none could have', async () => {
    expect((await get('/packages/npm/there-is-none')).status).toBe(404);
    expect((await get('/packages/npm/..%2f..%2fetc')).status).toBe(404);
    expect((await get('/packages/npm/%3Cscript%3E')).status).toBe(404);
  });
});

describe('who may not read a package', () => {
  const restricted = ['/packages/npm/@acme%2fsecret', '/packages/npm/closed-one'];

  test('does not find it', async () => {
    expect(await names('kind=hosted', visitor)).toEqual(['npm @acme/ui']);
    expect(await names('text=secret', visitor)).toEqual([]);
    const { total } = packageList.parse((await get('/packages?kind=hosted', visitor)).body);
    expect(total).toBe(1);
    // Not by what is in a cache, either.
    const bytes = await fetch(`${network.url('pop')}/npm/@acme/secret/-/secret-1.0.0.tgz`, {
      headers: bearer(admin),
    });
    expect(bytes.status).toBe(200);
    expect(await names('kind=cached&text=secret', visitor)).toEqual([]);
  });

  test.each([...restricted, ...restricted.map((path) => `${path}/readme`)])(
    'hears of %s what he hears of nothing',
    async (path) => {
      const nothing = path.replace('secret', 'nought').replace('closed-one', 'closed-two');
      const [there, none] = [await get(path, visitor), await get(nothing, visitor)];
      expect(there.status).toBe(404);
      const text = JSON.stringify(there.body).replaceAll(/secret|closed-one/g, '_');
      expect(text).toBe(JSON.stringify(none.body).replaceAll(/nought|closed-two/g, '_'));
      expect((await get(path)).status).toBe(200);
    },
  );

  test('hears nothing of a closed route', async () => {
    expect(await names('route=closed', visitor)).toEqual([]);
    expect((await get('/packages/closed/@acme%2finside', visitor)).status).toBe(404);
  });

  test('needs a token for any of it', async () => {
    for (const path of ['/packages', '/packages/npm/@acme%2fui'])
      expect((await get(path, null)).status).toBe(401);
  });
});

test('a readme is text, whatever it says', async () => {
  const readme = '# Hi\n<script>alert(1)</script> [x](javascript:alert(1))\n';
  const body = publication('@acme/loud', '1.0.0', { access: 'public' });
  const answer = await fetch(`${network.url('pop')}/npm/@acme/loud`, {
    ...{ method: 'PUT', headers: bearer(admin), body: JSON.stringify({ ...body, readme }) },
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
  const page = packagePage.parse((await get('/packages/npm/@acme%2floud')).body);
  expect(page.readme).toEqual({ text: readme, isWhole: true });
  const whole = packageReadme.parse((await get('/packages/npm/@acme%2floud/readme')).body);
  expect(whole.text).toBe(readme);
});

describe('from a terminal', () => {
  async function meridian(...words: string[]) {
    const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
    return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
  }

  test('packages are listed and searched', async () => {
    const { code, out } = await meridian('packages', '--kind', 'hosted');
    expect(code).toBe(0);
    expect(out).toMatch(/^npm +@acme\/secret +hosted, restricted +1\.0\.0 +\d{4}-\d\d-\d\d .* +1 +\d/m);
    expect((await meridian('packages', 'acme', 'secret', '--json')).out).toContain('"name": "@acme/secret"');
    expect((await meridian('packages', '--limit', '1')).out).toMatch(/1 of \d+; go on with --cursor \S+$/);
    expect((await meridian('packages', '--limit', '1000')).code).toBe(2);
    const url = ['--url', network.url('pop'), '--token', visitor];
    const ran = await runMeridian(['packages', 'secret', ...url], { cwd: network.dir });
    expect([ran.code, ran.stdout]).toEqual([0, 'none\n']);
  });

  test('a package is shown, with what the policy says', async () => {
    const { code, out } = await meridian('package', 'bad');
    expect(code).toBe(0);
    expect(out).toMatch(/^2\.0\.0 .* BLOCKED: is blocked \(2\.0\.0\)$/m);
    expect((await meridian('package', 'bad', '--json')).out).toContain('"versionCount": 2');
    const none = await meridian('package', 'there-is-none');
    expect([none.code, none.said]).toEqual([1, expect.stringContaining('does not exist')]);
  });

  test('what somebody has written into a package is no command to the terminal', async () => {
    const body = publication('@acme/esc', '1.0.0', { access: 'public' });
    const loud = '\u001b[2J\u001b]0;mine\u0007\u009b31m\u202eloud';
    const versions = { '1.0.0': { ...body.versions['1.0.0'], description: loud } };
    const answer = await fetch(`${network.url('pop')}/npm/@acme/esc`, {
      ...{
        method: 'PUT',
        headers: bearer(admin),
        body: JSON.stringify({ ...body, versions, readme: `${loud}\nend` }),
      },
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
    for (const words of [
      ['package', '@acme/esc'],
      ['packages', 'loud'],
      ['package', '@acme/esc', '--readme'],
    ]) {
      const { code, out } = await meridian(...words);
      expect([code, out]).toEqual([0, expect.stringContaining('loud')]);
      expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});
