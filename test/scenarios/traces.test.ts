/**
 * Traces through a network of real processes, as a collector gets them: whole, and of those requests alone that are worth it.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import { type SeenSpan, startCollector, type TestCollector } from '../support/collector.ts';
import {
  eventually,
  freePort,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let collector: TestCollector;
let upstream: Upstream;
let network: TestNetwork;
let adminPort = 0;

/** Above what a busy machine makes of a fast request, below what the slow ones take. */
const slowMs = 700;
const tiers = { pop: 'pop', shield: 'shield', origin: 'origin' } as const;

beforeAll(async () => {
  collector = startCollector();
  upstream = await startUpstream(async ({ path }) => {
    if (path.startsWith('/slow')) await Bun.sleep(slowMs + 200);
    if (path.startsWith('/late')) await Bun.sleep(300);
    if (path.startsWith('/broken')) return { status: 500, body: 'out of order' };
    return { headers: { 'cache-control': 'max-age=600' }, body: `this is ${path}` };
  });
  adminPort = await freePort();
  const bounds = { remote: slowMs, origin: slowMs, shield: slowMs, memory: slowMs };
  // A PoP of its own mind: what is slow to it is not to the others.
  const eager = { slowMs: { ...bounds, remote: 150 }, oneIn: 0 };
  network = await startNetwork({
    telemetry: {
      otlp: { endpoint: collector.url, metricsEveryS: 1, headers: { 'x-tenant': 'acme' } },
      traces: { slowMs: bounds, oneIn: 0, clientsPerMinute: 20 },
    },
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], admin: { port: adminPort } },
      pair: { role: 'pop', parents: ['shield'], workers: 2, hot: false },
      eager: { role: 'pop', parents: ['shield'], telemetry: { traces: eager } },
    },
    routes: [web({ name: 'docs', upstream: upstream.url })],
  });
}, 60_000);

beforeEach(() => upstream.forget());

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
}, 30_000);

const newTraceId = () => crypto.getRandomValues(new Uint8Array(16)).toHex();
const clientSpan = '00f067aa0ba902b7';
const server = 2;
const client = 3;

async function ask(path: string, traceparent?: string, node = 'pop'): Promise<Response> {
  const response = await fetch(network.url(node) + path, {
    headers: traceparent === undefined ? {} : { traceparent },
    keepalive: false,
  });
  await response.arrayBuffer();
  return response;
}

const ofTrace = (traceId: string) => collector.spans().filter((span) => span.traceId === traceId);
const ofPath = (path: string) =>
  collector.spans().filter(({ kind, attributes }) => kind === server && attributes['url.path'] === path);

/** Everything that was asked for before has been sent by then: each node sends once a second. */
async function settled(): Promise<void> {
  const traceId = newTraceId();
  await ask(`/mark-${traceId}`, `00-${traceId}-${clientSpan}-01`);
  await eventually('the mark to arrive', () => ofTrace(traceId).length === 6, { withinMs: 15_000 });
}

/** Server and client spans by turns, from the PoP to the upstream. */
function chain(traceId: string): readonly SeenSpan[] {
  const spans = ofTrace(traceId);
  const found: SeenSpan[] = [];
  let next = spans.find(({ parentSpanId }) => !spans.some(({ spanId }) => spanId === parentSpanId));
  while (next) {
    found.push(next);
    const { spanId } = next;
    next = spans.find(({ parentSpanId }) => parentSpanId === spanId);
  }
  return found;
}

test('a request that its client has marked is one trace through all tiers, to the upstream', async () => {
  const traceId = newTraceId();
  await ask('/cold?token=hunter2', `00-${traceId}-${clientSpan}-01`);
  await eventually('all spans', () => ofTrace(traceId).length === 6, { withinMs: 15_000 });
  const spans = chain(traceId);
  expect(spans.map(({ from, kind }) => [from, kind])).toEqual([
    ...[tiers.pop, tiers.shield, tiers.origin].flatMap((tier) => [
      [tier, server],
      [tier, client],
    ]),
  ]);
  expect(spans[0]?.parentSpanId).toBe(clientSpan);
  expect(spans[0]?.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.response.status_code': '200',
    'http.route': 'docs',
    'url.path': '/cold',
    'meridian.layer': 'remote',
    'meridian.outcome': 'miss',
    'meridian.node': 'pop',
    'meridian.kept': 'sampled',
  });
  expect(spans[1]?.attributes).toMatchObject({ 'meridian.asked': 'parent', 'meridian.peer': 'shield' });
  expect(spans[5]?.attributes).toMatchObject({
    'meridian.asked': 'remote',
    'url.full': `${upstream.url}/cold`,
  });
  expect(JSON.stringify(spans)).not.toContain('hunter2');
  // The upstream was told nothing of it.
  expect(upstream.requests().map(({ headers }) => headers.get('traceparent'))).toEqual([null]);
  expect(collector.requests[0]?.headers.get('x-tenant')).toBe('acme');
  expect(collector.faults).toEqual([]);
  const shown = network.node('pop').asked();
  expect(shown.some((line) => JSON.stringify(line).includes(traceId))).toBe(true);
}, 30_000);

test('what is fast is not kept, neither when it is fetched nor from memory', async () => {
  await ask('/fast');
  await ask('/fast');
  await settled();
  expect(ofPath('/fast')).toEqual([]);
}, 30_000);

test('a slow request is kept by every tier that had a part in it', async () => {
  await ask('/slow');
  await eventually('the spans of all tiers', () => ofPath('/slow').length === 3, { withinMs: 15_000 });
  const [first] = ofPath('/slow');
  expect(chain(first?.traceId ?? '')).toHaveLength(6);
  expect(ofPath('/slow').map(({ attributes }) => attributes['meridian.kept'])).toContain('slow');
}, 30_000);

test('a failed request is kept', async () => {
  expect((await ask('/broken')).status).toBe(500);
  await eventually('the spans of all tiers', () => ofPath('/broken').length === 3, { withinMs: 15_000 });
  expect(ofPath('/broken').every(({ status }) => status?.code === 2)).toBe(true);
}, 30_000);

test('a PoP that alone finds a request slow gets the spans of the tiers below, which it tells', async () => {
  await ask('/late', undefined, 'eager');
  await eventually('the spans of all tiers', () => ofPath('/late').length === 3, { withinMs: 15_000 });
  const reasons = ofPath('/late').map(({ from, attributes }) => [from, attributes['meridian.kept']]);
  expect(reasons.toSorted()).toEqual([
    ['eager', 'slow'],
    ['origin', 'told'],
    ['shield', 'told'],
  ]);
}, 30_000);

test('those who waited for the same fill point to it', async () => {
  await Promise.all([ask('/slow/shared'), ask('/slow/shared'), ask('/slow/shared')]);
  await eventually('all spans', () => ofPath('/slow/shared').length === 5, { withinMs: 15_000 });
  const pops = ofPath('/slow/shared').filter(({ from }) => from === 'pop');
  const linked = pops.flatMap(({ links }) => links);
  expect(pops).toHaveLength(3);
  expect(linked).toHaveLength(2);
  const fill = collector.spans().find(({ spanId }) => spanId === linked[0]?.spanId);
  expect(fill).toMatchObject({ kind: client, from: 'pop', traceId: linked[0]?.traceId });
}, 30_000);

test('a request that one worker hands to another is one trace, which both have a part in', async () => {
  const traceIds = Array.from({ length: 12 }, newTraceId);
  for (const [at, traceId] of traceIds.entries())
    await ask(`/pair/${at}`, `00-${traceId}-${clientSpan}-01`, 'pair');
  const handedOver = (traceId: string) => chain(traceId).length === 8;
  const traceId = await eventually('one that was handed over', () => traceIds.find(handedOver), {
    withinMs: 15_000,
  });
  const [first, hop, second] = chain(traceId ?? '');
  expect(new Set([first?.from, second?.from])).toEqual(new Set(['pair.1', 'pair.2']));
  expect(hop?.attributes).toMatchObject({ 'meridian.asked': 'member', 'meridian.peer': second?.from });
  expect(first?.attributes['meridian.outcome']).toBe('relayed');
  expect(second?.attributes['meridian.outcome']).toBe('miss');
  // From the memory of the other one, and of one that has not the mark: nothing.
  const again = newTraceId();
  const at = traceIds.indexOf(traceId ?? '');
  const unmarked = newTraceId();
  for (let round = 0; round < 6; round++) await ask(`/pair/${at}`, `00-${unmarked}-${clientSpan}-00`, 'pair');
  await ask(`/pair/${at}`, `00-${again}-${clientSpan}-01`, 'pair');
  await eventually('the hit', () => ofTrace(again).length > 0, { withinMs: 15_000 });
  expect(ofTrace(unmarked)).toEqual([]);
}, 40_000);

test('a traceparent that is none begins a new trace', async () => {
  await ask('/slow/malformed', `00-${'0'.repeat(32)}-${clientSpan}-01`);
  await eventually('all spans', () => ofPath('/slow/malformed').length === 3, { withinMs: 15_000 });
  const [first] = chain(ofPath('/slow/malformed')[0]?.traceId ?? '');
  expect(first?.parentSpanId).toBeUndefined();
  expect(first?.traceId).not.toBe('0'.repeat(32));
}, 30_000);

test('what is pushed is what /metrics says, with examples of kept traces', async () => {
  await ask('/slow/example');
  await settled();
  const scraped = await (
    await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
      headers: { accept: 'application/openmetrics-text' },
    })
  ).text();
  const traceId = ofPath('/slow/example').find(({ from }) => from === 'pop')?.traceId;
  expect(scraped).toMatch(new RegExp(`_bucket\\{.*layer="remote".*\\} \\d+ # \\{trace_id="${traceId}"\\}`));
  const requests = [
    ...scraped.matchAll(/^meridian_requests_total\{.*route="docs",outcome="(\S+?)",status="(\d+)"\} (\d+)/gm),
  ].map(([, outcome, status, value]) => [outcome, status, Number(value)]);
  expect(requests.length).toBeGreaterThan(1);
  const pushed = await eventually(
    'a push with all of it',
    () => {
      const metric = collector.metrics('pop').find(({ name }) => name === 'meridian.requests');
      if (metric === undefined || !('sum' in metric)) return null;
      const points = metric.sum.dataPoints.filter(({ attributes }) => attributes.route === 'docs');
      const told = points.map(({ attributes: { outcome, status }, asDouble }) => [outcome, status, asDouble]);
      return Bun.deepEquals(told.toSorted(), requests.toSorted()) ? told : null;
    },
    { withinMs: 10_000 },
  );
  expect(pushed).toHaveLength(requests.length);
  const durations = collector.metrics('pop').find(({ name }) => name === 'http.server.request.duration');
  const points = durations && 'histogram' in durations ? durations.histogram.dataPoints : [];
  expect(points.flatMap(({ exemplars }) => exemplars).some((one) => one.traceId === traceId)).toBe(true);
  expect(collector.faults).toEqual([]);
}, 40_000);

test('`meridian trace` names the trace, and has it kept when told to', async () => {
  const url = `${network.url('pop')}/by-command`;
  const shown = await runMeridian(['trace', url, '--keep'], { cwd: network.dir });
  const [, traceId = ''] = /\ntrace ([\da-f]{32})\n/.exec(shown.stdout) ?? [];
  await eventually('all spans', () => ofTrace(traceId).length === 6, { withinMs: 15_000 });
  // From memory, too.
  const again = await runMeridian(['trace', url, '--keep', '--json'], { cwd: network.dir });
  const { trace } = JSON.parse(again.stdout);
  await eventually('the span of the hit', () => ofTrace(trace).length === 1, { withinMs: 15_000 });
  expect(ofTrace(trace)[0]?.attributes['meridian.layer']).toBe('memory');
}, 40_000);

test('clients that mark everything have no more kept than the config allows', async () => {
  const traceIds = Array.from({ length: 60 }, newTraceId);
  for (const traceId of traceIds) await ask('/flood', `00-${traceId}-${clientSpan}-01`);
  await ask('/slow/after');
  await eventually('what is slow', () => ofPath('/slow/after').length === 3, { withinMs: 15_000 });
  const kept = traceIds.filter((traceId) => ofTrace(traceId).length > 0);
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(kept.length).toBeGreaterThan(0);
}, 40_000);

test('while the collector takes nothing, requests are served, and what is kept arrives later', async () => {
  collector.answer({ status: 429, headers: { 'retry-after': '1' } });
  await ask('/slow/throttled');
  const tries = () => collector.requests.filter(({ path }) => path === '/v1/traces').length;
  const before = tries();
  // All three tiers.
  await eventually('the collector to be asked', () => tries() >= before + 3);
  const began = performance.now();
  expect((await ask('/fast')).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(slowMs);
  collector.answer(null);
  await eventually('all spans', () => ofPath('/slow/throttled').length === 3, { withinMs: 20_000 });
}, 40_000);

test('a node that stops sends what it has, and says of failures which trace they belong to', async () => {
  await ask('/slow/last', undefined, 'eager');
  await network.node('eager').stop();
  expect(ofPath('/slow/last').map(({ from }) => from)).toContain('eager');
  await upstream.off();
  expect((await ask('/unreachable')).status).toBe(502);
  await upstream.on();
  await eventually('all spans', () => ofPath('/unreachable').length === 3, { withinMs: 15_000 });
  const [one] = ofPath('/unreachable');
  const log = readFileSync(join(network.dir, 'logs', 'origin.1.out'), 'utf8');
  expect(log).toMatch(new RegExp(`"a fill failed".*"trace":"${one?.traceId}"`));
}, 40_000);
