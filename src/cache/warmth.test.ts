import { expect, test } from 'bun:test';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { virtualClock } from '../../test/support/clock.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { damageSmall } from './disk/damage.contract.ts';
import type { Disk } from './disk/disk.ts';
import { sha256Of } from './disk/objects.ts';
import { type World, type WorldOptions, world } from './world.contract.ts';

const clock = virtualClock();
const options: WorldOptions = { disk: true, clock, memoryBytes: 4 * 1024 * 1024 };

async function store(here: World, count: number, bytes = 1000): Promise<void> {
  for (let n = 0; n < count; n++) {
    here.parent = () => answerOf(noise(bytes, n), maxAge(36_000));
    await (await here.get({ key: `web /${n}` })).bytes();
  }
  await eventually('the disk', () => here.cache.stats.disk?.entries === count, { everyMs: 1 });
}

/** Time goes on until memory holds what it is going to hold. */
async function warmed(here: World, entries: number): Promise<void> {
  const isWarm = () => {
    clock.advance(60);
    return here.cache.stats.memory.entries >= entries;
  };
  await eventually(`${entries} entries in memory`, isWarm, { everyMs: 1 });
}

function listed(folder: Temporary): string[] {
  const path = join(folder.path, 'hot.jsonl');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.map((line) => (JSON.parse(line) as string[])[1] ?? '');
}

/** A head is prepared when a hit is sent, which these tests do not do. */
async function use(here: World, key: string): Promise<void> {
  const { source } = (await here.get({ key })).served;
  if (source.from !== 'memory') throw new Error(`${key} is not in memory`);
  source.resident.prepared = {
    second: Math.floor(clock.now() / 1000),
    headers: new Headers(),
    timing: '',
    hits: 0,
  };
}

test('what was in memory before a restart is there again after it, and nobody had to ask', async () => {
  using folder = temporary('warm');
  {
    await using here = await world({ ...options, folder });
    await store(here, 300);
  }
  await using here = await world({ ...options, folder });
  expect(here.cache.stats.memory.entries).toBe(0);
  expect((await here.get({ key: 'web /7' })).outcome).toBe('hit-disk');
  await warmed(here, 300);
  const reply = await here.get({ key: 'web /8' });
  expect([reply.outcome, Buffer.from(await reply.bytes()).equals(noise(1000, 8))]).toEqual(['hit', true]);
  expect(here.asked).toHaveLength(0);
});

test('the hottest bytes come first, also after a crash, and leave room', async () => {
  using folder = temporary('warm');
  using image = temporary('crashed');
  {
    await using here = await world({ ...options, folder });
    await store(here, 100);
    for (let period = 0; period < 11; period++) {
      for (const n of period % 2 === 0 ? [40, 41] : [40]) await use(here, `web /${n}`);
      clock.advance(30_000);
    }
    await eventually('the list', async () => listed(folder).length === 100, { everyMs: 1 });
    Bun.spawnSync(['cp', '-r', `${folder.path}/.`, image.path]);
  }
  expect(listed(image).slice(0, 2)).toEqual(['web /40', 'web /41']);
  // Room for some, of which a part is left to what is asked for now.
  let considered = 0;
  const through = (disk: Disk): Disk =>
    Object.assign(Object.create(disk), {
      variant(key: CacheKey, variant: string) {
        considered++;
        return disk.variant(key, variant);
      },
    });
  await using here = await world({ ...options, folder: image, memoryBytes: 30_000, through });
  await warmed(here, 5);
  // What finds no room displaces nothing.
  await eventually('the end of the list', () => considered === 100, { everyMs: 1 });
  expect((await here.get({ key: 'web /40' })).outcome).toBe('hit');
  expect(here.cache.stats.memory.evicted).toBe(0);
});

test('what has been purged meanwhile, or was damaged on disk, does not come back', async () => {
  using folder = temporary('warm');
  {
    await using here = await world({ ...options, folder });
    await store(here, 3);
    here.cache.purge({ selector: { by: 'prefix', prefix: 'web /2' }, soft: false }, true);
  }
  damageSmall(folder.path, sha256Of(noise(1000, 0)));
  await using here = await world({ ...options, folder });
  clock.advance(1000);
  await eventually('the damaged one to be found', () => here.cache.stats.disk?.corrupt, { everyMs: 1 });
  here.parent = () => answerOf('new', maxAge(60));
  expect(await (await here.get({ key: 'web /2' })).text()).toBe('new');
  expect(await (await here.get({ key: 'web /0' })).text()).toBe('new');
  const whole = await here.get({ key: 'web /1' });
  expect(Buffer.from(await whole.bytes()).equals(noise(1000, 1))).toBe(true);
});

test('a list that is still being written at the end is not written over', async () => {
  const writes: PromiseWithResolvers<void>[] = [];
  const through = (disk: Disk): Disk =>
    Object.assign(Object.create(disk), {
      saveHot() {
        const write = Promise.withResolvers<void>();
        writes.push(write);
        return write.promise;
      },
    });
  const here = await world({ ...options, through });
  for (let period = 0; period < 20; period++) clock.advance(30_000);
  expect(writes).toHaveLength(1);
  const closing = here.cache.close();
  await here.quiet();
  expect(writes).toHaveLength(1);
  writes[0]?.resolve();
  await eventually('the last list', () => writes.length === 2, { everyMs: 1 });
  writes[1]?.resolve();
  await closing;
  here.folder?.[Symbol.dispose]();
});

test('a list that is not one costs nothing but the warmth', async () => {
  using folder = temporary('warm');
  {
    await using here = await world({ ...options, folder });
    await store(here, 3);
  }
  const path = join(folder.path, 'hot.jsonl');
  writeFileSync(path, `nonsense\n{}\n[1]\n[1,2,3]\n${readFileSync(path, 'utf8').slice(0, -5)}`);
  await using here = await world({ ...options, folder });
  await warmed(here, 2);
  expect(here.warnings).toEqual([]);
});
