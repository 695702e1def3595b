/**
 * What every bus must do, whatever it is made of. A driver's test gives a world: how to open the bus, and how to take it away.
 */
import { afterEach, describe, expect, test } from 'bun:test';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Bus, BusEvent, Delivery, Position, Published, Since, Subscription } from '../bus.ts';
import { systemClock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Retention } from './dependencies.ts';
import { type BusSettings, openBus } from './open.ts';

export interface BusWorld extends AsyncDisposable {
  settings(keep: Retention, publishMs: number): BusSettings;
  /** Kills the server and starts it again with what it had on disk. */
  readonly restart?: () => Promise<void>;
  /** Between the clients and the server: nothing passes, and connections are refused. */
  readonly cut?: () => Promise<void>;
  readonly mend?: () => Promise<void>;
  /** All that was published is lost, as if it had never been. */
  renew(): Promise<void>;
}

const keepAll: Retention = { events: 100_000, ageMs: 3_600_000 };
const publishMs = 2000;

interface Heard {
  readonly deliveries: Delivery[];
  readonly gaps: Position[];
  readonly caughtUp: Position[];
  readonly subscription: Subscription;
  /** What the events hold. */
  numbers(): unknown[];
}

/** An event that holds `data`. */
export function note(data: unknown): BusEvent {
  return { type: 'note', version: 1, data };
}

export function hear(bus: Bus, subject: string, since: Since, each?: (delivery: Delivery) => unknown): Heard {
  const deliveries: Delivery[] = [];
  const gaps: Position[] = [];
  const caughtUp: Position[] = [];
  const subscription = bus.subscribe(subject, since, {
    async event(delivery) {
      deliveries.push(delivery);
      await each?.(delivery);
    },
    gap: (resumesAfter) => void gaps.push(resumesAfter),
    caughtUp: (at) => void caughtUp.push(at),
  });
  const numbers = () => deliveries.map(({ data }) => data);
  return { deliveries, gaps, caughtUp, subscription, numbers };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Numbers in which each new one is larger than all before; what came again is left out. */
function advancing(numbers: readonly unknown[]): number[] {
  const seen: number[] = [];
  for (const number of numbers as number[]) if (number > (seen.at(-1) ?? -1)) seen.push(number);
  return seen;
}

export function busContract(name: string, begin: () => Promise<BusWorld>): void {
  describe(`${name}, as a bus`, () => {
    const ends: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    async function world(): Promise<BusWorld> {
      const made = await begin();
      ends.push(async () => made[Symbol.asyncDispose]());
      return made;
    }

    async function open(of: BusWorld, publisher: string, keep = keepAll, clock = systemClock): Promise<Bus> {
      const bus = await openBus(of.settings(keep, publishMs), { clock, log: silentLog, publisher });
      ends.push(() => bus.close());
      await eventually(`${publisher} to be connected`, () => bus.state === 'connected');
      return bus;
    }

    async function pair(): Promise<{ world: BusWorld; here: Bus; there: Bus }> {
      const one = await world();
      return { world: one, here: await open(one, 'here'), there: await open(one, 'there') };
    }

    test('delivers what is published, with who published it, when and where', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      const event = { type: 'note', version: 3, data: { text: 'ünï', list: [1, null, true] } };
      const position = await here.publish('notes', event);
      const [delivery] = await eventually(
        'the event',
        () => heard.deliveries.length === 1 && heard.deliveries,
      );
      expect(delivery).toMatchObject({ ...event, publisher: 'here', position });
      expect(Math.abs((delivery?.publishedMs ?? 0) - Date.now())).toBeLessThan(10_000);
    });

    test('keeps the order of each publisher, and gives each event a higher place', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      const both = upTo(500).flatMap((number) => [
        here.publish('notes', note({ by: 'here', number })),
        there.publish('notes', note({ by: 'there', number })),
      ]);
      await Promise.all(both);
      await eventually('all events', () => heard.deliveries.length >= 1000);
      for (const by of ['here', 'there']) {
        const own = heard.deliveries.filter(({ publisher }) => publisher === by);
        expect(own.map(({ data }) => (data as { number: number }).number)).toEqual(upTo(500));
      }
      const sequences = heard.deliveries.map(({ position }) => position.sequence);
      expect(sequences).toEqual(upTo(1000).map((index) => index + 1));
    });

    test('knows subjects apart', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      await here.publish('other', note('other'));
      await here.publish('notes', note('mine'));
      await eventually('the event', () => heard.deliveries.length > 0);
      expect(heard.numbers()).toEqual(['mine']);
    });

    test('begins after a place, at the oldest event, or with what comes from now on', async () => {
      const { here, there } = await pair();
      const positions: Position[] = [];
      for (const number of upTo(5)) positions.push(await here.publish('notes', note(number)));
      const all = hear(there, 'notes', 'oldest');
      const some = hear(there, 'notes', positions[2]!);
      const none = hear(there, 'notes', 'now');
      await eventually('all to catch up', () =>
        [all, some, none].every(({ caughtUp }) => caughtUp.length === 1),
      );
      expect([all, some, none].map((heard) => heard.numbers())).toEqual([upTo(5), [3, 4], []]);
      expect(none.caughtUp).toEqual([positions[4]!]);
      await here.publish('notes', note(5));
      await eventually('the new event', () =>
        [all, some, none].every((heard) => heard.numbers().includes(5)),
      );
      expect([all, some, none].flatMap(({ gaps }) => gaps)).toEqual([]);
    });

    test('says where the newest event is, and where the first one will be', async () => {
      const { here, there } = await pair();
      const before = await there.newest('notes');
      expect(before.sequence).toBe(0);
      const position = await here.publish('notes', note(1));
      expect(await there.newest('notes')).toEqual(position);
      expect(position.log).toBe(before.log);
    });

    test('catches up with an empty log at once', async () => {
      const { here } = await pair();
      const heard = hear(here, 'silent', 'oldest');
      await eventually('to catch up', () => heard.caughtUp.length === 1);
      expect(heard.gaps).toEqual([]);
    });

    test('delivers types and versions that nobody knows as they are', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      await here.publish('notes', { type: 'from-the-future', version: 99, data: null });
      await here.publish('notes', note('after'));
      await eventually('both', () => heard.deliveries.length === 2);
      expect(heard.deliveries[0]).toMatchObject({ type: 'from-the-future', version: 99, data: null });
    });

    test('goes on when a subscriber fails, and is quiet once it is closed', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest', ({ data }) => {
        if (data === 0) throw new Error('not this one');
      });
      await here.publish('notes', note(0));
      await here.publish('notes', note(1));
      await eventually('both', () => heard.deliveries.length === 2);
      heard.subscription.close();
      const other = hear(there, 'notes', 'now');
      await eventually('the other to catch up', () => other.caughtUp.length === 1);
      await here.publish('notes', note(2));
      await eventually('the other to hear', () => other.deliveries.length === 1);
      expect(heard.deliveries.length).toBe(2);
    });

    test('waits for a slow subscriber, which holds up nobody else', async () => {
      const { here, there } = await pair();
      const release = Promise.withResolvers<void>();
      const slow = hear(there, 'notes', 'oldest', () => release.promise);
      const quick = hear(there, 'notes', 'oldest');
      const total = 3000;
      await Promise.all(upTo(total).map((number) => here.publish('notes', note(number))));
      await eventually('the quick one', () => quick.deliveries.length === total);
      expect(slow.deliveries.length).toBe(1);
      release.resolve();
      await eventually('the slow one', () => slow.deliveries.length >= total);
      expect(advancing(slow.numbers())).toEqual(upTo(total));
      expect(slow.gaps).toEqual([]);
    });

    test('tells of a gap when the log was dropped past a subscriber’s place', async () => {
      const one = await world();
      const few = { events: 100, ageMs: 3_600_000 };
      const here = await open(one, 'here', few);
      const first = await here.publish('notes', note(-1));
      for (let round = 0; round < 6; round++)
        await Promise.all(upTo(500).map((number) => here.publish('notes', note(round * 500 + number))));
      const heard = hear(here, 'notes', first);
      await eventually('to catch up', () => heard.caughtUp.length === 1);
      expect(heard.gaps.length).toBe(1);
      const resumed = heard.gaps[0]!;
      expect(resumed.log).toBe(first.log);
      expect(resumed.sequence).toBeGreaterThan(first.sequence);
      expect(heard.deliveries[0]?.position.sequence).toBe(resumed.sequence + 1);
      expect(heard.numbers().at(-1)).toBe(2999);
      const behindThat = hear(here, 'notes', 'oldest');
      await eventually('to catch up', () => behindThat.caughtUp.length === 1);
      expect(behindThat.gaps).toEqual([]);
    });

    test('tells a subscriber of a gap that the log was dropped under', async () => {
      const one = await world();
      const here = await open(one, 'here', { events: 100, ageMs: 3_600_000 });
      const release = Promise.withResolvers<void>();
      const slow = hear(here, 'notes', 'oldest', () => release.promise);
      await here.publish('notes', note(-1));
      await eventually('the first', () => slow.deliveries.length === 1);
      for (let round = 0; round < 10; round++)
        await Promise.all(upTo(500).map((number) => here.publish('notes', note(round * 500 + number))));
      release.resolve();
      await eventually('the last', () => slow.numbers().at(-1) === 4999);
      const told = advancing(slow.numbers());
      if (told.length < 5000) expect(slow.gaps.length).toBeGreaterThan(0);
      expect(slow.gaps.length + Number(told.length === 5000)).toBeGreaterThan(0);
    });

    test('tells of a gap when the place is in another log, or beyond the end of this one', async () => {
      const { here, there } = await pair();
      const { log, sequence } = await here.publish('notes', note(1));
      const other = hear(there, 'notes', { log: 'another', sequence });
      const beyond = hear(there, 'notes', { log, sequence: sequence + 100 });
      for (const heard of [other, beyond]) {
        await eventually('to catch up', () => heard.caughtUp.length === 1);
        expect(heard.gaps).toEqual([{ log, sequence: 0 }]);
        expect(heard.numbers()).toEqual([1]);
      }
    });

    test('tells of a gap when the log was made anew, and goes on', async () => {
      const { world: one, here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      await here.publish('notes', note('before'));
      await eventually('the event', () => heard.deliveries.length === 1);
      await one.renew();
      await eventually('the gap', () => heard.gaps.length > 0, { withinMs: 20_000 });
      await eventually('to publish again', () => here.publish('notes', note('after')).catch(() => null), {
        withinMs: 20_000,
      });
      await eventually('the event in the new log', () => heard.numbers().includes('after'), {
        withinMs: 20_000,
      });
      expect(heard.deliveries.at(-1)?.position.log).not.toBe(heard.deliveries[0]?.position.log);
    }, 60_000);

    describe('its views', () => {
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
  });
}

/** For buses with a server, which may be gone for a while. */
export function serverContract(name: string, begin: () => Promise<Required<BusWorld>>): void {
  describe(`${name}, when its server is away`, () => {
    const ends: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    async function start() {
      const world = await begin();
      ends.push(async () => world[Symbol.asyncDispose]());
      const opened = async (publisher: string, withinMs = publishMs) => {
        const settings = world.settings(keepAll, withinMs);
        const bus = await openBus(settings, { clock: systemClock, log: silentLog, publisher });
        ends.push(() => bus.close());
        return bus;
      };
      const [here, there] = [await opened('here'), await opened('there')];
      for (const bus of [here, there]) await eventually('a connection', () => bus.state === 'connected');
      return { world, here, there, opened };
    }

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
      const { world, here, there } = await start();
      const heard = hear(there, 'notes', 'oldest');
      await Promise.all(upTo(100).map((number) => here.publish('notes', note(number))));
      await world.restart();
      for (const number of upTo(50))
        await eventually('to publish', () => here.publish('notes', note(100 + number)).catch(() => null), {
          withinMs: 30_000,
        });
      await eventually('all of it', () => heard.numbers().includes(149), { withinMs: 30_000 });
      expect(advancing(heard.numbers())).toEqual(upTo(150));
      expect(heard.gaps).toEqual([]);
    }, 90_000);

    test('tells a client that was cut off what it has missed, and that it has caught up', async () => {
      const { world, here, there } = await start();
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
      const { world, opened } = await start();
      await world.cut();
      const late = await opened('late', 300);
      expect(late.state).toBe('disconnected');
      const heard = hear(late, 'notes', 'oldest');
      await failsInTime(late.publish('notes', note('lost')), 300);
      await world.mend();
      await eventually('the connection', () => late.state === 'connected', { withinMs: 30_000 });
      await late.publish('notes', note('there'));
      await eventually('the event', () => heard.numbers().includes('there'), { withinMs: 30_000 });
    }, 90_000);

    test('tells who watches a view all that is there once more', async () => {
      const { world, here, there } = await start();
      const told = new Map<string, unknown>();
      let caughtUp = 0;
      there.view('members').watch({
        changed: ({ key, value }) => void told.set(key, value),
        caughtUp: () => void caughtUp++,
      });
      await here.view('members').put('a', 1);
      await eventually('the first', () => told.get('a') === 1);
      await world.restart();
      await eventually(
        'to write',
        () =>
          here
            .view('members')
            .put('a', 2)
            .catch(() => null),
        { withinMs: 30_000 },
      );
      await eventually('the change', () => told.get('a') === 2 && caughtUp >= 2, { withinMs: 30_000 });
    }, 90_000);
  });
}
