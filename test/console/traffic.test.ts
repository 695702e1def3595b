/** The console's Traffic page: the same numbers as the API tells, in figures, charts and tables. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { seriesAnswer } from '../../src/access/api/fleet-state.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, field, visit } from '../support/console.ts';
import { startWideNetwork, type WideNetwork } from '../support/console-network.ts';
import { available } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const canRun = available('a browser', browserProblem);
const failures = 4;

let wide: WideNetwork;
let chromium: OwnBrowser;
let asked = 0;

beforeAll(async () => {
  if (!canRun) return;
  wide = await startWideNetwork({ isPlaced: false });
  chromium = await launchBrowser();
  asked = (await wide.load('fra', 20, 8)) + (await wide.load('nyc', 20, 2));
  for (let at = 0; at < failures; at++) await fetch(`${wide.network.url('fra')}/fails/${at}`);
  asked += failures;
  await eventually('the series to have all of it', async () => (await popTotals()).requests >= asked, {
    withinMs: 45_000,
  });
}, 120_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await wide?.[Symbol.asyncDispose]();
}, 30_000);

/** Of all PoPs in the steps of the last hour that are over, by the API. */
async function popTotals() {
  const said = await wide.network.node('origin').api('GET', '/series?spanMs=3600000&points=180');
  const { points, stepMs, toMs } = seriesAnswer.parse(said);
  const counts = points.flatMap(({ atMs, roles }) => (atMs + stepMs <= toMs ? (roles['pop'] ?? []) : []));
  const layers = counts.flatMap((each) => Object.entries(each.layers));
  const of = (...names: string[]) =>
    layers.reduce((sum, [name, { requests }]) => (names.includes(name) ? sum + requests : sum), 0);
  const errors = counts.reduce((sum, each) => sum + each.errors, 0);
  const requests = layers.reduce((sum, [, layer]) => sum + layer.requests, 0);
  return { requests, errors, hits: of('memory', 'disk', 'stale', 'node'), far: of('origin', 'remote') };
}

async function expected() {
  const { requests, errors, hits, far } = await popTotals();
  return {
    Requests: String(requests),
    Errors: String(errors),
    'Hit ratio': percent(hits / requests),
    'Origin offload': percent(1 - far / requests),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

test.skipIf(!canRun)(
  'its figures are those of the API, and its address says what is shown',
  async () => {
    await using visitor = await visit(chromium.browser, wide.admin, await administrator(wide.network));
    const { page } = visitor;
    await visitor.open('traffic?range=1h', 'Traffic');
    await page.waitForSelector('.plot canvas');
    const tiles = async () =>
      Object.fromEntries(
        await page.$$eval('.tile', (all) =>
          all.map((tile) => [
            tile.querySelector('dt')?.textContent,
            tile.querySelector('dd')?.firstChild?.textContent,
          ]),
        ),
      );
    // Looking counts, too: the console asks by way of a PoP.
    await eventually(
      'the figures of the API',
      async () => Bun.deepEquals(await tiles(), { ...(await tiles()), ...(await expected()) }),
      { withinMs: 40_000 },
    );
    expect(Number((await tiles())['Requests'])).toBeGreaterThanOrEqual(asked);
    expect((await tiles())['Errors']).toBe(String(failures));
    await visitor.look('traffic');

    await visitor.press('Latency by layer as table');
    await visitor.sees('5 ms (PoP)');
    await visitor.press('Requests by layer as table');
    await page.waitForSelector('.chart-table td');
    await visitor.look('traffic-tables');

    await page.locator(field('Whose traffic')).fill('node:nyc');
    await eventually('the node’s own requests', async () => (await tiles())['Requests'] === '40', {
      withinMs: 20_000,
    });
    await eventually('its address', () => page.url().includes('node=nyc'));
    await visitor.press('Live');
    await eventually('its address', () => page.url().includes('range=live'));
    await page.reload();
    await page.waitForSelector('.segments [aria-pressed=true]');
    expect(await page.$eval('.segments [aria-pressed=true]', (button) => button.textContent)).toBe('Live');
    expect(visitor.complaints).toEqual([]);
  },
  90_000,
);

test.skipIf(!canRun)(
  'the keyboard moves through time on all charts at once, and takes lines away',
  async () => {
    await using visitor = await visit(chromium.browser, wide.admin, await administrator(wide.network));
    const { page } = visitor;
    await visitor.open('traffic?range=live', 'Traffic');
    await page.waitForSelector('.plot canvas');
    const times = () => page.$$eval('.legend-time', (all) => all.map(({ textContent }) => textContent));
    const before = await times();
    await page.focus('.chart[aria-label="Requests by layer: a moment"]');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await eventually('all charts to follow', async () => {
      const now = await times();
      return now[0] !== before[0] && new Set(now).size === 1;
    });
    const said = await page.$eval('.chart', (chart) => chart.getAttribute('aria-valuetext'));
    expect(said).toContain((await times())[0] ?? 'a time');
    expect(said).toContain('Memory ');
    const memory = '.legend button[title="Hide Memory"]';
    await page.focus(memory);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.legend button[title="Show Memory"][aria-pressed=false]');
    await visitor.look('traffic-live');
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(!canRun)(
  'a network without places is shown by its tiers',
  async () => {
    await using visitor = await visit(chromium.browser, wide.admin, await administrator(wide.network));
    await visitor.page.waitForSelector('.tiers a[href="/console/nodes/origin"]');
    expect(await visitor.page.$('.map')).toBeNull();
    await visitor.look('network-placeless');
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);
