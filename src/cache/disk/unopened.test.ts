import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { virtualClock } from '../../../test/support/clock.ts';
import { type Temporary, temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { CacheKey } from '../../resource.ts';
import { answerOf, maxAge } from '../answers.contract.ts';
import { type World, type WorldOptions, world } from '../world.contract.ts';
import { openDiskInTime } from './unopened.ts';

const clock = virtualClock();
const options: WorldOptions = { disk: true, clock, open: openDiskInTime };

/** What the node may open stands aside, and in its place is something that nobody can. */
function spoil({ path }: Temporary): void {
  const index = join(path, 'index.db');
  if (existsSync(index)) renameSync(index, join(path, 'aside'));
  mkdirSync(index);
}

function mend({ path }: Temporary): void {
  const index = join(path, 'index.db');
  rmSync(index, { recursive: true });
  if (existsSync(join(path, 'aside'))) renameSync(join(path, 'aside'), index);
}

async function store(here: World, key: string, fields: Record<string, string> = {}): Promise<void> {
  here.parent = () => answerOf(`body of ${key}`, { ...maxAge(36_000), ...fields });
  await (await here.get({ key })).text();
}

async function opened(here: World): Promise<void> {
  const isOpen = () => {
    clock.advance(1_000);
    return here.cache.stats.disk?.state === 'ready';
  };
  await eventually('the disk to be opened', isOpen, { everyMs: 1 });
}

test('a disk that opens later than the node starts is taken into use', async () => {
  using folder = temporary('unopened');
  spoil(folder);
  {
    await using here = await world({ ...options, folder });
    await store(here, 'web /early');
    clock.advance(600_000);
    await here.quiet();
    expect(here.cache.stats.disk).toMatchObject({ state: 'unopened', entries: 0 });
    expect(here.warnings).toHaveLength(1);
    mend(folder);
    await opened(here);
    await store(here, 'web /late');
    await eventually('the disk', () => here.cache.stats.disk?.entries === 1, { everyMs: 1 });
    expect(here.warnings).toHaveLength(2);
  }
  await using here = await world({ ...options, folder });
  expect((await here.get({ key: 'web /late' })).outcome).toBe('hit-disk');
});

test('it is tried ever less often, at least twice a minute', async () => {
  using folder = temporary('unopened');
  spoil(folder);
  const before = clock.waiting;
  const tier = await openDiskInTime({
    ...{ folder: folder.path, bytes: 1e6, objectBytes: 1e6, clock, warn: () => undefined },
  });
  const attemptsIn = async (seconds: number) => {
    const { errors } = tier.stats;
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      await eventually('the next attempt to be planned', () => clock.waiting === before + 1, { everyMs: 1 });
    }
    return tier.stats.errors - errors;
  };
  expect([await attemptsIn(60), await attemptsIn(60), await attemptsIn(240)]).toEqual([5, 2, 8]);
  await tier.close();
});

test('what was purged before it opened is gone from it, and what was not is there', async () => {
  using folder = temporary('unopened');
  {
    await using here = await world({ ...options, folder });
    await store(here, 'web /kept');
    await store(here, 'web /dropped');
    await store(here, 'web /tagged', { 'cache-tag': 'news' });
    await store(here, 'web /unasked', { 'cache-tag': 'news' });
    await eventually('the disk', () => here.cache.stats.disk?.entries === 4, { everyMs: 1 });
  }
  spoil(folder);
  {
    await using here = await world({ ...options, folder });
    here.cache.drop('web /dropped' as CacheKey);
    here.cache.purge({ selector: { by: 'tag', tag: 'news' }, soft: false }, true);
    clock.advance(60_000);
    mend(folder);
    await opened(here);
    here.parent = () => answerOf('anew', maxAge(60));
    const texts = ['kept', 'dropped', 'tagged'].map(async (name) =>
      (await here.get({ key: `web /${name}` })).text(),
    );
    expect(await Promise.all(texts)).toEqual(['body of web /kept', 'anew', 'anew']);
  }
  await using here = await world({ ...options, folder });
  here.parent = () => answerOf('anew', maxAge(60));
  expect(await (await here.get({ key: 'web /unasked' })).text()).toBe('anew');
});

test('what may have been purged on the bus while it could not be opened is used only once that is known not to be so', async () => {
  using folder = temporary('unopened');
  {
    await using here = await world({ ...options, folder });
    await store(here, 'web /kept', { etag: '"1"' });
    await eventually('the disk', () => here.cache.stats.disk?.entries === 1, { everyMs: 1 });
    here.cache.passed({ log: 'a', sequence: 1, digest: 'b' });
  }
  spoil(folder);
  await using here = await world({ ...options, folder });
  here.cache.passed({ log: 'a', sequence: 9, digest: 'c' });
  mend(folder);
  await opened(here);
  expect(here.cache.position).toEqual({ log: 'a', sequence: 9, digest: 'c' });
  here.parent = () => answerOf('anew', maxAge(60));
  expect(await (await here.get({ key: 'web /kept' })).text()).toBe('anew');
});

test('a node that stops before its disk opens leaves nothing behind', async () => {
  using folder = temporary('unopened');
  writeFileSync(join(folder.path, 'tmp'), 'in the way');
  const tier = await openDiskInTime({
    ...{ folder: folder.path, bytes: 1e6, objectBytes: 1e6, clock, warn: () => undefined },
  });
  clock.advance(1_000);
  rmSync(join(folder.path, 'tmp'));
  await tier.close();
  expect([tier.ready, clock.waiting]).toEqual([false, 0]);
});
