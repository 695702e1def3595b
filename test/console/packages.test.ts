/**
 * The console's pages of packages and clients, with a real browser, over what the real npm has published and installed through two PoPs and
 * a shield.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { npm, web } from '../../src/index.ts';
import { purgeState } from '../../src/messages/purge-state.ts';
import { project } from '../clients/project.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, button, type Visitor, visit } from '../support/console.ts';
import {
  clientSucceeds,
  eventually,
  freePorts,
  type Registry,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
  within,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { publication } from '../support/publication.ts';
import { hostileReadme } from './hostile-readme.ts';

const folder = temporary('console-packages');
const canRun = available('a browser', browserProblem);
let registry: Registry;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;
let token: string;
/** May read what everybody may, and nothing that is restricted. */
let bob: string;

beforeAll(async () => {
  if (!canRun) return;
  registry = await startRegistry();
  for (const version of ['1.0.0', '1.1.0']) registry.publish('left-pad', version);
  for (const version of ['1.0.0', '2.0.0']) registry.publish('bad.thing', version);
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: {
        ...{ role: 'pop', parents: ['shield'], admin: { port } },
        place: { name: 'Frankfurt', latitude: 50.1, longitude: 8.7 },
      },
      far: {
        ...{ role: 'pop', parents: ['shield'] },
        place: { name: 'Singapore', latitude: 1.3, longitude: 103.8 },
      },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        hosted: { scopes: ['@acme'], others: true, access: 'public' },
        policy: { blocked: ['bad.thing@2.0.0'] },
      }),
      npm({
        name: 'team',
        match: { path: '/team' },
        access: 'closed',
        upstreams: [],
        hosted: { scopes: ['@team'] },
      }),
      web({ name: 'files', match: { path: '/files' }, upstream: registry.url }),
    ],
  });
  token = await administrator(network);
  const reads: Right = { actions: ['read'], routes: ['npm'], subjects: ['@bob/*'] };
  bob = (await tokenFor(network.node('origin'), 'bob', [reads])).token;
  for (const version of ['1.0.0', '1.1.0']) await publish('@acme/ui', version);
  await run('near', ['deprecate', '@acme/ui@1.0.0', 'has a bug; take 1.1.0']);
  await publish('@acme/secret', '1.0.0', 'restricted');
  for (let number = 10; number < 40; number++) await putPackage(`many-${number}`);
  await run('far', ['install', 'left-pad'], project(join(folder.path, 'build'), {}), homeOfAda('build'));
  for (const name of ['@acme/ui', 'left-pad', 'bad.thing']) await install('far', name);
  await install('near', 'left-pad');
  // A node that stops tells what it has counted; else it does so every half a minute.
  await network.node('far').stop();
  await network.node('far').restart();
  chromium = await launchBrowser();
}, 180_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
}, 30_000);

/** A home whose npm has her token. */
function homeOfAda(name = 'ada'): string {
  const home = join(folder.path, name);
  mkdirSync(home, { recursive: true });
  const lines = ['near', 'far'].map(
    (pop) => `${network.url(pop).replace('http:', '')}/npm/:_authToken=${token}`,
  );
  writeFileSync(join(home, 'npmrc'), `${lines.join('\n')}\n`);
  return home;
}

const empty = () => project(join(folder.path, 'empty'), {});

function run(pop: string, args: readonly string[], where = empty(), home = homeOfAda()) {
  return clientSucceeds('npm', args, { registry: `${network.url(pop)}/npm/`, project: where, home });
}

async function publish(name: string, version: string, access: 'public' | 'restricted' = 'public') {
  const where = join(folder.path, 'packages', `${name.replace('/', '-')}-${version}`);
  mkdirSync(where, { recursive: true });
  const manifest = {
    ...{ name, version, description: 'Buttons that people like to press', license: 'MIT' },
    ...{ keywords: ['button', 'form'], homepage: 'https://ui.example/', main: 'index.js' },
  };
  writeFileSync(join(where, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(where, 'index.js'), `module.exports = '${version}';\n`);
  writeFileSync(join(where, 'README.md'), hostileReadme);
  await run('near', ['publish', '--access', access], where);
}

async function putPackage(name: string): Promise<void> {
  const answer = await fetch(`${network.url('near')}/npm/${name}`, {
    ...{ method: 'PUT', headers: bearer(token) },
    body: JSON.stringify(publication(name, '1.0.0', { access: 'public', textBytes: 200 })),
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
}

async function install(pop: string, name: string): Promise<void> {
  const where = project(join(folder.path, `${pop}-${name.replace('/', '-')}`), {});
  // Whoever has published something has it in npm's own cache.
  await run(pop, ['install', name], where, join(folder.path, 'somebody'));
}

/** A shell of somebody who has nothing but npm. */
async function shell(command: string, home: string, where: string): Promise<string> {
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn(['sh', '-c', command], {
    cwd: where,
    env: { PATH, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1', npm_config_update_notifier: 'false' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, said, complaint] = await within(60_000, command, all);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${said}${complaint}`);
  return said + complaint;
}

/** Text of all elements that this finds. */
async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  return page.$$eval(selector, (found) => found.map((each) => (each.textContent ?? '').trim()));
}

const namesOn = (page: Page) => textsOf(page, '.package-name');

async function lists(visitor: Visitor, names: readonly string[]): Promise<void> {
  await eventually(
    `the list to be ${names.join(', ')}`,
    async () => (await namesOn(visitor.page)).join() === names.join(),
    { withinMs: 10_000 },
  ).catch(async (error) => {
    throw new Error(`it is ${(await namesOn(visitor.page)).join(', ')}`, { cause: error });
  });
}

const visitAs = (who: string) => visit(chromium.browser, admin, who);

describe.skipIf(!canRun)('packages', () => {
  test('are searched while one types, filtered, and leafed through; the address says what for', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages', 'Packages');
    await visitor.sees(/3\d packages/);
    await visitor.look('packages');

    await visitor.press('Cached');
    await lists(visitor, ['bad.thing', 'left-pad']);
    await visitor.press('All');
    await visitor.fill('Search', 'press');
    await lists(visitor, ['@acme/secret', '@acme/ui']);
    expect(new URL(page.url()).searchParams.get('text')).toBe('press');
    await visitor.sees('2 packages with “press”');
    await page.reload();
    await lists(visitor, ['@acme/secret', '@acme/ui']);
    await visitor.fill('Search', 'nothing-like-it');
    await visitor.sees('Nothing here is like that.');
    await visitor.press('Show all packages');
    await visitor.sees(/3\d packages/);

    const first = await namesOn(page);
    expect(first.length).toBe(25);
    await page.locator('xpath/.//a[.="Next page"]').click();
    await visitor.sees('First page');
    await eventually('the rest', async () => !(await namesOn(page)).includes(first[0] ?? ''));
    const rest = await namesOn(page);
    expect(rest.filter((name) => first.includes(name))).toEqual([]);
    expect(rest).toContain('many-39');
    await page.locator('xpath/.//a[.="First page"]').click();
    await lists(visitor, first);
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('have a page each, with what its author says but none of his tricks', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages', 'Packages');
    await visitor.fill('Search', '@acme/ui');
    await lists(visitor, ['@acme/ui']);
    await page.locator('.package-name').click();
    await page.locator('.readme h3').wait();
    expect(await page.title()).toBe('Readme · @acme/ui · Packages · Meridian');
    await visitor.sees('Buttons that people like to press.');
    await visitor.sees('☑ works');
    await visitor.sees('MIT');
    await visitor.look('package');

    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    const forbidden = 'script, style, iframe, form, input, button, svg, math, img, object';
    expect(await page.$$(`.readme :is(${forbidden})`)).toEqual([]);
    expect(await page.$$('.readme :is([class="notice bad"], #app, [style], [onclick], [onerror])')).toEqual(
      [],
    );
    const links = await page.$$eval('.readme a', (all) =>
      all.map((link) => [link.textContent, link.getAttribute('href'), link.getAttribute('rel')]),
    );
    const outward = 'noopener noreferrer';
    expect(links).toEqual([
      ['build (image)', 'https://tracker.example/pixel.png', outward],
      ['install', '#readme-how-to-install', null],
      ['a pixel (image)', 'https://tracker.example/x.png', outward],
      ['the docs', 'https://docs.example/ui', outward],
    ]);
    expect(await textsOf(page, '#readme-how-to-install')).toEqual(['How to install']);
    await visitor.sees('press me');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('tell of each version how it is, and of their downloads where they were', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages/npm/@acme%2Fui/versions', '@acme/ui');
    await visitor.sees('has a bug; take 1.1.0');
    const [newest, oldest] = await textsOf(page, '.package-main tbody tr');
    expect(newest).toMatch(/^1\.1\.0latest.*Fine.*ada.*Here.*sha512-/);
    expect(oldest).toMatch(/^1\.0\.0.*deprecated/);
    await visitor.look('package-versions');

    await visitor.open('packages/npm/bad.thing/versions', 'bad.thing');
    await visitor.sees('is blocked (2.0.0)');
    await visitor.sees('1 version blocked');
    const href = await page.$eval('.package-side a[href^="/console/policy"]', (link) =>
      link.getAttribute('href'),
    );
    expect(href).toContain('bad.thing');

    await visitor.open('packages/npm/left-pad/downloads', 'left-pad');
    await visitor.sees('From where');
    await eventually(
      'both PoPs',
      async () => {
        const rows = await textsOf(page, '[aria-label="Where left-pad was asked for, table"] td:first-child');
        if (rows.toSorted().join() === 'far,near') return true;
        await page.reload({ waitUntil: 'networkidle0' });
        return false;
      },
      { withinMs: 40_000 },
    );
    await eventually('whose token it was', async () => {
      const rows = await textsOf(page, '[aria-label="Who downloaded left-pad, table"] tbody tr');
      return rows.length === 1 && rows[0]?.startsWith('user:ada');
    });
    await visitor.look('package-downloads');
    expect(visitor.complaints).toEqual([]);
  }, 90_000);

  test('are purged from every node, after a question', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    const tarball = `${network.url('far')}/npm/left-pad/-/left-pad-1.1.0.tgz`;
    const fetched = async () => {
      const answer = await fetch(tarball);
      await answer.arrayBuffer();
      return answer.headers.get('cache-status') ?? '';
    };
    await fetched();
    expect(await fetched()).toContain('hit');
    await visitor.open('packages/npm/left-pad', 'left-pad');
    await visitor.press('Purge left-pad');
    await visitor.sees('All nodes forget what they keep of it');
    await visitor.look('package-purge');
    await page.locator('dialog button[type=submit]').click();
    await visitor.sees(/All 4 nodes have forgotten it/);
    const answer = await fetch(`${network.url('near')}/.meridian/v1/purges`, { headers: bearer(token) });
    const [last] = z.array(purgeState).parse(await answer.json());
    expect(last?.selectors).toEqual([{ by: 'tag', tag: 'npm:left-pad' }]);
    const { asked } = await network.during(fetched);
    expect(asked('origin').some(({ target }) => target.includes('left-pad-1.1.0.tgz'))).toBe(true);
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('that somebody may not read are not there for him; the rest is', async () => {
    await using visitor = await visitAs(bob);
    await visitor.open('packages?text=press', 'Packages');
    await lists(visitor, ['@acme/ui']);
    await visitor.sees('1 package with “press”');
    await visitor.look('packages-account');
    await visitor.open('packages/npm/@acme%2Fsecret', '@acme/secret');
    await visitor.sees('npm has no package @acme/secret');
    await visitor.open('packages/npm/@acme%2Fui', '@acme/ui');
    await visitor.sees('Buttons that people like to press.');
    expect(await visitor.page.$$(button('Purge @acme/ui'))).toEqual([]);
    // What he may not have is all that there is to complain about.
    expect(visitor.complaints.filter((text) => !text.includes('status of 40'))).toEqual([]);
  }, 60_000);
});

describe.skipIf(!canRun)('clients', () => {
  test('are pointed here by what the page says, by the address that is chosen', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('clients', 'Point a client here');
    await visitor.sees('Set it up');
    await visitor.look('clients');
    await page.locator('xpath/.//select[@id=//label[.="Address"]/@for]').fill('far');
    await visitor.sees(`${network.url('far')}/npm/`);
    expect(page.url()).toContain('node=far');

    const blocks = await textsOf(page, '#client-npm .steps pre');
    const [settings = '', login = '', check = ''] = blocks;
    expect(settings).toBe(`registry=${network.url('far')}/npm/`);
    expect(login).toStartWith('npm login');
    const home = join(folder.path, 'carol');
    const where = project(join(folder.path, 'carols'), {});
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, '.npmrc'), `${settings}\n`);
    const { asked, result } = await network.during(async () => {
      await shell(check, home, where);
      await shell('npm install left-pad', home, where);
      return Bun.file(join(where, 'node_modules/left-pad/package.json')).json();
    });
    expect(result).toMatchObject({ name: 'left-pad', version: '1.1.0' });
    expect(asked('far').map(({ target }) => target)).toContain('/npm/left-pad');

    // What was chosen holds for the packages' pages, whose command needs no set-up.
    await visitor.open('packages/npm/@acme%2Fui', '@acme/ui');
    await visitor.sees(`--registry=${network.url('far')}/npm/`);
    const [command = ''] = await textsOf(page, '.package-main .code pre');
    const other = project(join(folder.path, 'daves'), {});
    await shell(command, join(folder.path, 'dave'), other);
    expect(await Bun.file(join(other, 'node_modules/@acme/ui/package.json')).json()).toMatchObject({
      version: '1.1.0',
    });
    expect(visitor.complaints).toEqual([]);
  }, 120_000);

  test('have another address filled in, each route its own, and no other clients than it has', async () => {
    await using visitor = await visitAs(bob);
    const { page } = visitor;
    await visitor.open('clients?base=https://packages.example.com', 'Point a client here');
    await visitor.sees('https://packages.example.com/npm/');
    await visitor.sees('Trust the certificate');
    const [cli = ''] = await textsOf(page, '#client-npm .cli pre');
    expect(cli).toBe('meridian setup npm --write --base https://packages.example.com --route npm');
    await page.locator('xpath/.//select[@id=//label[.="Route"]/@for]').fill('files');
    await visitor.sees('curl, and any other HTTP client');
    expect(await page.$$('#client-npm')).toEqual([]);
    await page.locator('xpath/.//select[@id=//label[.="Route"]/@for]').fill('team');
    await visitor.sees('log in to read');
    await visitor.fill('Another address', 'not an address');
    await visitor.press('Fill it in');
    await visitor.sees('base has to be an address');
    expect(visitor.complaints.filter((text) => !text.includes('status of 40'))).toEqual([]);
  }, 60_000);
});
