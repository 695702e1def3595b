/**
 * What every bus must do when it has lost events that it had acknowledged: whoever heard them finds out, whether it was listening
 * meanwhile or not.
 */
import { describe, expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import type { Bus, Place } from '../bus.ts';
import { type BusWorld, hear, note, once, stage, upTo } from './world.contract.ts';

/** Whose log can be put back to what it was. */
export type FragileWorld = BusWorld & Required<Pick<BusWorld, 'save'>>;

export function lossContract(name: string, begin: () => Promise<FragileWorld>): void {
  describe(`${name}, when it has lost its newest events`, () => {
    const { world, open, pair } = stage(begin);

    test('tells of a gap when the log has lost what was heard, and others have published in its place', async () => {
      const { world, here, there } = await pair();
      const release = Promise.withResolvers<void>();
      const heard = hear(there, 'notes', 'oldest', ({ data }) => (data === 9 ? release.promise : undefined));
      for (const number of upTo(5)) await here.publish('notes', note(number));
      const goBack = await world.save();
      for (const number of upTo(5)) await once(() => here.publish('notes', note(5 + number)));
      await eventually('the last', () => heard.numbers().at(-1) === 9, { withinMs: 30_000 });
      await goBack();
      for (const number of upTo(8)) await once(() => here.publish('notes', note(100 + number)));
      await eventually('the connection', () => there.state === 'connected', { withinMs: 30_000 });
      release.resolve();
      await eventually('the newest', () => heard.numbers().includes(107), { withinMs: 30_000 });
      expect(heard.gaps.length).toBeGreaterThan(0);
      for (const number of upTo(8)) expect(heard.numbers()).toContain(100 + number);
    }, 90_000);

    /** Ten events are heard, and the last five of them are lost. Nobody listens from then on. */
    async function loseHalf(): Promise<{ readonly here: Bus; readonly place: Place }> {
      const one = await world();
      const here = await open(one, 'here');
      for (const number of upTo(5)) await once(() => here.publish('notes', note(number)));
      const goBack = await one.save();
      for (const number of upTo(5)) await once(() => here.publish('notes', note(5 + number)));
      const heard = hear(here, 'notes', 'oldest');
      await eventually('the last', () => heard.numbers().at(-1) === 9, { withinMs: 30_000 });
      heard.subscription.close();
      const { position, digest } = heard.deliveries.at(-1)!;
      await goBack();
      return { here, place: { ...position, digest } };
    }

    async function hearFrom(bus: Bus, place: Place) {
      const heard = hear(bus, 'notes', place);
      await eventually('to catch up', () => heard.caughtUp.length > 0, { withinMs: 30_000 });
      return heard;
    }

    test('tells who comes back of a gap when nothing was published in their place', async () => {
      const { here, place } = await loseHalf();
      const heard = await hearFrom(here, place);
      expect(heard.gaps.length).toBe(1);
      expect(heard.numbers()).toEqual(upTo(5));
    }, 90_000);

    test('tells who comes back of a gap when others were published in their place', async () => {
      const { here, place } = await loseHalf();
      for (const number of upTo(8)) await once(() => here.publish('notes', note(100 + number)));
      const heard = await hearFrom(here, place);
      expect(heard.gaps.length).toBe(1);
      expect(heard.numbers()).toEqual([...upTo(5), ...upTo(8).map((number) => 100 + number)]);
      const again = await hearFrom(here, heard.caughtUp[0]!);
      expect([again.gaps, again.numbers()]).toEqual([[], []]);
    }, 90_000);

    test('is another log from then on, so that nobody else goes by what was lost', async () => {
      const { here, place } = await loseHalf();
      for (const number of upTo(8)) await once(() => here.publish('notes', note(100 + number)));
      const innocent = hear(here, 'notes', { ...place, sequence: 5, digest: null });
      await eventually('to catch up', () => innocent.caughtUp.length > 0, { withinMs: 30_000 });
      expect(innocent.gaps).toEqual([]);
      const heard = await hearFrom(here, place);
      expect(heard.gaps[0]?.log).not.toBe(place.log);
      expect(await here.newest('notes')).toEqual({ log: heard.gaps[0]!.log, sequence: 13 });
      await eventually('the other to hear of it', () => innocent.gaps.length === 1, { withinMs: 30_000 });
      await once(() => here.publish('notes', note('new')));
      await eventually('the event', () => innocent.numbers().includes('new'), { withinMs: 30_000 });
    }, 90_000);

    test('tells who had heard nothing of what was lost, and comes back, of no gap', async () => {
      const { here, place } = await loseHalf();
      for (const number of upTo(8)) await once(() => here.publish('notes', note(100 + number)));
      const heard = await hearFrom(here, { ...place, sequence: 5, digest: null });
      const before = await hearFrom(here, heard.caughtUp[0]!);
      expect([heard.gaps, before.gaps]).toEqual([[], []]);
    }, 90_000);
  });
}
