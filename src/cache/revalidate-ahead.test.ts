import { expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import { answerOf } from './answers.contract.ts';
import { world } from './world.contract.ts';

const fields = { 'cache-control': 'max-age=3600', etag: '"1"' };
const freshness = { revalidateS: 60 };

for (const disk of [false, true]) {
  test(`what is popular is confirmed in the background at every interval, ${disk ? 'also from disk' : 'in memory'}`, async () => {
    await using here = await world(disk ? { disk: true, memoryObjectBytes: 1 } : {});
    here.parent = () => answerOf('a page', fields);
    await (await here.get({ freshness })).text();
    await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
    if (disk) await eventually('the disk', () => here.cache.stats.disk?.entries === 1, { everyMs: 1 });
    for (let round = 1; round <= 3; round++) {
      here.clock.advance(59_000);
      expect((await here.get({ freshness })).outcome).toStartWith('hit');
      expect(here.asked).toHaveLength(round);
      here.parent = null;
      here.clock.advance(1_000);
      // Nobody waits, and one asks for all.
      for (let n = 0; n < 3; n++) expect((await here.get({ freshness })).outcome).toStartWith('hit');
      const asked = await eventually('it to be asked', () => here.asked[round], { everyMs: 1 });
      expect(here.asked).toHaveLength(round + 1);
      expect([asked.ask.background, asked.ask.stored?.etag]).toEqual([true, '"1"']);
      asked.confirm(fields);
      await eventually('it to be confirmed', () => here.cache.stats.fills === 0, { everyMs: 1 });
    }
  });
}

test('nobody asks for what nobody wants, nor on routes that do not say so', async () => {
  await using here = await world();
  here.parent = () => answerOf('a page', fields);
  await (await here.get({ key: 'web /a', freshness })).text();
  await (await here.get({ key: 'web /b' })).text();
  here.clock.advance(1_800_000);
  await (await here.get({ key: 'web /b' })).text();
  expect(here.asked).toHaveLength(2);
});

test('a tier that revalidates in the background is answered when the parent has confirmed it', async () => {
  await using here = await world();
  here.parent = () => answerOf('a page', fields);
  await (await here.get({ freshness })).text();
  here.clock.advance(60_000);
  const answer = await here.get({ freshness, background: true });
  expect(here.asked).toHaveLength(2);
  expect(answer.outcome).toBe('expired');
  await answer.text();
});

test('while the parent fails, what is fresh is served without asking each time', async () => {
  await using here = await world();
  here.parent = () => answerOf('a page', fields);
  await (await here.get({ freshness })).text();
  here.clock.advance(60_000);
  here.parent = () => answerOf('', {}, 503);
  for (let n = 0; n < 5; n++) {
    expect(await (await here.get({ freshness })).text()).toBe('a page');
    await here.quiet();
  }
  expect(here.asked).toHaveLength(2);
});
