/**
 * What every bus must do, whatever it is made of.
 */
import { describe, expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import type { Position } from '../bus.ts';
import { advancing, type BusWorld, hear, note, once, stage, upTo } from './world.contract.ts';

export function busContract(name: string, begin: () => Promise<BusWorld>): void {
  describe(`${name}, as a bus`, () => {
    const { world, open, pair } = stage(begin);

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
      expect(none.caughtUp).toMatchObject([positions[4]!]);
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
      const here = await open(one, 'here', { keep: few });
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
      const here = await open(one, 'here', { keep: { events: 100, ageMs: 3_600_000 } });
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
      const begin = async (place: Position) => {
        const heard = hear(there, 'notes', place);
        await eventually('to catch up', () => heard.caughtUp.length === 1);
        heard.subscription.close();
        expect(heard.gaps.map((gap) => gap.sequence)).toEqual([0]);
        expect(heard.numbers()).toEqual([1]);
        return heard.gaps[0]?.log;
      };
      expect(await begin({ log: 'another', sequence })).toBe(log);
      // Somebody has heard more than there is: whatever was heard may be lost, so it is another log from now on.
      expect(await begin({ log, sequence: sequence + 100 })).not.toBe(log);
    });

    test('tells of a gap when another event is at the place where a subscriber begins', async () => {
      const { here, there } = await pair();
      for (const number of upTo(3)) await here.publish('notes', note(number));
      const heard = hear(there, 'notes', 'oldest');
      await eventually('all events', () => heard.deliveries.length === 3);
      const { position, digest } = heard.deliveries[1]!;
      const same = hear(there, 'notes', { ...position, digest });
      const unknown = hear(there, 'notes', { ...position, digest: null });
      for (const each of [same, unknown]) {
        await eventually('to catch up', () => each.caughtUp.length === 1);
        each.subscription.close();
      }
      const other = hear(there, 'notes', { ...position, digest: heard.deliveries[0]!.digest });
      await eventually('to catch up', () => other.caughtUp.length === 1);
      expect([same, unknown, other].map(({ gaps }) => gaps.length)).toEqual([0, 0, 1]);
      expect([same, unknown, other].map((each) => each.numbers())).toEqual([[2], [2], upTo(3)]);
    });

    test('says what is at the place where a subscriber has caught up, whether that was heard or not', async () => {
      const { here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      for (const number of upTo(3)) await here.publish('notes', note(number));
      await eventually('all events', () => heard.deliveries.length === 3);
      const { position, digest } = heard.deliveries[2]!;
      const late = hear(there, 'notes', 'now');
      const later = hear(there, 'notes', { ...position, digest: null });
      for (const { caughtUp } of [late, later])
        await eventually('to catch up', () => caughtUp.length === 1 && caughtUp[0]);
      expect([late.caughtUp, later.caughtUp]).toEqual([[{ ...position, digest }], [{ ...position, digest }]]);
    });

    test('tells of a gap when the log was made anew, and goes on', async () => {
      const { world: one, here, there } = await pair();
      const heard = hear(there, 'notes', 'oldest');
      await here.publish('notes', note('before'));
      await eventually('the event', () => heard.deliveries.length === 1);
      await one.renew();
      await eventually('the gap', () => heard.gaps.length > 0, { withinMs: 20_000 });
      await once(() => here.publish('notes', note('after')));
      await eventually('the event in the new log', () => heard.numbers().includes('after'), {
        withinMs: 20_000,
      });
      expect(heard.deliveries.at(-1)?.position.log).not.toBe(heard.deliveries[0]?.position.log);
    }, 60_000);
  });
}
