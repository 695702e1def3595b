/**
 * What a bus with a server must do while that is away.
 */
import { describe, expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import { fill, listen } from './view.contract.ts';
import { advancing, type BusWorld, hear, note, once, publishMs, stage, upTo } from './world.contract.ts';

/** For buses with a server, which may be gone for a while. */
export function serverContract(name: string, begin: () => Promise<Required<BusWorld>>): void {
  describe(`${name}, when its server is away`, () => {
    const { open, pair } = stage(begin);

    async function failsInTime(publishing: Promise<unknown>, boundMs: number): Promise<void> {
      const began = performance.now();
      const error = await publishing.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(MeridianError);
      expect((error as MeridianError).code).toBe('bus-unreachable');
      expect(performance.now() - began).toBeLessThan(boundMs + 1500);
    }

    test('delivers what was published before and after it was killed and started again', async () => {
      const { world, here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      await Promise.all(upTo(100).map((number) => here.publish('notes', note(number))));
      await world.restart();
      for (const number of upTo(50)) await once(() => here.publish('notes', note(100 + number)));
      await eventually('all of it', () => heard.numbers().includes(149), { withinMs: 30_000 });
      expect(advancing(heard.numbers())).toEqual(upTo(150));
      expect(heard.gaps).toEqual([]);
    }, 90_000);

    test('tells a client that was cut off what it has missed, and that it has caught up', async () => {
      const { world, here, there } = await pair();
      const states: string[] = [];
      there.onState((state) => states.push(state));
      const heard = hear(there, 'notes', 'oldest');
      await here.publish('notes', note(0));
      await eventually('the first', () => heard.numbers().length === 1 && heard.caughtUp.length === 1);
      await world.cut();
      await eventually('the state', () => there.state === 'disconnected', { withinMs: 30_000 });
      await failsInTime(here.publish('notes', note('lost')), publishMs);
      await Bun.sleep(Number(process.env.MERIDIAN_BUS_CUT_MS ?? 0));
      await world.mend();
      for (const bus of [here, there])
        await eventually('the connection', () => bus.state === 'connected', { withinMs: 30_000 });
      await here.publish('notes', note(1));
      await eventually('the second', () => heard.numbers().includes(1), { withinMs: 30_000 });
      await eventually('to catch up again', () => heard.caughtUp.length >= 2, { withinMs: 30_000 });
      expect(heard.gaps).toEqual([]);
      expect(states.slice(0, 2)).toEqual(['disconnected', 'connected']);
    }, 180_000);

    test('opens while it is away, and connects when it comes', async () => {
      const { world } = await pair();
      await world.cut();
      const late = await open(world, 'late', { publishMs: 300 });
      expect(late.state).toBe('disconnected');
      const heard = hear(late, 'notes', 'oldest');
      await failsInTime(late.publish('notes', note('lost')), 300);
      await world.mend();
      await eventually('the connection', () => late.state === 'connected', { withinMs: 30_000 });
      await late.publish('notes', note('there'));
      await eventually('the event', () => heard.numbers().includes('there'), { withinMs: 30_000 });
    }, 90_000);

    test('tells all of a view although it is killed in the middle of that', async () => {
      const { world, here, there } = await pair();
      const all = new Map<string, unknown>(upTo(100_000).map((number) => [`key ${number}`, number]));
      await fill(here.view('many'), all);
      const heard = listen(there.view('many'));
      await eventually('the first page', () => heard.told.size > 0, { everyMs: 0 });
      expect(heard.caughtUp()).toBe(0);
      await world.restart();
      await once(() => here.view('many').delete('key 7'));
      all.delete('key 7');
      await eventually(
        'all of it',
        () => heard.caughtUp() > 0 && heard.told.size === all.size && !heard.told.has('key 7'),
        { withinMs: 60_000 },
      );
      expect(heard.told).toEqual(all);
      expect(heard.begins()).toBeGreaterThan(1);
      heard.close();
    }, 150_000);

    test('tells who watches a view all that is there once more', async () => {
      const { world, here, there } = await pair();
      const told = new Map<string, unknown>();
      let caughtUp = 0;
      there.view('members').watch({
        changed: ({ key, value }) => void told.set(key, value),
        caughtUp: () => void caughtUp++,
      });
      await here.view('members').put('a', 1);
      await eventually('the first', () => told.get('a') === 1);
      await world.restart();
      await once(() => here.view('members').put('a', 2));
      await eventually('the change', () => told.get('a') === 2 && caughtUp >= 2, { withinMs: 30_000 });
    }, 90_000);
  });
}
