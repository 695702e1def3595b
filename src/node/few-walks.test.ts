/** How many trees an origin goes through at once, and who waits for how long. */
import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { fewWalks } from './few-walks.ts';

const waited = new AbortController().signal;

/** As many walks as that, none of which ends by itself. */
function begun() {
  const clock = virtualClock();
  const walks = fewWalks(clock);
  const ends: PromiseWithResolvers<string>[] = [];
  let beginnings = 0;
  const begin = (route: string, signal = waited) =>
    walks.run(route, signal, () => {
      beginnings++;
      ends.push(Promise.withResolvers<string>());
      return ends.at(-1)!.promise;
    });
  return { clock, walks, ends, begin, beginnings: () => beginnings };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many are gone through at once, of one route half of them, and the next when one is done', async () => {
  const { begin, ends, beginnings } = begun();
  const npm = Array.from({ length: 6 }, () => begin('npm'));
  await settled();
  expect(beginnings()).toBe(4);
  const others = ['pypi', 'pypi', 'cargo', 'cargo', 'maven'].map((route) => begin(route));
  await settled();
  expect(beginnings()).toBe(8);
  ends[0]?.resolve('first');
  expect(await npm[0]).toBe('first');
  await settled();
  expect(beginnings()).toBe(9);
  // Of npm there were others before: it is their turn as soon as four are not under way.
  ends[4]?.reject(new Error('broken'));
  await expect(others[0]).rejects.toThrow('broken');
  await settled();
  expect(beginnings()).toBe(10);
  for (let nth = 0; nth < 11; nth++) {
    await settled();
    ends[nth]?.resolve('later');
  }
  expect(await Promise.all([...npm.slice(1), ...others.slice(1)])).toEqual(Array(9).fill('later'));
});

test('nobody waits for long, or in a long queue', async () => {
  const { begin, clock, beginnings, ends } = begun();
  for (let nth = 0; nth < 4; nth++) void begin('npm');
  const waiting = Array.from({ length: 64 }, () => begin('npm'));
  expect(await begin('npm')).toBeNull();
  clock.advance(2_000);
  expect(await Promise.all(waiting)).toEqual(Array(64).fill(null));
  expect([beginnings(), clock.waiting]).toEqual([4, 0]);
  ends[0]?.resolve('done');
  await settled();
  void begin('npm');
  await settled();
  expect(beginnings()).toBe(5);
});

test('what nobody waits for any more is not begun', async () => {
  const { begin, clock, ends, beginnings } = begun();
  for (let nth = 0; nth < 4; nth++) void begin('npm');
  const gone = new AbortController();
  const left = begin('npm', gone.signal);
  gone.abort();
  expect(await left).toBeNull();
  expect(await begin('pypi', gone.signal)).toBeNull();
  ends[0]?.resolve('done');
  await settled();
  expect([beginnings(), clock.waiting]).toEqual([4, 0]);
});
