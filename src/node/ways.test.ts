import { afterEach, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { systemClock } from '../clock.ts';
import type { Exchange } from '../exchange.ts';
import type { Way } from '../parent.ts';
import { checked } from './check.ts';
import type { Node } from './node.ts';
import { openWays, type Ways } from './ways.ts';

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A parent that knows this of its own way. */
function parentWith(way: Way | null) {
  const state = { asked: 0, way };
  const node = { tracing: { keep() {} }, site: { way: () => state.way } } as unknown as Node;
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch({ headers }) {
      state.asked++;
      return checked({ headers } as Exchange, node);
    },
  });
  ending.push(() => void server.stop(true));
  return { state, asked: { name: 'shield', url: `http://127.0.0.1:${server.port}`, http2: false } };
}

function waysTo(parents: Parameters<typeof openWays>[0], clock = systemClock): Ways {
  const checker = { node: 'pop', secret: 'secret', clock, tls: { current: undefined, close() {} } };
  const ways = openWays(parents, { ...checker, timeoutMs: 1_000 }, clock);
  ending.push(ways.close);
  return ways;
}

test('a way is as full as that to the parent, and what this one says of its own', async () => {
  const { asked } = parentWith({ delayMs: 1_234, leastMs: 2_165 });
  const ways = waysTo([asked]);
  expect(ways.now()).toBeNull();
  await eventually('it is known', () => ways.now() !== null);
  expect(ways.now()?.delayMs).toBeWithin(1_234, 2_234);
  expect(ways.now()?.leastMs).toBeWithin(2_165, 3_165);
});

test('of several parents, the one to which the way is fullest counts; one that is not there does not', async () => {
  const [near, far] = [parentWith({ delayMs: 0, leastMs: 0 }), parentWith({ delayMs: 5_000, leastMs: 165 })];
  const gone = { name: 'gone', url: 'http://127.0.0.1:9', http2: false };
  const ways = waysTo([near.asked, far.asked, gone]);
  await eventually('both are known', () => (ways.now()?.delayMs ?? 0) >= 5_000);
});

test('a parent with nobody behind it, or of an older version, says nothing', async () => {
  const { asked } = parentWith(null);
  const ways = waysTo([asked]);
  await eventually('it is known', () => ways.now() !== null);
  expect(ways.now()?.leastMs).toBeLessThan(1_000);
});

test('without parents nothing is known', () => {
  expect(waysTo([]).now()).toBeNull();
});

test('parents are tried as long as somebody wants to know, and no longer', async () => {
  const { asked, state } = parentWith(null);
  const clock = virtualClock();
  const ways = waysTo([asked], clock);
  ways.now();
  // At once, and every 30 ms for half a second.
  for (let nth = 1; nth <= 17; nth++) {
    await eventually(`request ${nth}`, () => state.asked === nth);
    clock.advance(30);
  }
  clock.advance(3_000);
  ways.now();
  await eventually('the next one', () => state.asked > 17);
  expect(state.asked).toBe(18);
});
