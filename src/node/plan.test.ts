import { afterEach, beforeEach, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type Cache, cache } from '../cache/cache.ts';
import type { Foreseen } from '../foresight.ts';
import type { Prospect } from '../predict/surroundings.ts';
import { foreseenText } from '../predict/wire.ts';
import type { CacheKey } from '../resource.ts';
import type { Node } from './node.ts';
import { openPlans, type PlanWanted } from './plan.ts';

const clock = virtualClock();
const plan: readonly Foreseen[] = [
  { target: '/npm/b' },
  { target: '/npm/c', likelihood: 0.7 },
  { target: '/npm/d', likelihood: 0.2 },
];
let told: readonly Foreseen[];
let kept: Cache;
let missing: Set<string>;
let elsewhere: Set<string>;
let controls: string;
let asked = 0;
let ask: (wanted?: Partial<PlanWanted>) => Promise<readonly Foreseen[]>;

beforeEach(() => {
  kept = cache({
    ...{ clock, memoryBytes: 2 ** 20, memoryObjectBytes: 2 ** 16, disk: null, warn: () => {} },
    slices: { fromBytes: 2 ** 26, bytes: 2 ** 23 },
    tuning: { lockMs: 10_000, maxFills: 50, finishBytes: 2 ** 20, finishRequests: 3 },
  });
  told = plan;
  missing = new Set();
  elsewhere = new Set();
  controls = 'max-age=300, stale-while-revalidate=300';
  asked = 0;
  const parent = async () => {
    asked++;
    const headers = new Headers({ 'cache-control': controls });
    return { status: 200, headers, body: new TextEncoder().encode(foreseenText(told)) };
  };
  const site = { routes: { named: () => ({}) }, parentOf: () => parent };
  const plans = openPlans({ cache: kept, clock, site } as unknown as Node);
  const look: PlanWanted['look'] = ({ target }) => {
    const key = target as CacheKey;
    if (elsewhere.has(target)) return { key, tell: () => {} };
    return missing.has(target) ? ({ key } as Prospect) : null;
  };
  ask = (wanted) =>
    plans({ route: 'npm', question: 'want=a', isNews: false, isServed: true, look, ...wanted });
});

afterEach(() => kept.close());

/** A plan is known, and too old to be used without looking. */
async function known(): Promise<void> {
  expect((await ask()).map(({ target }) => target)).toEqual(['/npm/b', '/npm/c', '/npm/d']);
  clock.advance(700_000);
}

test('the parents are not asked what comes next where all of it is here, by what they said before', async () => {
  await known();
  missing.add('/npm/d');
  expect(await ask()).toEqual([]);
  expect(asked).toBe(1);
});

test('they are asked where something of it is missing', async () => {
  await known();
  missing.add('/npm/c');
  expect(await ask()).toHaveLength(3);
  expect(asked).toBe(2);
});

test('they are asked where only that is missing which hangs on what the client shows: he may be about to', async () => {
  told = [...plan, { target: '/npm/e', once: ['/npm/sign'] }];
  await ask();
  clock.advance(700_000);
  expect(await ask()).toEqual([]);
  missing.add('/npm/e');
  expect(await ask()).toHaveLength(4);
  expect(asked).toBe(2);
});

test.each<[string, Partial<PlanWanted>]>([
  ['what leads to it is not here itself', { isServed: false }],
  ['something has changed', { isNews: true }],
])('they are asked where %s', async (_, wanted) => {
  await known();
  await ask(wanted);
  expect(asked).toBe(2);
});

test('they are asked where what they said before is too old, or was not all of it', async () => {
  await known();
  clock.advance(3_600_000);
  expect(await ask()).toHaveLength(3);
  expect(asked).toBe(2);
  controls = 'max-age=5, stale-while-revalidate=300';
  await ask({ isNews: true });
  clock.advance(400_000);
  await ask();
  expect(asked).toBe(4);
});

test('what other processes keep is as what this one keeps, unless this one keeps none of it', async () => {
  await known();
  elsewhere.add('/npm/b');
  expect(await ask()).toEqual([]);
  elsewhere.add('/npm/c');
  expect(await ask()).toHaveLength(3);
  expect(asked).toBe(2);
});

test('so much is asked, and no more', async () => {
  for (let nth = 0; nth < 500; nth++) await ask({ question: `want=${nth}` });
  expect(asked).toBe(400);
});
