/**
 * A PoP with two shields loses the first one under steady load: it is killed, or falls silent, or the line to it resets.
 * No client notices, apart from having to wait; and when it comes back, it is not asked for everything at once.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import {
  eventually,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { putLoadOn } from './load.ts';

const failover = { returnS: 4, hedgeAfterMs: 20 } as const;
const warm = Array.from({ length: 50 }, (_, index) => `/warm/${index}`);
let upstream: Upstream;
/** The line from the PoP to the first shield. */
let line: FaultyProxy;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': 'public, max-age=600' },
    body: bodyAt(path),
  }));
  const target = { port: 0 };
  line = await startProxy(target);
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      first: { role: 'shield', parents: ['origin'], url: line.url },
      second: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['first', 'second'], failover },
    },
    routes: [web({ upstream: upstream.url })],
  });
  target.port = network.node('first').port;
  for (const path of warm) await (await fetch(network.url('pop') + path)).text();
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await line?.off();
  await upstream?.off();
}, 30_000);

test('killed and started again: nothing fails, and it is asked again little by little', async () => {
  const load = steadyLoad();
  await soon(load, 200);
  await network.node('first').kill9();
  const killedAt = performance.now();
  await eventually('the first shield to be passed over', async () => (await stateOf('first')) === 'down');
  const movedMs = Math.round(performance.now() - killedAt);
  expect(movedMs).toBeLessThan(2_000);
  await soon(load, 200);

  await network.node('first').restart();
  await eventually('the first shield to be taken back', async () => (await stateOf('first')) === 'returning');
  const shares: number[] = [];
  while ((await stateOf('first')) === 'returning') {
    const seen = await network.during(() => Bun.sleep(400));
    const [first, second] = [seen.asked('first').length, seen.asked('second').length];
    if (first + second > 0) shares.push(first / (first + second));
  }
  const report = await load.stop();
  console.log(`killed: ${JSON.stringify({ ...report, movedMs, shares })}`);
  expect(report.failures).toEqual([]);
  expect(report.slowestMs).toBeLessThan(2_000);
  expect(shares[0]).toBeLessThan(0.5);
  expect(shares.at(-1)).toBeGreaterThan(0.6);
}, 60_000);

for (const [what, weather] of [
  ['the line to it swallows everything', { blackhole: true }],
  ['the line to it resets each connection', { resetAfterBytes: 0 }],
] as const) {
  test(`${what}: nothing fails, and nobody waits for two seconds`, async () => {
    await eventually('the first shield to be well', async () => (await stateOf('first')) === 'well');
    const load = steadyLoad();
    await soon(load, 200);
    line.weather(weather);
    await eventually('the first shield to be passed over', async () => (await stateOf('first')) === 'down');
    await soon(load, 200);
    line.weather({});
    await line.off(); // What hung in it would hang on.
    await line.on();
    await eventually('the first shield to be taken back', async () => (await stateOf('first')) !== 'down');
    const report = await load.stop();
    console.log(`${what}: ${JSON.stringify(report)}`);
    expect(report.failures).toEqual([]);
    expect(report.slowestMs).toBeLessThan(2_500);
  }, 60_000);
}

test('slow all of a sudden: some requests are sent to the second as well, at most one of twenty', async () => {
  await eventually('the first shield to be well', async () => (await stateOf('first')) === 'well');
  const load = steadyLoad();
  await soon(load, 400);
  const slowFrom = performance.now();
  line.weather({ latencyMs: 150 });
  const slow = await network.during(() => soon(load, 200));
  line.weather({});
  const slowMs = performance.now() - slowFrom;
  const report = await load.stop();
  const sinceMs = Date.now() - 10_000 - report.slowestMs - slowMs;
  const asked = [...network.node('first').asked(), ...network.node('second').asked()];
  const sent = asked.filter(({ time }) => Date.parse(time) > sinceMs).length;
  const hedged = slow.asked('second').length;
  console.log(`slow: ${JSON.stringify({ ...report, sent, hedged })}`);
  expect(report.failures).toEqual([]);
  expect(hedged).toBeGreaterThan(0);
  expect(hedged).toBeLessThanOrEqual(Math.ceil(sent * 0.06));
}, 60_000);

let sent = 0;

/** Half of it is in the PoP, the other half nowhere yet. Not more than a busy machine can do. */
function steadyLoad() {
  const urlOf = (nth: number) => {
    const path = nth % 2 === 0 ? `/cold/${sent++}` : warm[nth % warm.length];
    return network.url('pop') + path;
  };
  return putLoadOn(urlOf, (url) => bodyAt(new URL(url).pathname), 6);
}

async function soon(load: ReturnType<typeof steadyLoad>, requests: number): Promise<void> {
  const until = load.answered() + requests;
  await eventually(`${requests} answers`, () => load.answered() >= until, { withinMs: 20_000 });
}

async function stateOf(parent: string): Promise<string | undefined> {
  const { parents } = await network.node('pop').status();
  return parents.find(({ name }) => name === parent)?.state;
}

function bodyAt(path: string): string {
  return noise(path, 5_000);
}
