/** The web console itself: who gets in, and what it may load. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, button, field, visit } from '../support/console.ts';
import { freePorts, startNetwork, startUpstream, type TestNetwork, type Upstream } from '../support/index.ts';
import { available } from '../support/needs.ts';

let upstream: Upstream;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startUpstream(() => ({ body: 'x'.repeat(1000) }));
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      pop: {
        role: 'pop',
        parents: ['origin'],
        admin: { port },
        place: { name: 'Frankfurt', latitude: 50.1, longitude: 8.7 },
      },
    },
    routes: [web({ name: 'docs', upstream: upstream.url })],
  });
  chromium = await launchBrowser();
}, 30_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

test.skipIf(!canRun)(
  'a token opens the console; what is none is told so, and nothing is loaded from elsewhere',
  async () => {
    const page = await chromium.browser.newPage();
    await page.goto(`${admin}/`);
    await page.locator(field('Token')).fill('no-token-at-all');
    await page.locator(button('Sign in')).click();
    await page.waitForSelector('[role=alert]');
    await page.close();

    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.sees('user:ada');
    await visitor.sees('Runs for');
    await visitor.look('network');
    expect(visitor.complaints).toEqual([]);
    await visitor.press('Sign out');
    await visitor.sees('This tab forgets it');
  },
);

test.skipIf(!canRun)(
  'its files say what a browser may do with them, and a page of it is one wherever it lies',
  async () => {
    const start = await fetch(`${admin}/console/`);
    expect(start.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(start.headers.get('cache-control')).toBe('no-cache');
    const [, script = ''] = /src="(\/console\/[^"]+\.js)"/.exec(await start.text()) ?? [];
    expect((await fetch(admin + script)).headers.get('cache-control')).toContain('immutable');
    for (const name of ['left-pad', 'lodash.merge', '@acme%2fui.js'])
      expect((await fetch(`${admin}/console/packages/npm/${name}`)).headers.get('content-type')).toContain(
        'text/html',
      );
    expect((await fetch(`${admin}/console/none.js`)).status).toBe(404);
    expect((await fetch(`${admin}/.meridian/v1/nodes`)).status).toBe(401);
  },
);
