/** What a cache says that it has of a route. */
import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { accessField, restrictedValue } from '../identity.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge } from './answers.contract.ts';
import { type World, type WorldOptions, world } from './world.contract.ts';

const clock = virtualClock();
const fresh: Record<string, string> = maxAge(86_400);

async function store(here: World, key: string, fields = fresh, status = 200): Promise<void> {
  here.parent = () => answerOf('a body', fields, status);
  await (await here.get({ key, tags: [`tag:${key}`] })).bytes();
}

function heldIn({ cache }: World, route: string): readonly string[] {
  const keys: string[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const page: ReturnType<typeof cache.held> = cache.held(route, from);
    for (const { key, sizeBytes } of page.found) keys.push(`${key} ${sizeBytes}`);
    from = page.next;
  }
  return keys.sort();
}

const places: readonly (readonly [string, WorldOptions])[] = [
  ['on disk', { disk: true, clock }],
  ['in memory alone', { clock }],
];

test.each([...places])('whole answers that are for all who may read the route, %s', async (_, options) => {
  await using here = await world(options);
  await store(here, 'npm /one');
  await store(here, 'npm /two');
  await store(here, 'npm /absent', fresh, 404);
  await store(here, 'npm /secret', { ...fresh, [accessField]: restrictedValue });
  await store(here, 'npm /purged');
  await store(here, 'npmx /other');
  await store(here, 'web /other');
  if (options.disk) await eventually('the disk', () => here.cache.stats.disk?.entries === 7, { everyMs: 1 });
  here.cache.purge({ selector: { by: 'tag', tag: 'tag:npm /purged' }, soft: false }, false);
  expect(heldIn(here, 'npm')).toEqual(['npm /one 6', 'npm /two 6']);
  const bytes = ['npm /one', 'npm /purged', 'npm /never'].map((key) => here.cache.heldBytes(key as CacheKey));
  expect(bytes).toEqual([6, null, null]);
});

test('pages hold all of them, each once', async () => {
  await using here = await world({ disk: true, clock, memoryBytes: 1, memoryObjectBytes: 1 });
  const count = 1_100;
  for (let at = 0; at < count; at++) await store(here, `npm /${at}`);
  await eventually('the disk', () => here.cache.stats.disk?.entries === count, { everyMs: 1 });
  const keys = heldIn(here, 'npm');
  expect([keys.length, new Set(keys).size]).toEqual([count, count]);
  expect(here.cache.held('npm', 0).found.length).toBeLessThan(count);
});
