/**
 * Purges as a table: what is purged, where it is at that moment, and how.
 */
import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import { MeridianError } from '../../errors.ts';
import type { Selector } from '../../purge.ts';
import { answerOf } from '../answers.contract.ts';
import { type World, type WorldOptions, world } from '../world.contract.ts';

const key = 'web /docs/a?b=1';
const other = 'app /docs/a?b=1';
const fields = {
  'cache-control': 'max-age=60, stale-while-revalidate=30, stale-if-error=30',
  'cache-tag': 'news, front page',
  'surrogate-key': 'one two',
  'cache-groups': '"scripts", "styles"',
  etag: '"1"',
};

const selectors: readonly Selector[] = [
  { by: 'key', key },
  { by: 'prefix', prefix: 'web /docs/' },
  { by: 'glob', glob: 'web */a?b=*' },
  { by: 'tag', tag: 'of the protocol' },
  { by: 'tag', tag: 'front page' },
  { by: 'tag', tag: 'two' },
  { by: 'tag-glob', glob: 'of*protocol' },
  { by: 'group', route: 'web', group: 'styles' },
  { by: 'route', route: 'web' },
  { by: 'all' },
];

const onDiskOnly: WorldOptions = { disk: true, memoryObjectBytes: 1 };
const places: Readonly<Record<string, WorldOptions>> = {
  'in memory': {},
  'on disk': onDiskOnly,
  'in memory and on disk': { disk: true },
};

async function get(here: World, wanted: string) {
  const tags = wanted === key ? ['of the protocol'] : [];
  const reply = await here.get({ key: wanted, tags });
  return { outcome: reply.outcome, text: await reply.text() };
}

async function store(here: World, body: string): Promise<void> {
  for (const each of [key, other]) {
    const own = each === key ? fields : { 'cache-control': 'max-age=60' };
    here.parent = () => answerOf(body, own);
    await get(here, each);
  }
  await arrived(here);
}

/** Everything that was on its way is in its place. */
async function arrived(here: World): Promise<void> {
  await eventually('the fills', () => here.cache.stats.fills === 0, { everyMs: 1 });
  if (here.disk) await eventually('the disk', () => here.cache.stats.disk?.entries === 2, { everyMs: 1 });
}

/** A sweep comes to its end, and nothing stored to the end of its times. */
async function swept(here: World): Promise<void> {
  const isSwept = () => {
    here.clock.advance(500);
    return here.cache.stats.purges === 0;
  };
  await eventually('the sweep', isSwept, { everyMs: 1 });
}

async function expectGone(here: World): Promise<void> {
  here.parent = () => answerOf('new', fields);
  expect(await get(here, key)).toEqual({ outcome: 'miss', text: 'new' });
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  expect((await get(here, key)).outcome).toStartWith('hit');
}

async function expectStale(here: World): Promise<void> {
  here.parent = null;
  const before = here.asked.length;
  expect(await get(here, key)).toEqual({ outcome: 'hit-stale', text: 'old' });
  const asked = await eventually('one to revalidate', () => here.asked[before], { everyMs: 1 });
  expect(asked.ask.stored?.etag).toBe('"1"');
  asked.confirm(fields);
  await eventually('it to be confirmed', () => here.cache.stats.fills === 0, { everyMs: 1 });
  expect(await get(here, key)).toMatchObject({
    outcome: expect.stringMatching(/^hit(-disk)?$/),
    text: 'old',
  });
  expect(here.asked).toHaveLength(before + 1);
}

async function expectUntouched(here: World, selector: Selector): Promise<void> {
  if (selector.by !== 'all') expect((await get(here, other)).outcome).toMatch(/^hit(-disk)?$/);
}

for (const selector of selectors) {
  const what = Object.values(selector).join(' ');
  for (const [where, options] of Object.entries(places)) {
    for (const soft of [false, true]) {
      const how = soft ? 'softly' : 'for good';

      test(`what is ${where} is purged ${how} by ${what}`, async () => {
        await using here = await world(options);
        await store(here, 'old');
        here.cache.purge({ selector, soft }, true);
        await (soft ? expectStale(here) : expectGone(here));
        await expectUntouched(here, selector);
      });

      test(`what is ${where} is swept ${how} by ${what}, and the purge retired`, async () => {
        await using here = await world(options);
        await store(here, 'old');
        here.cache.purge({ selector, soft }, true);
        await swept(here);
        const left = soft ? 2 : selector.by === 'all' ? 0 : 1;
        if (here.disk) expect(here.cache.stats.disk?.entries).toBe(left);
        if (options !== onDiskOnly) expect(here.cache.stats.memory.entries).toBe(left);
        await (soft ? expectStale(here) : expectGone(here));
        await expectUntouched(here, selector);
      });

      if (options.disk) {
        test(`what is ${where} stays purged ${how} by ${what} after a restart`, async () => {
          using folder = temporary('purge');
          const clock = virtualClock();
          {
            await using here = await world({ ...options, folder, clock });
            await store(here, 'old');
            expect(here.cache.purge({ selector, soft }, true).recorded).toBe('disk');
          }
          await using here = await world({ ...options, folder, clock });
          await (soft ? expectStale(here) : expectGone(here));
          await expectUntouched(here, selector);
        });
      }
    }
  }

  for (const soft of [false, true]) {
    test(`what is under way is purged ${soft ? 'softly' : 'for good'} by ${what}`, async () => {
      await using here = await world({ disk: true });
      const before = get(here, key);
      const first = await here.nextAsk();
      here.cache.purge({ selector, soft }, true);
      first.answer('old', fields);
      expect((await before).text).toBe('old');
      await here.quiet();
      if (soft) await expectStale(here);
      else await expectGone(here);
    });
  }
}

for (const [where, options] of Object.entries(places)) {
  test(`what is suspect and ${where} is not served before the parent has confirmed it, unless that fails`, async () => {
    await using here = await world(options);
    await store(here, 'old');
    here.parent = null;
    here.cache.purge({ selector: { by: 'all' }, soft: true, suspect: true }, false);
    const before = here.asked.length;
    const asking = (at: number) =>
      eventually('it to be asked', () => here.asked[before + at], { everyMs: 1 });
    const first = get(here, key);
    (await asking(0)).fail(new MeridianError('upstream-unreachable', 'gone'));
    expect(await first).toEqual({ outcome: 'stale-on-error', text: 'old' });
    here.clock.advance(6_000);
    const second = get(here, key);
    const asked = await asking(1);
    expect(asked.ask.stored?.etag).toBe('"1"');
    asked.confirm(fields);
    expect(await second).toEqual({ outcome: 'revalidated', text: 'old' });
    await arrived(here);
    expect((await get(here, key)).outcome).toStartWith('hit');
  });
}

test('how far the bus was followed is kept with what was purged', async () => {
  using folder = temporary('purge');
  const clock = virtualClock();
  for (const sequence of [1, 2, 3]) {
    await using here = await world({ disk: true, folder, clock });
    const before = { log: 'a', sequence: sequence - 1, digest: `of ${sequence - 1}` };
    expect(here.cache.position).toEqual(sequence === 1 ? null : before);
    const at = { log: 'a', sequence, digest: sequence === 3 ? null : `of ${sequence}` };
    if (sequence < 3) here.cache.purge({ selector: selectors[sequence]!, soft: false }, false, at);
    else here.cache.passed(at);
    expect(here.cache.position).toEqual(at);
  }
});
