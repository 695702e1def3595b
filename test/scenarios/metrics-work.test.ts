/**
 * What a network counts of the work behind its answers: fills and who shared them, purges and their delay, parents, remotes and
 * how they ask to be treated, the bus; after each kind of traffic, promtool has nothing to object to.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
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

let upstream: Upstream;
let network: TestNetwork;
let ports: { readonly origin: number; readonly pop: number };
const release = Promise.withResolvers<void>();
const releaseLeft = Promise.withResolvers<void>();

const fresh = { 'cache-control': 'max-age=600' };

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }) => {
    if (path === '/slow') await release.promise;
    if (path.startsWith('/left/')) await releaseLeft.promise;
    if (path === '/busy') return { status: 429, headers: { 'retry-after': '30' } };
    if (path.startsWith('/wrong'))
      return {
        headers: { ...fresh, 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` },
        body: 'other bytes',
      };
    return { headers: fresh, body: 'x'.repeat(1000) };
  });
  const [origin = 0, pop = 0] = [await freePorts(1), await freePorts(1)];
  ports = { origin, pop };
  network = await startNetwork({
    rum: {},
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
const promtool = Bun.which('promtool') !== null;
available('promtool', promtool ? null : 'promtool is not installed (Debian: prometheus)');

/** Checked before it is read. */
async function metrics(node: 'origin' | 'pop'): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${ports[node]}/metrics`)).text();
  if (promtool) {
    const check = Bun.spawn(['promtool', 'check', 'metrics'], {
      stdin: Buffer.from(text),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect((await check.stdout.text()) + (await check.stderr.text())).toBe('');
  }
  return text;
}

/** The sum of all series that begin like this. */
async function sum(node: 'origin' | 'pop', name: string, ...labels: string[]): Promise<number> {
  const matching = (await metrics(node))
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)));
  return matching.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('requests that share a fill are told from the one that made it', async () => {
  const all = Array.from({ length: 6 }, () => ask('/slow'));
  await eventually('the upstream to be asked', () => upstream.count('/slow') === 1);
  await eventually('all to wait', async () => (await sum('pop', 'http_server_active_requests')) >= 6);
  release.resolve();
  await Promise.all(all);
  expect(await sum('pop', 'meridian_cache_collapsed_total', 'route="docs"')).toBe(5);
  expect(await sum('pop', 'meridian_cache_fill_duration_seconds_count', 'end="stored"')).toBe(1);
  expect(await sum('pop', 'meridian_cache_fill_size_bytes_total')).toBe(1000);
  expect(await sum('origin', 'meridian_cache_fill_duration_seconds_count', 'end="stored"')).toBe(1);
});

test('requests to parents and remotes are counted, remotes by the names that the config has', async () => {
  expect(await sum('pop', 'meridian_parent_requests_total', 'parent="origin"')).toBeGreaterThan(0);
  expect(await sum('pop', 'meridian_parent_failures_total')).toBe(0);
  const server = `server="${upstream.url}"`;
  expect(await sum('origin', 'http_client_request_duration_seconds_count', server, 'status="2xx"')).toBe(1);
  expect(await sum('pop', 'http_client_request_duration_seconds_count')).toBe(0);
  expect(await sum('origin', 'meridian_store_up')).toBe(2);
});

test('requests that go to another worker count for the member that answered', async () => {
  for (let at = 0; at < 20; at++) await ask(`/page/${at}`);
  for (let at = 0; at < 20; at++) await ask(`/page/${at}`);
  const handed = await sum('pop', 'meridian_ring_member_requests_total');
  expect(handed).toBeGreaterThan(0);
  expect(handed).toBe(await sum('pop', 'meridian_ring_hops_total'));
  expect(await sum('pop', 'meridian_ring_member_size_bytes_total')).toBe(handed * 1000);
});

test('clients that leave while another worker sees to their request are no failures of the node', async () => {
  const leaving = new AbortController();
  const all = Array.from({ length: 16 }, (_, at) =>
    fetch(`${network.url('pop')}/left/${at}`, { keepalive: false, signal: leaving.signal }),
  );
  await eventually('all to wait', async () => (await sum('pop', 'http_server_active_requests')) >= 16);
  leaving.abort();
  await Promise.allSettled(all);
  await eventually(
    'some to be counted',
    async () => (await sum('pop', 'meridian_errors_total', 'code="client-gone"')) > 0,
  );
  expect(await sum('pop', 'meridian_errors_total', 'code="internal"')).toBe(0);
  expect(await sum('pop', 'meridian_requests_total', 'status="500"')).toBe(0);
  releaseLeft.resolve();
});

test('a purge says how long it took to be carried out, and how far behind a node is', async () => {
  const purged = await runMeridian(['purge', '--route', 'docs', '--wait', '--config', network.configFile], {
    cwd: network.dir,
  });
  expect(purged.code).toBe(0);
  expect(purged.stderr).not.toContain('nothing is heard of it');
  const carriedOut = await sum('pop', 'meridian_purge_delay_seconds_count');
  expect(carriedOut).toBe(await sum('pop', 'meridian_purges_applied_total'));
  expect(carriedOut).toBeGreaterThan(0);
  expect(await sum('pop', 'meridian_purge_delay_seconds_bucket', 'le="5.0"')).toBe(carriedOut);
  await eventually('both to be up to date', async () => (await sum('pop', 'meridian_bus_lag')) === 0);
  expect(await sum('pop', 'meridian_bus_unproven_seconds')).toBeLessThan(10);
  const published = await Promise.all([
    sum('pop', 'meridian_bus_published_total', 'subject="purge"', 'result="taken"'),
    sum('origin', 'meridian_bus_published_total', 'subject="purge"', 'result="taken"'),
  ]);
  expect(published[0] + published[1]).toBeGreaterThan(0);
});

test('wrong bytes are refused, and counted', async () => {
  expect(await sum('origin', 'meridian_digest_mismatches_total')).toBe(0);
  expect((await fetch(`${network.url('pop')}/wrong?token=hidden1`, { keepalive: false })).status).toBe(502);
  expect(await sum('origin', 'meridian_digest_mismatches_total')).toBe(1);
  expect(await sum('origin', 'meridian_errors_total', 'code="digest-mismatch"')).toBe(1);
  const log = network.node('origin').process.output();
  expect(log).toContain('/wrong?token=…');
  expect(log).not.toContain('hidden1');
});

test('a remote that wants to be left alone is, and the node says for how long', async () => {
  await ask('/busy');
  expect(await sum('origin', 'meridian_remote_pauses_total')).toBe(1);
  expect(await sum('origin', 'meridian_remote_paused_seconds')).toBeGreaterThan(20);
  await ask('/another');
  expect(await sum('origin', 'meridian_remote_spared_total')).toBe(1);
  expect(upstream.count('/another')).toBe(0);
});

test('whatever the nodes say is on the page of metrics', async () => {
  const body = JSON.stringify({ v: 1, from: 'cli', timings: [{ pop: 'pop', connect: 2 }] });
  const beacon = `${network.url('pop')}/.meridian/rum/beacon`;
  expect((await fetch(beacon, { method: 'POST', body })).status).toBe(204);
  const page = await Bun.file(join(import.meta.dir, '../../docs/reference/metrics.md')).text();
  const text = (await metrics('origin')) + (await metrics('pop'));
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, name, kind]) => `| \`${name}\` | ${kind} |`,
  );
  expect(families.filter((row) => !page.includes(row))).toEqual([]);
  const rows = [...page.matchAll(/^\| `[a-z_]+` \| \w+ \|/gm)].map(([row]) => row);
  // Nothing was asked for that is worth being packed, too little was foreseen to tell how well, no request had to wait for its turn, no remote has said how often it may be asked, and something may have
  // gone from a cache by now, or not.
  const unsaid = rows.filter((row) => !families.includes(row) && !row.includes('evictions'));
  expect(unsaid.toSorted()).toEqual([
    '| `meridian_packed_size_bytes_total` | counter |',
    '| `meridian_predict_precision_ratio` | gauge |',
    '| `meridian_predict_threshold_ratio` | gauge |',
    '| `meridian_remote_quota` | gauge |',
    '| `meridian_remote_wait_seconds` | histogram |',
  ]);
});
