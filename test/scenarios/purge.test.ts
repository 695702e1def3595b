/**
 * `meridian purge` on a network of real processes, over the bus of this machine: what it reaches, that it survives kill -9,
 * that a node that was away catches up, and that a restarted node is warm again.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { npm, web } from '../../src/index.ts';
import {
  eventually,
  type Registry,
  runMeridian,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const tiers = ['origin', 'shield', 'pop'];
let registry: Registry;
let pages: Upstream;
let network: TestNetwork;
/** Goes up when the pages change. */
let edition = 1;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.0.0', { sizeBytes: 1000 });
  pages = await startUpstream(({ method, path }) => ({
    headers: {
      'cache-control': 'public, max-age=3600, stale-while-revalidate=600',
      'cache-tag': `section-${path.split('/')[2]}`,
      'cache-groups': '"pages"',
      ...(method === 'POST' && path.endsWith('/grouped') ? { 'cache-group-invalidation': '"pages"' } : {}),
    },
    body: `${path} edition ${edition}`,
  }));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      web({ name: 'pages', match: { path: '/pages' }, upstream: `${pages.url}/pages` }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  await pages?.off();
}, 30_000);

beforeEach(() => void edition++);

async function get(path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(network.url('pop') + path, { headers });
  return { text: await answer.text(), status: answer.headers.get('cache-status') ?? '' };
}

function run(...words: string[]) {
  return runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
}

/** Everywhere, before this returns. */
async function purge(...words: string[]) {
  const { code, stdout, stderr } = await run('purge', '--wait', ...words);
  return { code, output: stdout + stderr };
}

async function expectEdition(path: string, wanted: number): Promise<void> {
  expect((await get(path)).text).toBe(`${path} edition ${wanted}`);
}

test('a URL is purged at every tier, and nothing else is', async () => {
  const [changed, other] = ['/pages/a/1', '/pages/a/2'];
  for (const path of [changed, other]) await expectEdition(path, edition);
  edition++;
  const { code, output } = await purge(network.url('pop') + changed);
  expect(code).toBe(0);
  const [first, ...nodes] = output.trimEnd().split('\n');
  expect(first).toBe(`purged: key pages ${changed}: at every node that lives`);
  expect(nodes.map((line) => line.replace(/\d+ ms/, 'n ms')).toSorted()).toEqual(
    tiers.map((tier) => `  ${tier}: n ms`).toSorted(),
  );
  await expectEdition(changed, edition);
  await expectEdition(other, edition - 1);
});

test('a package is purged in all its forms', async () => {
  const accepts = [{ accept: 'application/vnd.npm.install-v1+json' }, { accept: 'application/json' }];
  for (const accept of accepts) await get('/npm/left-pad', accept);
  registry.publish('left-pad', '2.0.0', { sizeBytes: 1000 });
  for (const accept of accepts) expect((await get('/npm/left-pad', accept)).text).not.toContain('2.0.0');
  expect((await purge(`${network.url('pop')}/npm/left-pad`)).code).toBe(0);
  for (const accept of accepts) expect((await get('/npm/left-pad', accept)).text).toContain('2.0.0');
});

test('a tag is purged, and stays purged though every node is killed at once', async () => {
  const paths = Array.from({ length: 20 }, (_, n) => `/pages/news/${n}`);
  for (const path of paths) await expectEdition(path, edition);
  await expectEdition('/pages/other/1', edition);
  const before = edition++;
  expect((await purge('--tag', 'section-news')).code).toBe(0);
  await Promise.all(tiers.map((tier) => network.node(tier).kill9()));
  await Promise.all(tiers.map((tier) => network.node(tier).restart()));
  for (const path of paths) await expectEdition(path, edition);
  await expectEdition('/pages/other/1', before);
}, 30_000);

test('what is purged softly is served once more, while the new edition is fetched', async () => {
  const path = '/pages/soft/1';
  await expectEdition(path, edition);
  const before = edition++;
  expect((await purge('--soft', '--prefix', 'pages /pages/soft')).output).toContain('stale: prefix');
  const stale = await get(path);
  expect([stale.text, stale.status]).toEqual([
    `${path} edition ${before}`,
    expect.stringContaining('stale-while-revalidate'),
  ]);
  await eventually('the new edition', async () => (await get(path)).text === `${path} edition ${edition}`);
});

test('an unsafe request invalidates the groups that its answer names', async () => {
  const path = '/pages/group/1';
  await expectEdition(path, edition);
  edition++;
  await fetch(`${network.url('pop')}/pages/x/plain`, { method: 'POST', body: 'x' });
  await expectEdition(path, edition - 1);
  await fetch(`${network.url('pop')}/pages/x/grouped`, { method: 'POST', body: 'x' });
  await expectEdition(path, edition);
});

test('what makes no sense purges nothing, and says why', async () => {
  await expectEdition('/pages/a/3', edition);
  const wrong = await purge(`${network.url('pop')}/pages/a/3`, 'ftp://example.com/', '--json');
  expect(wrong.code).toBe(1);
  expect(JSON.parse(wrong.output)).toContainEqual({
    node: 'origin',
    reasons: ['ftp://example.com/ is not an http or https URL'],
    because: 'targets',
  });
  const before = edition++;
  await expectEdition('/pages/a/3', before);
  expect((await purge()).code).toBe(2);
  expect((await purge('--route', 'page')).output).toContain('Did you mean pages?');
});

test('a node that was away is not waited for, and catches up before it serves', async () => {
  const path = '/pages/away/1';
  await expectEdition(path, edition);
  await network.node('pop').stop();
  edition++;
  const { code, output } = await purge('--all');
  expect([code, output]).toEqual([0, expect.stringContaining('purged: all: at every node that lives')]);
  expect(output).toContain('pop: nothing is heard of it');
  await network.node('pop').restart();
  await expectEdition(path, edition);
}, 20_000);

test('one node alone is purged by its name, without the bus', async () => {
  const path = '/pages/alone/1';
  await expectEdition(path, edition);
  const { code, stdout } = await run('purge', '--node', 'pop', '--key', `pages ${path}`);
  expect([code, stdout]).toEqual([0, `pop: purged: key pages ${path}\n`]);
  const { text, status } = await get(path);
  expect(text).toBe(`${path} edition ${edition}`);
  expect(status).toContain('shield;hit');
});

test('many targets are read from a file, and are one event', async () => {
  const paths = Array.from({ length: 30 }, (_, n) => `/pages/batch/${n}`);
  for (const path of paths) await expectEdition(path, edition);
  edition++;
  const file = `${network.dir}/targets`;
  const urls = paths.slice(1).map((path) => network.url('pop') + path);
  await Bun.write(file, ['# a comment', `--key pages ${paths[0]}`, '', ...urls].join('\n'));
  const { code, output } = await purge('--from', file);
  expect([code, output]).toEqual([0, expect.stringContaining('10 more: at every node that lives')]);
  for (const path of paths) await expectEdition(path, edition);
  await Bun.write(file, '--moon x');
  expect((await purge('--from', file)).code).toBe(2);
}, 20_000);

test('a restarted node has the hottest in memory again before anybody asks', async () => {
  const path = '/pages/warm/1';
  await get(path);
  await network.node('pop').stop();
  await network.node('pop').restart();
  await eventually('a warm pop', async () => {
    const { stdout } = await run('status', '--node', 'pop', '--json');
    return JSON.parse(stdout)[0].memory.entries > 0;
  });
  expect((await get(path)).status).toContain('detail=memory');
}, 20_000);
