/**
 * What the views of every bus must do.
 */
import { describe, expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import type { Published, View } from '../bus.ts';
import { type BusWorld, stage, upTo } from './world.contract.ts';

/** Far more than a page. */
const many = 100_000;
const slowly = { withinMs: 60_000 };

/** Puts very many, some thousand at a time. */
export async function fill(view: View, all: ReadonlyMap<string, unknown>): Promise<void> {
  const entries = [...all];
  for (let at = 0; at < entries.length; at += 2000) await view.putAll(new Map(entries.slice(at, at + 2000)));
}

/** A watch that keeps what a view holds. */
export function listen(view: View) {
  const told = new Map<string, unknown>();
  const revisions = new Map<string, number>();
  const wentBack: string[] = [];
  let [begins, caughtUp] = [0, 0];
  const watching = view.watch({
    begins: () => void begins++,
    changed({ key, value, revision }) {
      if (revision < (revisions.get(key) ?? 0)) wentBack.push(key);
      revisions.set(key, revision);
      if (value === null) told.delete(key);
      else told.set(key, value);
    },
    caughtUp: () => void caughtUp++,
  });
  return { told, wentBack, begins: () => begins, caughtUp: () => caughtUp, close: () => watching.close() };
}

export function viewContract(name: string, begin: () => Promise<BusWorld>): void {
  describe(`${name}, its views`, () => {
    const { pair } = stage(begin);

    test('keep the last value of a key until it is deleted', async () => {
      const { here, there } = await pair();
      const key = 'a key/with: ünusual*signs.and>more';
      expect(await here.view('members').get(key)).toBeNull();
      const first = await here.view('members').put(key, { n: 1 });
      const second = await there.view('members').put(key, { n: 2 });
      expect(second).toBeGreaterThan(first ?? Number.NaN);
      expect(await here.view('members').get(key)).toEqual({ key, value: { n: 2 }, revision: second ?? 0 });
      expect(await here.view('others').get(key)).toBeNull();
      await here.view('members').delete(key);
      await here.view('members').delete('never there');
      expect(await there.view('members').get(key)).toBeNull();
    });

    test('change only what is as expected', async () => {
      const { here, there } = await pair();
      const [mine, yours] = [here.view('members'), there.view('members')];
      const first = await mine.put('a', 1, 0);
      expect(first).not.toBeNull();
      expect(await yours.put('a', 2, 0)).toBeNull();
      const second = await yours.put('a', 2, first ?? 0);
      expect(second).not.toBeNull();
      expect(await mine.put('a', 3, first ?? 0)).toBeNull();
      expect((await mine.get('a'))?.value).toBe(2);
      await mine.delete('a');
      expect(await mine.put('a', 4, second ?? 0)).toBeNull();
      expect(await mine.put('a', 4, 0)).not.toBeNull();
    });

    test('take many at once, and tell them like others', async () => {
      const { here, there } = await pair();
      await here.view('members').put('key 7', 'before');
      const told = new Map<string, unknown>();
      const watching = there.view('members').watch({
        changed: ({ key, value }) => void told.set(key, value),
        caughtUp: () => undefined,
      });
      const all = new Map<string, unknown>(upTo(1500).map((number) => [`key ${number}`, { number }]));
      await here.view('members').putAll(all);
      await eventually('all of them', () => told.size === all.size && told.get('key 7') !== 'before');
      watching.close();
      expect(told).toEqual(all);
      const last = await there.view('members').get('key 1499');
      expect(last?.value).toEqual({ number: 1499 });
      expect(await here.view('members').put('key 1499', 'after', last?.revision ?? 0)).not.toBeNull();
      await here.view('members').putAll(new Map());
    });

    test('are told page by page, however much they hold, and as they are by then', async () => {
      const { here, there } = await pair();
      const all = new Map<string, unknown>(upTo(many).map((number) => [`key ${number}`, number]));
      await fill(here.view('many'), all);
      const heard = listen(there.view('many'));
      await eventually('the first page', () => heard.told.size > 0, { everyMs: 0 });
      // Not told in one go: this test had its turn in between.
      expect(heard.caughtUp()).toBe(0);
      const anew = upTo(1500).map((number) => `key ${number * 61}`);
      await here.view('many').putAll(new Map(anew.map((key) => [key, 'anew'])));
      for (const number of upTo(20)) await here.view('many').delete(`key ${number * 61}`);
      await here.view('many').put('another', 'one');
      for (const key of anew) all.set(key, 'anew');
      for (const key of anew.slice(0, 20)) all.delete(key);
      all.set('another', 'one');
      await eventually('all of it', () => heard.caughtUp() === 1 && heard.told.size === all.size, slowly);
      await eventually('the last of it', () => heard.told.get('another') === 'one', slowly);
      expect(heard.told).toEqual(all);
      expect(heard.wentBack).toEqual([]);
      expect(heard.begins()).toBe(1);
      heard.close();
    }, 120_000);

    test('are told whole, however large their values are', async () => {
      const { here, there } = await pair();
      const large = (number: number) => `${number} `.padEnd(100_000, 'x');
      const all = new Map<string, unknown>(upTo(60).map((number) => [`key ${number}`, large(number)]));
      await here.view('large').putAll(all);
      const heard = listen(there.view('large'));
      await eventually('all of them', () => heard.caughtUp() === 1, slowly);
      expect(heard.told).toEqual(all);
      const anew = new Map<string, unknown>(upTo(60).map((number) => [`key ${number}`, large(-number)]));
      await here.view('large').putAll(anew);
      await here.view('large').put('last', 1);
      await eventually('all of them anew', () => heard.told.get('last') === 1, slowly);
      heard.close();
      expect(heard.told).toEqual(anew.set('last', 1));
      expect(heard.wentBack).toEqual([]);
    }, 60_000);

    test('of those who change a key at the same time, let one win', async () => {
      const { here, there } = await pair();
      const all = upTo(20).map((number) => (number % 2 ? here : there).view('members').put('a', number, 0));
      const won = (await Promise.all(all)).filter((revision) => revision !== null);
      expect(won.length).toBe(1);
    });

    test('tell who watches all that is there, then every change', async () => {
      const { here, there } = await pair();
      await here.view('members').put('a', 1);
      await here.view('members').put('gone', 1);
      await here.view('members').delete('gone');
      const told: Published[] = [];
      const whole: number[] = [];
      const watching = there.view('members').watch({
        changed: (published) => void told.push(published),
        caughtUp: () => void whole.push(told.length),
      });
      await eventually('all that is there', () => whole.length === 1);
      expect(told.filter(({ value }) => value !== null).map(({ key, value }) => [key, value])).toEqual([
        ['a', 1],
      ]);
      await here.view('members').put('b', 2);
      await here.view('members').delete('a');
      await eventually('the changes', () => told.at(-1)?.value === null && told.at(-1)?.key === 'a');
      expect(told.at(-2)).toMatchObject({ key: 'b', value: 2 });
      watching.close();
      await here.view('members').put('c', 3);
      const again = there.view('members').watch({
        changed: () => undefined,
        caughtUp: () => void whole.push(-1),
      });
      await eventually('the other watch', () => whole.length === 2);
      again.close();
      expect(told.some(({ key }) => key === 'c')).toBe(false);
    });
  });
}
