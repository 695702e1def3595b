/**
 * Packages of a protocol that is neither npm's nor of images, as people and commands see them: files that live here and files of an upstream, in a
 * network whose other route is npm's.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fileTree, npm } from '../../src/index.ts';
import { bearer } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, button, visit } from '../support/console.ts';
import { eventually, freePorts, runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const canRun = available('a browser', browserProblem);
let upstream: Upstream;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;
let token: string;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) =>
    path === '/v1/disk.iso' ? { body: 'a disk' } : { status: 404 },
  );
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      pop: { role: 'pop', parents: ['origin'], admin: { port } },
    },
    routes: [
      fileTree({
        ...{ match: { path: '/files' }, upstreams: [{ url: upstream.url }], immutable: ['v1/*'] },
        hosted: { names: ['team/*', 'private/*'], public: ['team/*'] },
        policy: { blocked: ['v1/evil*'] },
      }),
      npm({ match: { path: '/npm' }, upstreams: [], hosted: { scopes: ['@acme'] } }),
    ],
  });
  token = await administrator(network);
  for (const path of ['team/tool.bin', 'team/a%20b.txt', 'private/plan%201.txt', 'team/gone.txt'])
    expect(await send('PUT', path, 'ours')).toBe(201);
  expect(await send('DELETE', 'team/gone.txt')).toBe(204);
  expect(await send('GET', 'v1/disk.iso')).toBe(200);
  expect(await send('GET', 'v1/evil.iso')).toBe(403);
  chromium = await launchBrowser();
}, 90_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await upstream?.off();
}, 30_000);

async function send(method: string, path: string, body?: string): Promise<number> {
  const sent = { method, headers: bearer(token), ...(body !== undefined && { body }) };
  const answer = await fetch(`${network.url('pop')}/files/${path}`, sent);
  await answer.arrayBuffer();
  return answer.status;
}

async function meridian(...words: string[]) {
  const ran = await runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  return { code: ran.code, out: ran.stdout.trim(), said: ran.stderr };
}

describe.skipIf(!canRun)('from a terminal', () => {
  test('packages of all routes are listed, without what was taken away', async () => {
    const { code, out } = await meridian('packages');
    expect(code).toBe(0);
    const names = out
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ +/).slice(0, 3).join(' '));
    expect(names.toSorted()).toEqual([
      ...['files private/plan%201.txt hosted,', 'files team/a%20b.txt hosted', 'files team/tool.bin hosted'],
      'files v1/disk.iso cached',
    ]);
  });

  test('a package is found on the route that has it, and shown', async () => {
    const { code, out } = await meridian('package', 'team/tool.bin');
    expect([code, out]).toEqual([0, expect.stringContaining('team/tool.bin (files, hosted)')]);
    expect(out).toContain('hosted: 1 version, 4 B');
    expect((await meridian('package', 'v1/disk.iso')).out).toContain('v1/disk.iso (files, cached)');
    expect((await meridian('package', 'team/tool.bin@current', '--json')).out).toContain(
      '"version": "current"',
    );
    expect((await meridian('package', 'team/gone.txt', '--route', 'files')).code).toBe(1);
  });

  test('what the policy says is explained, and what lives here is weighed', async () => {
    const { code, out } = await meridian('policy', 'list');
    expect([code, out]).toEqual([0, expect.stringMatching(/ 1 +v1\/evil\.iso +is blocked/)]);
    const explained = await meridian('policy', 'explain', 'files:v1/evil.iso@current');
    expect(explained.out).toContain('v1/evil.iso@current: refused. It is blocked (all versions)');
    expect((await meridian('storage')).out).toMatch(/^files +hosted +3 /m);
  });

  test('a package is taken away, for good', async () => {
    expect(await send('PUT', 'team/old.txt', 'old')).toBe(201);
    expect(await send('GET', 'team/old.txt')).toBe(200);
    const { code, out, said } = await meridian('package', 'team/old.txt', '--delete');
    expect([code, out, said]).toEqual([0, 'team/old.txt is gone', '']);
    expect(await send('GET', 'team/old.txt')).toBe(404);
  });
});

describe.skipIf(!canRun)('in the console', () => {
  test('they are listed, and each has a page with the command that fetches it', async () => {
    await using visitor = await visit(chromium.browser, admin, token);
    const { page } = visitor;
    await visitor.open('packages', 'Packages');
    await visitor.sees('team/tool.bin');
    expect(
      await page.$$eval('.package-search option', (all) => all.map(({ textContent }) => textContent)),
    ).toEqual([...['All routes', 'files', 'npm']]);
    await visitor.look('kit-packages');
    await visitor.open('packages/files/v1%2Fdisk.iso', 'v1/disk.iso');
    await visitor.sees('/files/v1/disk.iso');
    await visitor.sees('1 version');
    expect(await page.evaluate('document.body.innerText')).not.toContain('npm install');
    await visitor.look('kit-package');
    await visitor.open('packages/files/team%2Ftool.bin/versions', 'team/tool.bin');
    await visitor.sees('sha256:');
    await visitor.look('kit-versions');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('what lives here is deleted after a question', async () => {
    expect(await send('PUT', 'team/tmp.txt', 'for now')).toBe(201);
    await using visitor = await visit(chromium.browser, admin, token);
    await visitor.open('packages/files/team%2Ftmp.txt', 'team/tmp.txt');
    await visitor.press('Delete team/tmp.txt');
    await visitor.sees('Nobody can take that back');
    await visitor.look('kit-delete');
    await visitor.page.locator('dialog button[type=submit]').click();
    await eventually('the list', async () => new URL(visitor.page.url()).pathname === '/console/packages');
    expect(await send('GET', 'team/tmp.txt')).toBe(404);
    await visitor.open('packages/files/v1%2Fdisk.iso', 'v1/disk.iso');
    await visitor.sees('In the cache');
    expect(await visitor.page.$$(button('Delete v1/disk.iso'))).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('their policy is told, and the clients are shown how to get there', async () => {
    await using visitor = await visit(chromium.browser, admin, token);
    await visitor.open('policy?route=files', 'Policy');
    await visitor.sees('v1/evil*');
    await visitor.sees('such as a name or name@1.0.0');
    await visitor.look('kit-policy');
    await visitor.open('clients?route=files', 'Point a client here');
    await visitor.sees('curl, wget, and any other HTTP client');
    await visitor.look('kit-clients');
    await visitor.open('access', 'Access');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);
});
