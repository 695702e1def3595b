import { expect, test } from 'bun:test';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { virtualClock } from '../../test/support/clock.ts';
import { type Temporary, temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { ageS } from './freshness.ts';
import { type World, type WorldOptions, world } from './world.contract.ts';

const large = noise(1_000_000);

async function store(here: World, key: string, body: string | Uint8Array): Promise<void> {
  here.parent = () => answerOf(body, { ...maxAge(600), 'x-made-by': key });
  await (await here.get({ key })).bytes();
}

/** The folder as a process leaves it that is killed at this moment. */
function killed(folder: Temporary): Temporary {
  const image = temporary('killed');
  // Files get their names meanwhile; what cp does not find any more is not in the image.
  Bun.spawnSync(['cp', '-r', `${folder.path}/.`, image.path], { stderr: 'ignore' });
  return image;
}

async function across(
  first: (here: World) => Promise<void>,
  second: (here: World) => Promise<void>,
): Promise<void> {
  using folder = temporary('cache');
  const options: WorldOptions = { disk: true, folder, clock: virtualClock() };
  for (const act of [first, second]) {
    await using here = await world(options);
    await act(here);
  }
}

test('entries survive a restart, small and large, and are as old as they are', () =>
  across(
    async (here) => {
      await store(here, 'web /small', 'small');
      await store(here, 'web /large', large);
      here.clock.advance(100_000);
    },
    async (here) => {
      const small = await here.get({ key: 'web /small' });
      expect([small.outcome, await small.text(), small.field('x-made-by')]).toEqual([
        'hit-disk',
        'small',
        'web /small',
      ]);
      const reply = await here.get({ key: 'web /large' });
      expect([reply.outcome, Buffer.from(await reply.bytes()).equals(large)]).toEqual(['hit-disk', true]);
      const { source } = reply.served;
      if (source.from !== 'disk') throw new Error(`expected the disk, got ${source.from}`);
      expect(ageS(source.entry.freshness, here.clock.now())).toBe(100);
      expect(here.asked).toHaveLength(0);
    },
  ));

test('what was not whole is gone', async () => {
  using folder = temporary('cache');
  await using here = await world({ disk: true, folder });
  await store(here, 'web /whole', large);
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  here.parent = null;
  await here.nextAsk();
  const asking = here.get({ key: 'web /half' });
  const pieces = (await here.nextAsk()).stream(maxAge(600));
  const reading = (await asking).bytes();
  for (let at = 0; at < 500_000; at += 100_000) await pieces.push(large.slice(at, at + 100_000));
  await eventually('a file', () => readdirSync(join(folder.path, 'tmp')).length > 0, { everyMs: 1 });

  using image = killed(folder);
  {
    await using after = await world({ disk: true, folder: image, clock: here.clock });
    after.parent = () => answerOf('asked again', maxAge(60));
    expect(await (await after.get({ key: 'web /half' })).text()).toBe('asked again');
    expect((await after.get({ key: 'web /whole' })).outcome).toBe('hit-disk');
    await eventually('the half to go', () => readdirSync(join(image.path, 'tmp')).length === 0, {
      everyMs: 1,
    });
  }
  await pieces.end();
  await reading;
});

test('a 304 and a drop are remembered', () =>
  across(
    async (here) => {
      for (const key of ['web /confirmed', 'web /dropped']) await store(here, key, 'body');
      await eventually('the disk', () => here.cache.stats.disk?.entries === 2, { everyMs: 1 });
      here.clock.advance(600_000);
      here.parent = () => answerOf(null, maxAge(600), 304);
      expect((await here.get({ key: 'web /confirmed' })).outcome).toBe('revalidated');
      here.cache.drop('web /dropped' as Parameters<World['cache']['drop']>[0]);
    },
    async (here) => {
      expect((await here.get({ key: 'web /confirmed' })).outcome).toBe('hit-disk');
      here.parent = () => answerOf('new', maxAge(60));
      expect(await (await here.get({ key: 'web /dropped' })).text()).toBe('new');
    },
  ));

for (const [what, damage] of [
  ['nonsense', (path: string) => writeFileSync(path, 'nonsense'.repeat(1000))],
  ['empty', (path: string) => writeFileSync(path, '')],
  ['gone', (path: string) => rmSync(path)],
] as const) {
  test(`an index that is ${what} costs what is stored, not the start`, async () => {
    using folder = temporary('cache');
    const options: WorldOptions = { disk: true, folder, clock: virtualClock() };
    {
      await using here = await world(options);
      await store(here, 'web /a', large);
    }
    damage(join(folder.path, 'index.db'));
    await using here = await world(options);
    expect(here.cache.stats.disk?.entries).toBe(0);
    await store(here, 'web /a', large);
    await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
    expect((await here.get({ key: 'web /a' })).outcome).toBe('hit-disk');
  });
}

test('killed at any moment, it serves nothing wrong or partial', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(2000), fc.integer({ min: 60_000, max: 400_000 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(30), async (lengths, killAfter) => {
      using folder = temporary('cache');
      const here = await world({ disk: true, folder });
      here.parent = ({ named }) => {
        const n = named.as === 'resource' ? Number(named.key.slice('web /'.length)) : 0;
        return answerOf(noise(lengths[n] ?? 0, n), maxAge(600));
      };
      const work = lengths.map(async (_, n) => (await here.get({ key: `web /${n}` })).bytes());
      for (let turn = 0; turn < killAfter; turn++)
        await new Promise<void>((resolve) => void setImmediate(resolve));
      using image = killed(folder);
      await Promise.all(work);
      await here[Symbol.asyncDispose]();

      await using after = await world({ disk: true, folder: image, clock: here.clock });
      for (const [n, length] of lengths.entries()) {
        after.parent = () => answerOf('fetched again', maxAge(60));
        const reply = await after.get({ key: `web /${n}` });
        const bytes = Buffer.from(await reply.bytes());
        if (reply.outcome === 'miss') expect(bytes.toString()).toBe('fetched again');
        else expect(bytes.equals(noise(length, n))).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
}, 30_000);
