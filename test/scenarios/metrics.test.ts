/**
 * What the nodes of a network count while clients use it, as Prometheus reads it: over several workers, one of which dies, and
 * over tiers.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { nodeState, seriesAnswer } from '../../src/access/api/fleet-state.ts';
import { topAnswer } from '../../src/access/api/top-answer.ts';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  freePorts,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';

const nodeStates = z.array(nodeState);

let upstream: Upstream;
let network: TestNetwork;
let ports: { readonly origin: number; readonly pop: number };

beforeAll(async () => {
  upstream = await startUpstream(({ path }) =>
    path === '/none'
      ? { status: 404 }
      : { headers: { 'cache-control': 'max-age=600' }, body: 'x'.repeat(1000) },
  );
  const [origin = 0, pop = 0] = [await freePorts(1), await freePorts(1)];
  ports = { origin, pop };
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', admin: { port: origin } },
      pop: { role: 'pop', parents: ['origin'], workers: 2, hot: false, admin: { port: pop } },
    },
    routes: [web({ name: 'docs', upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

const ask = (path: string) => fetch(network.url('pop') + path, { keepalive: false }).then((r) => r.text());

async function metrics(node: 'origin' | 'pop'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports[node]}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return response.text();
}

/** The sum of all series whose line matches. */
function sum(text: string, line: RegExp): number {
  const matching = text.split('\n').filter((each) => line.test(each));
  return matching.reduce((total, each) => total + Number(each.slice(each.lastIndexOf(' '))), 0);
}

const requests = /^meridian_requests_total\{node="pop",/;

test('every request counts once, whichever worker it came to, by what it was answered from', async () => {
  for (let round = 0; round < 5; round++) for (let at = 0; at < 10; at++) await ask(`/page/${at}`);
  await ask('/none');
  const pop = await metrics('pop');
  expect(sum(pop, requests)).toBe(51);
  expect(sum(pop, /^meridian_requests_total\{.*outcome="miss",status="200"/)).toBe(10);
  expect(sum(pop, /^meridian_requests_total\{.*outcome="hit",status="200"/)).toBe(40);
  expect(sum(pop, /^meridian_requests_total\{.*status="404"/)).toBe(1);
  expect(sum(pop, /^http_server_request_duration_seconds_count\{.*layer="remote"/)).toBe(11);
  expect(sum(pop, /^http_server_request_duration_seconds_count\{.*layer="memory"/)).toBe(40);
  expect(sum(pop, /^meridian_response_size_bytes_total\{.*layer="memory"/)).toBe(40_000);
  expect(sum(pop, /^meridian_ring_share_ratio/)).toBeCloseTo(1, 6);
  expect(sum(await metrics('origin'), /^meridian_requests_total\{.*route="docs"/)).toBe(11);
});

test('a hit at the origin is told from one at its upstream', async () => {
  const purged = await runMeridian(
    ['purge', '--route', 'docs', '--node', 'pop', '--config', network.configFile],
    { cwd: network.dir },
  );
  expect(purged.code).toBe(0);
  const before = sum(await metrics('pop'), /^http_server_request_duration_seconds_count\{.*layer="origin"/);
  await ask('/page/1');
  const after = sum(await metrics('pop'), /^http_server_request_duration_seconds_count\{.*layer="origin"/);
  expect(after - before).toBe(1);
});

test('a worker that dies takes nothing away from what was counted', async () => {
  const before = sum(await metrics('pop'), requests);
  const { workers = [] } = await network.node('pop').status();
  process.kill(Number(workers[0]?.pid), 'SIGKILL');
  await eventually('another one', async () => {
    const now = (await network.node('pop').status()).workers ?? [];
    return now.every(({ state }) => state === 'up') && now[0]?.pid !== workers[0]?.pid;
  });
  expect(sum(await metrics('pop'), requests)).toBe(before);
  await ask('/page/2');
  expect(sum(await metrics('pop'), requests)).toBe(before + 1);
});

test('the origin knows what every worker of every node has counted, and how that was over time', async () => {
  const origin = network.node('origin');
  const nodes = await eventually(
    'all to have reported',
    async () => {
      const said = nodeStates.parse(await origin.api('GET', '/nodes'));
      const names = said.map(({ node, worker }) => `${node} ${worker}`).toSorted();
      const pops = said.filter(({ role }) => role === 'pop');
      const requests = pops.reduce((sum, { counts }) => sum + (counts.routes.docs ?? 0), 0);
      return names.join() === 'origin 0,pop 1,pop 2' && requests > 0 ? said : null;
    },
    { withinMs: 25_000 },
  );
  expect(nodes.every(({ trouble }) => trouble.length === 0)).toBe(true);
  const { points } = seriesAnswer.parse(await origin.api('GET', '/series?points=10'));
  const remote = points.flatMap(({ roles }) => roles.pop?.layers.remote?.requests ?? []);
  expect(remote.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
  await expect(origin.api('GET', '/series?points=0')).rejects.toThrow('1 to 2000');
}, 30_000);

test('who may not administer is told nothing of that', async () => {
  const { token } = await tokenFor(network.node('origin'), 'alice', []);
  const at = `${network.url('pop')}/.meridian/v1/nodes`;
  expect((await fetch(at)).status).toBe(401);
  expect((await fetch(at, { headers: bearer(token) })).status).toBe(403);
});

test('the node says that it lives and is ready, and knows of nothing else', async () => {
  const at = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${ports.pop}${path}`, init);
  expect(await (await at('/healthz')).text()).toBe('alive\n');
  expect(await (await at('/readyz')).text()).toBe('ready\n');
  expect((await at('/page/1')).status).toBe(404);
  expect((await at('/metrics', { method: 'POST' })).status).toBe(405);
});

test('`meridian top` shows what happened between two looks', async () => {
  let isOver = false;
  const going = (async () => {
    while (!isOver) await ask('/page/3');
  })();
  const top = await runMeridian(
    ['top', '--once', '--every', '0.5', '--json', '--config', network.configFile],
    {
      cwd: network.dir,
    },
  );
  isOver = true;
  await going;
  expect(top.code).toBe(0);
  const { nodes } = JSON.parse(top.stdout);
  const pop = nodes.find(({ name }: { name: string }) => name === 'pop');
  expect(pop.rates.requestsPerS).toBeGreaterThan(0);
  expect(pop.rates.hitShare).toBe(1);
  expect(pop.rates.layers.memory.p95).toBeGreaterThan(0);
});

test('what is asked for most, and by whom, is known at the origin, for whoever may administer', async () => {
  const origin = network.node('origin');
  const { id, token } = await tokenFor(origin, 'bob', []);
  for (let times = 0; times < 20; times++) await ask('/asked');
  const known = await fetch(`${network.url('pop')}/none-of-it`, { headers: bearer(token) });
  await known.text();
  const top = await eventually(
    'the PoP to have told of it',
    async () => {
      const said = topAnswer.parse(await origin.api('GET', '/top?by=token&route=docs'));
      return said.top.some(({ name }) => name === id) ? said : null;
    },
    { withinMs: 45_000 },
  );
  const bob = top.top.find(({ name }) => name === id);
  expect(bob).toMatchObject({ requests: 1, owner: 'user:bob', route: 'docs' });
  expect(bob?.nodes).toMatchObject([{ node: 'pop', share: 1 }]);
  const anonymous = top.top.find(({ name }) => name === 'anonymous');
  expect(anonymous).toMatchObject({ owner: null });
  expect(anonymous?.requests).toBeGreaterThan(50);
  expect(top.total.requests).toBe((anonymous?.requests ?? 0) + 1);
  await expect(origin.api('GET', '/top?by=moon')).rejects.toThrow('package or token');

  const shown = await runMeridian(['top', '--tokens', '--route', 'docs', '--config', network.configFile], {
    cwd: network.dir,
  });
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(`${id}  user:bob`)]);
}, 60_000);

test('`meridian explain` tells what would become of a request at each tier, and asks nobody', async () => {
  const url = `${network.url('pop')}/explained?a=1`;
  const explain = async (...words: readonly string[]) => {
    const ran = await runMeridian(['explain', ...words, '--config', network.configFile], {
      cwd: network.dir,
    });
    expect(ran.code).toBe(0);
    return ran.stdout;
  };
  const cold = await explain(url);
  expect(cold).toMatch(/^pop: asks its parent: nothing is stored for it\n/);
  expect(cold).toMatch(/route: +docs\n.*key: +docs \/explained\?a=1\n/s);
  expect(cold).toMatch(/kept by: +pop\.[12]\n +parents: +origin\n/);
  expect(cold).toMatch(/\norigin: asks its parent: nothing is stored for it\n.*parents: +the upstream\n/s);
  expect(upstream.count('/explained')).toBe(0);

  await ask('/explained?a=1');
  const [pop] = JSON.parse(await explain(url, '--json')).nodes;
  expect(pop.workers).toHaveLength(2);
  const holder = pop.workers.find(({ stored }: { stored: unknown }) => stored !== null);
  expect(holder).toMatchObject({ would: 'hit', stored: { where: 'memory', status: 200, sizeBytes: 1000 } });
  expect(holder.stored.freshForS).toBeGreaterThan(500);
  expect(await explain(url, '--method', 'post')).toContain(
    'asks its parent: this method is never answered from store',
  );
  expect(upstream.count('/explained')).toBe(1);
});

test('`meridian trace` shows the way of a request through the tiers', async () => {
  const url = `${network.url('pop')}/traced`;
  const shown = await runMeridian(['trace', url], { cwd: network.dir });
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^GET .*: 200, 1000 bytes/);
  expect(shown.stdout).toMatch(/\n +pop +█.* uri-miss, stored, fresh for \d+ s/);
  expect(shown.stdout).toMatch(/\n +origin .* uri-miss, stored/);
  const { tiers } = JSON.parse((await runMeridian(['trace', url, '--json'], { cwd: network.dir })).stdout);
  expect(tiers.at(-1)).toMatchObject({ name: 'pop', cache: { hit: true } });
});

const promtool = Bun.which('promtool');
const missing = promtool === null ? 'promtool is not installed (Debian: prometheus)' : null;
test.skipIf(!available('promtool', missing))('promtool has nothing to object to', async () => {
  for (const node of ['origin', 'pop'] as const) {
    const check = Bun.spawn(['promtool', 'check', 'metrics'], {
      stdin: Buffer.from(await metrics(node)),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect((await check.stdout.text()) + (await check.stderr.text())).toBe('');
    expect(await check.exited).toBe(0);
  }
});
