import { expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import type { Position } from '../bus.ts';
import { turns } from '../cache/answers.contract.ts';
import { appliedEvent, appliedSubject, purgeEvent, purgeSubject } from './event.ts';
import { openProgress } from './progress.ts';

const purgeOf = (id: string) =>
  purgeEvent({ id, selectors: [{ by: 'tag', tag: id }], soft: false, by: 'a test', acknowledge: true });

/** An origin that listens, and members who are where the test says. */
function world(before = 0) {
  const clock = virtualClock();
  const network = hub(clock.now);
  const bus = network.join('origin');
  const places = new Map<string, Position | null>();
  let isSettled = true;
  const members = {
    get known() {
      const all = [...places].map(([name, applied]) => {
        return [name, { name, role: 'pop' as const, startedMs: 0, applied, beat: 0 }] as const;
      });
      return new Map(all);
    },
    get isSettled() {
      return isSettled;
    },
  };
  const issue = (id: string) => bus.publish(purgeSubject, purgeOf(id));
  const told = Array.from({ length: before }, (_, at) => issue(`before-${at}`));
  const progress = openProgress({ bus, clock, members, node: 'origin' });
  return {
    ...{ clock, places, progress, issue, told },
    settle: (is: boolean) => {
      isSettled = is;
    },
    apply: (id: string, node: string) => bus.publish(appliedSubject, appliedEvent({ id, node })),
    async pass(ms: number) {
      await turns();
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(100, left));
        await turns();
      }
    },
  };
}

test('a purge is everywhere when every node that lives has said so, and tells how long each took', async () => {
  const { places, progress, issue, apply, pass } = world();
  for (const name of ['a', 'b']) places.set(name, null);
  await pass(0);
  const position = await issue('one');
  await pass(100);
  await apply('one', 'a');
  await pass(200);
  expect(await progress.find(position)).toMatchObject({
    ...{ by: 'a test', selectorCount: 1, all: false, allMs: null, gone: [] },
    nodes: { a: { applied: true, ms: 100 }, b: { applied: false, ms: null } },
  });
  await apply('one', 'b');
  await pass(0);
  expect(await progress.find(position)).toMatchObject({ all: true, allMs: 300 });
  progress.close();
});

test('a node that says nothing is known by its place', async () => {
  const { places, progress, issue, pass } = world();
  places.set('a', null);
  await pass(0);
  const position = await issue('one');
  await pass(0);
  places.set('a', position);
  await pass(500);
  expect(progress.recent()[0]).toMatchObject({ all: true, allMs: 500, nodes: { a: { applied: true } } });
  progress.close();
});

test('who is gone is named and not waited for, and who comes later does not count', async () => {
  const { places, progress, issue, apply, pass } = world();
  for (const name of ['a', 'b']) places.set(name, null);
  await pass(0);
  const position = await issue('one');
  await apply('one', 'a');
  await pass(1_000);
  places.delete('b');
  places.set('new', position);
  await pass(1_000);
  const state = await progress.find(position);
  expect(state).toMatchObject({ all: true, gone: ['b'] });
  expect(Object.keys(state?.nodes ?? {})).toEqual(['a']);
  progress.close();
});

test('nothing is everywhere while it is not known who lives', async () => {
  const { progress, places, issue, apply, pass, settle } = world();
  settle(false);
  await pass(0);
  const position = await issue('one');
  await apply('one', 'a');
  await pass(100);
  expect((await progress.find(position))?.all).toBe(false);
  places.set('b', position);
  settle(true);
  expect(await progress.find(position)).toMatchObject({
    all: true,
    nodes: { a: { applied: true }, b: { applied: true, ms: null } },
  });
  progress.close();
});

test('what was issued before is on the list, without times; the newest 200 are', async () => {
  const { progress, places, told, pass, issue } = world(205);
  const [first, last] = [await told[0], await told.at(-1)];
  places.set('a', last ?? null);
  await pass(100);
  expect(progress.recent()).toHaveLength(200);
  expect(progress.recent()[0]).toMatchObject({
    ...{ position: last, all: true, allMs: null },
    nodes: { a: { applied: true, ms: null } },
  });
  expect(first && (await progress.find(first))).toBeNull();
  await issue('after');
  await pass(0);
  expect(progress.recent().map(({ selectors }) => selectors[0])[0]).toEqual({ by: 'tag', tag: 'after' });
  expect(progress.recent()).toHaveLength(200);
  progress.close();
});

test('one that is not heard of yet is waited for, but not for long', async () => {
  const { progress, issue, pass } = world();
  await pass(0);
  const coming = progress.find({ log: 'log-1', sequence: 1 });
  const never = progress.find({ log: 'log-1', sequence: 2 });
  const position = await issue('one');
  await pass(3_000);
  expect((await coming)?.position).toEqual(position);
  expect(await never).toBeNull();
  progress.close();
});
