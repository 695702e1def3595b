/** The console's Cache page: looks at every node, purges all of them, and shows what is hot and what has gone. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, visit } from '../support/console.ts';
import { freePorts, startNetwork, startUpstream, type TestNetwork, type Upstream } from '../support/index.ts';
import { available } from '../support/needs.ts';

let upstream: Upstream;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': 'max-age=600', 'cache-tag': `news, page:${path.slice(1)}` },
    body: path,
  }));
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], admin: { port } },
      far: { role: 'pop', parents: ['shield'] },
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

/** How a node answers a request for it: `Cache-Status`. */
async function read(path: string, node = 'pop'): Promise<string> {
  const answer = await fetch(network.url(node) + path);
  await answer.text();
  return answer.headers.get('cache-status') ?? '';
}

test.skipIf(!canRun)(
  'looks something up at every node, and purges it by a tag that was found, everywhere',
  async () => {
    await read('/front');
    expect(await read('/front')).toContain(';hit');
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('cache', 'Cache');
    await visitor.fill('Address', '/front');
    await visitor.press('Look');
    await visitor.sees(/pop\s.*hit.*far.*asks on.*shield.*origin/is);
    await visitor.sees('in memory: status 200');
    await visitor.sees('fresh for');
    await visitor.sees(/Foreseen\s+not lately/);
    expect(visitor.page.url()).toContain('url=%2Ffront');
    expect(upstream.count('/front')).toBe(1);
    await visitor.look('cache-look-up');

    await visitor.page.locator('xpath/.//a[.="page:front"]').click();
    await visitor.sees('What bears it');
    await visitor.press('Purge …');
    await visitor.sees('whoever asks next waits for its source');
    await visitor.look('cache-purge-dialog');
    await visitor.press('Purge');
    await visitor.gone('dialog');
    await visitor.sees('at every node that lives after');
    for (const node of ['pop', 'far', 'shield', 'origin']) await visitor.sees(`${node} has it`);
    await visitor.sees('user:ada');
    await visitor.look('cache-purge');
    expect(await read('/front')).toContain('fwd=');
    expect(upstream.count('/front')).toBe(2);
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(!canRun)(
  'purges softly by every other kind, each with its command',
  async () => {
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    const kinds = [
      ['url', 'Address', `${network.url('pop')}/a`, `meridian purge ${network.url('pop')}/a`],
      ['key', 'Key', 'docs none', "meridian purge --key 'docs none'"],
      ['prefix', 'Prefix', 'docs ', "meridian purge --prefix 'docs '"],
      ['glob', 'Pattern', 'docs *', "meridian purge --glob 'docs *'"],
      ['tag', 'Tag', 'page:*', "meridian purge --tag 'page:*'"],
      ['route', 'Route', 'docs', 'meridian purge --route docs'],
      ['group', 'Group', 'basket', "meridian purge --group 'docs basket'"],
      ['all', null, '', 'meridian purge --all'],
    ] as const;
    for (const [by, label, what, command] of kinds) {
      await read('/a');
      await visitor.open(`cache/purge?by=${by}`, 'Cache');
      if (by === 'group') await visitor.fill('Route', 'docs');
      if (label !== null) await visitor.fill(label, what);
      await visitor.fill('How', 'stale');
      await visitor.press('Purge …');
      await visitor.page.locator('dialog summary').click();
      await visitor.sees(`${command} --soft --wait`);
      await visitor.press('Purge');
      await visitor.gone('dialog');
      await visitor.sees('at every node that lives');
      if (by !== 'key' && by !== 'group') expect(await read('/a')).toMatch(/stale|fwd=/);
    }
    expect(await network.node('origin').api('GET', '/purges?limit=8')).toMatchObject(
      ['all', 'group', 'route', 'tag-glob', 'glob', 'prefix', 'key']
        .map((by) => ({
          ...{ soft: true, all: true, selectors: [{ by }] },
        }))
        .concat([expect.objectContaining({ soft: true, all: true })]),
    );
    expect(visitor.complaints).toEqual([]);
  },
  90_000,
);

test.skipIf(!canRun)(
  'shows what is asked for most, and what has gone and why',
  async () => {
    for (let times = 0; times < 20; times++) await read('/often');
    await read('/gone-soon');
    await network.node('origin').api('POST', '/purges', { targets: [{ by: 'tag', tag: 'page:gone-soon' }] });
    await read('/gone-soon');
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('cache/hot', 'Cache');
    await visitor.sees('/often');
    await visitor.look('cache-hot');
    await visitor.open('cache/gone', 'Cache');
    await visitor.fill('Find a key, node or cause', 'purged');
    await visitor.sees('/gone-soon');
    await visitor.sees('it was purged');
    await visitor.look('cache-gone');
    expect(visitor.complaints).toEqual([]);
  },
  90_000,
);
