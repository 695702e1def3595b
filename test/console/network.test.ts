/** The console's Network page, and that of each node: what the API tells of a network on three continents. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { nodeState } from '../../src/access/api/fleet-state.ts';
import { tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, visit } from '../support/console.ts';
import { startWideNetwork, type WideNetwork } from '../support/console-network.ts';
import { available } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const canRun = available('a browser', browserProblem);

let wide: WideNetwork;
let chromium: OwnBrowser;

beforeAll(async () => {
  if (!canRun) return;
  wide = await startWideNetwork();
  chromium = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await wide?.[Symbol.asyncDispose]();
}, 30_000);

async function told(name: string) {
  const states = z.array(nodeState).parse(await wide.network.node('origin').api('GET', '/nodes'));
  return states.find(({ node }) => node === name);
}

test.skipIf(!canRun)(
  'shows every node where it is, with its health and hit ratio; one that goes silent stays, and says so',
  async () => {
    const asked = await wide.load('fra', 12, 5);
    await wide.load('nyc', 6, 2);
    await wide.load('syd', 3, 3);
    await eventually(
      'the reports to have all of it',
      async () => ((await told('fra'))?.counts.routes['docs'] ?? 0) >= asked / 2,
      { withinMs: 25_000 },
    );
    await wide.network.node('syd').kill9();

    await using visitor = await visit(chromium.browser, wide.admin, await administrator(wide.network));
    const { page } = visitor;
    await visitor.sees('6 of 6');
    await page.waitForSelector('.map .land');
    const onMap = await page.$$eval('.map a', (links) => links.map((link) => link.getAttribute('href')));
    expect(onMap.toSorted()).toEqual(
      ['eu', 'fra', 'lon', 'nyc', 'origin', 'syd'].map((name) => `/console/nodes/${name}`),
    );
    // To its shield each, the shield to the origin, and from Frankfurt another one that stands by.
    expect(await page.$$eval('.map .way:not(.flow)', (ways) => ways.length)).toBe(6);
    expect(await page.$$eval('.map .way.idle', (ways) => ways.length)).toBe(1);

    const fra = await told('fra');
    const { memory, disk, stale } = fra?.counts.layers ?? {};
    const all = Object.values(fra?.counts.layers ?? {}).reduce((sum, { requests }) => sum + requests, 0);
    const own = [memory, disk, stale].reduce((sum, layer) => sum + (layer?.requests ?? 0), 0);
    const shown = `${((100 * own) / all).toFixed(1)}%`;
    expect(all).toBe(asked);
    expect(await rowOf(page, 'fra')).toContain(shown);
    expect(await rowOf(page, 'fra')).toContain('Frankfurt');
    await visitor.look('network');

    await visitor.press('Nodes only');
    await eventually('its address', () => page.url().includes('area=nodes'));
    await visitor.look('network-nodes');
    await visitor.press('Tiers');
    await page.waitForSelector('.tiers a[href="/console/nodes/nyc"]');
    await eventually('its address', () => page.url().includes('view=tiers'));
    await visitor.look('network-tiers');

    await eventually(
      'three reports to be missing',
      async () => (await rowOf(page, 'syd')).includes('Silent'),
      {
        withinMs: 60_000,
      },
    );
    await visitor.sees('5 of 6');
    await visitor.open('', 'Network');
    await page.waitForSelector('.map a.bad');
    await visitor.look('network-silent');

    await page.focus('.map a[href="/console/nodes/syd"]');
    await page.keyboard.press('Enter');
    await visitor.sees('It has not reported for a while');
    await visitor.look('node-silent');
    expect(visitor.complaints).toEqual([]);
  },
  120_000,
);

test.skipIf(!canRun)(
  'a node’s own page says how it is, what it keeps, and what it did in the last hour',
  async () => {
    await using visitor = await visit(chromium.browser, wide.admin, await administrator(wide.network));
    await visitor.open('nodes/fra', 'fra');
    await visitor.sees('The last hour');
    const fra = await told('fra');
    await visitor.sees(fra?.version ?? 'a version');
    await visitor.sees(`${fra?.memory.entries} entries`);
    expect(String(await visitor.page.evaluate('document.body.innerText'))).toContain(wide.network.url('fra'));
    await visitor.page.waitForSelector('.plot canvas');
    await visitor.look('node');
    await visitor.open('nodes/nobody', 'nobody');
    await visitor.sees('No node called nobody has reported');
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(!canRun)('who does not administer the network is told so', async () => {
  const reader = { actions: ['read' as const], routes: ['docs'], subjects: ['*'] };
  const { token } = await tokenFor(wide.network.node('origin'), 'bob', [reader]);
  await using visitor = await visit(chromium.browser, wide.admin, token);
  // There is something for them at the packages, where they begin.
  await visitor.page.locator('xpath/.//h1[normalize-space()="Packages"]').wait();
  await visitor.open('traffic', 'Traffic');
  await visitor.sees('for those who administer it');
  await visitor.sees('You are signed in as user:bob');
  expect(visitor.complaints).toEqual([]);
});

type Page = Awaited<ReturnType<typeof visit>>['page'];

async function rowOf(page: Page, node: string): Promise<string> {
  const rows = await page.$$eval('main table tbody tr', (all) => all.map((row) => row.textContent ?? ''));
  return rows.find((row) => row.startsWith(node)) ?? '';
}
