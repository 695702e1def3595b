/**
 * A network whose collector is not there: nobody notices but those who look at the metrics. And one that is told another place
 * while it runs.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { startCollector } from '../support/collector.ts';
import {
  eventually,
  freePort,
  runMeridian,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;
let adminPort = 0;
const queueSpans = 20;

function sketch(endpoint: string): Sketch {
  return {
    telemetry: {
      otlp: { endpoint, queueSpans, metricsEveryS: 1 },
      traces: { keptPerS: 1000, remotes: ['127.0.0.1'] },
    },
    nodes: {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'], admin: { port: adminPort } },
    },
    routes: [web({ name: 'docs', upstream: upstream.url })],
  };
}

beforeAll(async () => {
  upstream = await startUpstream(({ path }) =>
    path.startsWith('/broken') ? { status: 500 } : { headers: { 'cache-control': 'max-age=60' }, body: 'x' },
  );
  adminPort = await freePort();
  network = await startNetwork(sketch(`http://127.0.0.1:${await freePort()}`));
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(network.url('pop') + path, { headers, keepalive: false });

async function counted(line: RegExp): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}

const dropped = (reason: string) =>
  new RegExp(`^meridian_otlp_dropped_total\\{.*signal="traces",reason="${reason}"\\} (\\d+)`, 'm');

test('what a collector that is away does not take is dropped and counted, and requests do not wait for it', async () => {
  const failing = Array.from({ length: 60 }, async (_, at) => (await ask(`/broken/${at}`)).status);
  expect(new Set(await Promise.all(failing))).toEqual(new Set([500]));
  const began = performance.now();
  expect((await ask('/page')).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(2000);
  // Each has two spans: most found no room.
  expect(await counted(dropped('queue'))).toBeGreaterThanOrEqual(120 - 2 * queueSpans);
  expect(await counted(/^meridian_traces_kept_total\{.*reason="failed"\} (\d+)/m)).toBe(60);
  await eventually('a push of the metrics to fail', async () => {
    const line = /^meridian_otlp_dropped_total\{.*signal="metrics",reason="unreachable"\} (\d+)/m;
    return (await counted(line)) > 0;
  });
  expect(network.node('pop').process.output()).toContain('the collector does not take telemetry');
}, 30_000);

test('a remote that the config names is told of the trace, and of nothing else that the client sent with it', async () => {
  const traceId = 'a'.repeat(32);
  await ask('/told', { traceparent: `00-${traceId}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' });
  const [asked] = upstream.requests().filter(({ path }) => path === '/told');
  expect(asked?.headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-(?!b{16})[\\da-f]{16}-01$`));
  expect(asked?.headers.get('tracestate')).toBeNull();
});

test('another collector counts from the next request on, once the config is reloaded', async () => {
  await using collector = startCollector();
  network.rewrite(sketch(collector.url));
  const { code } = await runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
  expect(code).toBe(0);
  await ask('/broken/after');
  await eventually('its spans', () => collector.spans().some(({ from }) => from === 'pop'));
  expect(collector.faults).toEqual([]);
}, 30_000);

test('a node with a collector that is away stops in time', async () => {
  await ask('/broken/last');
  const began = performance.now();
  expect(await network.node('pop').stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(8_000);
}, 30_000);
