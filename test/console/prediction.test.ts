/** The console's page of predictions: what was fetched before anybody asked for it, of what use that was, and where it has turned itself down. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { nodeState } from '../../src/access/api/fleet-state.ts';
import { cargo } from '../../src/index.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, field, visit } from '../support/console.ts';
import { type CrateRegistry, says, startCrateRegistry } from '../support/crate-registry.ts';
import { freePorts, startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

let upstream: CrateRegistry;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);
const branches = Array.from({ length: 50 }, (_, at) => `branch${at}`);

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startCrateRegistry();
  upstream.add('alder', '1.0.0', says('alder'), { deps: [{ name: 'alder-leaf', req: '^1' }] });
  upstream.add('alder-leaf', '1.0.0', says('leaf'));
  upstream.add('wide', '1.0.0', says('wide'), { deps: branches.map((name) => ({ name, req: '^1' })) });
  for (const name of branches) upstream.add(name, '1.0.0', says(name));
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  const parents = ['origin'];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {}, admin: { port } },
      lon: { role: 'pop', parents },
      rio: { role: 'pop', parents, predict: { usableS: 10 } },
      off: { role: 'pop', parents, predict: false },
    },
    routes: [cargo({ upstreams: [{ url: upstream.url }] })],
  });
  chromium = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await upstream?.off();
}, 30_000);

/** The index of a crate, as cargo asks for it. */
async function ask(pop: string, name: string, storedOnly = false): Promise<number> {
  const { status } = await fetch(
    `${network.url(pop)}/cargo/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`,
    {
      headers: {
        'user-agent': storedOnly ? 'somebody' : 'cargo/1.95.0 (f2d3ce0bd 2026-03-21)',
        ...(storedOnly && { 'cache-control': 'only-if-cached' }),
      },
    },
  );
  return status;
}

/** Objects that it has fetched in vain, by the API. */
async function inVainAt(pop: string): Promise<number> {
  const nodes = z.array(nodeState).parse(await network.node('origin').api('GET', '/nodes'));
  const { predicted } = nodes.find(({ node }) => node === pop)?.counts ?? {};
  return predicted?.sources['known']?.inVain ?? 0;
}

test.skipIf(!canRun)(
  'says what was fetched ahead, of what use it was, what led to it, and where it has turned itself down and why',
  async () => {
    expect(await ask('off', 'alder')).toBe(200);
    expect(await ask('rio', 'wide')).toBe(200);
    expect(await ask('lon', 'alder')).toBe(200);
    await eventually('the leaf', async () => (await ask('lon', 'alder-leaf', true)) === 200);
    expect(await ask('lon', 'alder-leaf')).toBe(200);
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    const { page } = visitor;
    await visitor.open('cache/prediction?node=lon&range=live', 'Cache');
    const tiles = async () =>
      Object.fromEntries(
        await page.$$eval('.tile', (all) =>
          all.map((tile) => [tile.querySelector('dt')?.textContent, tile.querySelector('dd')?.textContent]),
        ),
      );
    await eventually(
      'the figures of lon',
      async () => (await tiles())['Precision'] === '100.0%1 used, 0 in vain',
      { withinMs: 40_000 },
    );
    expect(await tiles()).toMatchObject({
      Recall: '50.0%1 not foreseen',
      'Fetched in vain': expect.stringMatching(/^0 B/),
      'Time saved': expect.stringContaining('for each'),
    });
    await visitor.sees('Dependencies');
    await visitor.sees(/lon\s+on/);
    await visitor.press('Precision and recall as table');
    await page.waitForSelector('.chart-table td');
    await visitor.press('Precision and recall as table');

    await page.locator(field('Which PoP')).fill('rio');
    await eventually('its address', () => page.url().includes('node=rio'));
    await eventually(
      'it to turn itself down',
      async () =>
        (await page.$$eval('.standings', ([list]) => list?.textContent ?? '')).includes('turned down'),
      {
        withinMs: 60_000,
      },
    );
    await visitor.sees('Dependencies on cargo: off, but for one session in sixteen');
    await visitor.sees('0.0% of what was fetched lately was used, and 80.0% should be');
    await eventually(
      'what was in vain, as the API has it',
      async () => (await tiles())['Precision'] === `0.0%0 used, ${await inVainAt('rio')} in vain`,
      { withinMs: 40_000 },
    );
    expect(await inVainAt('rio')).toBeGreaterThanOrEqual(branches.length);
    await visitor.look('cache-prediction');

    await page.locator(field('Which PoP')).fill('');
    await visitor.sees(/lon\s+on.*off\s+off.*rio\s+turned down/s);
    await visitor.look('cache-prediction-all');
    expect(visitor.complaints).toEqual([]);
  },
  180_000,
);

test.skipIf(!canRun)(
  'says so where nothing is predicted, or nothing was',
  async () => {
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('cache/prediction?node=off', 'Cache');
    await visitor.sees('It fetches nothing ahead');
    await visitor.sees('Nothing was foreseen in this time');
    await visitor.look('cache-prediction-off');
    await visitor.open('cache/prediction?node=nowhere', 'Cache');
    await visitor.sees('No PoP has reported in the last hour');
    expect(visitor.complaints).toEqual([]);
  },
  90_000,
);
