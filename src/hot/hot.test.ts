import { describe, expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { type VirtualClock, virtualClock } from '../../test/support/clock.ts';
import type { Bus } from '../bus.ts';
import { type Hot, type HotSettings, openHot } from './hot.ts';
import { type Tally, tally } from './tally.ts';

const settings: HotSettings = {
  perSecond: 1000,
  viralPerSecond: 5000,
  cpuPercent: 80,
  risingFromPerSecond: 1_000_000,
  replicasAtLeast: 3,
  replicasAtMost: 5,
  everyS: 5,
  keepS: 60,
};

interface Member {
  readonly hot: Hot;
  readonly tally: Tally;
  readonly work: { requests: number; cpuMs: number };
  readonly changes: (readonly string[])[];
}

function member(name: string, bus: Bus, clock: VirtualClock, given: () => HotSettings | null): Member {
  const counted = tally();
  const work = { requests: 0, cpuMs: 0 };
  const changes: (readonly string[])[] = [];
  const hot = openHot({
    tally: counted,
    bus,
    clock,
    ring: 'node-lhr',
    member: name,
    settings: given,
    work: () => work,
    changed: (list) => void changes.push([...list.keys()]),
  });
  return { hot, tally: counted, work, changes };
}

/** Lets so much time pass, with what the bus has to tell on the way. */
async function pass(clock: VirtualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

function stage(given: () => HotSettings | null = () => settings) {
  const clock = virtualClock();
  const central = hub(clock.now);
  const buses = [central.join('a'), central.join('b'), central.join('c')];
  const members = buses.map((bus, at) => member(`lhr.${at + 1}`, bus, clock, given));
  return { clock, central, buses, members };
}

const listed = ({ hot }: Member) => [...hot.list.values()];

describe('the members of a ring', () => {
  test('agree on what is hot by what all of them are asked for together', async () => {
    const { clock, members } = stage();
    // 400 a second each: alone, for none of them enough.
    for (const { tally: counted } of members) counted.count('/a', 5 * 400);
    await pass(clock, 5);
    for (const { tally: counted } of members) counted.count('/a', 5 * 400);
    await pass(clock, 5);
    for (const each of members) {
      expect(listed(each)).toEqual([{ key: '/a', perSecond: 1200, cpu: 0, why: 'rate', replicas: 3 }]);
      expect(each.changes).toEqual([['/a']]);
    }
  });

  test('count what a member last said, but not for long after it fell silent', async () => {
    const { clock, buses, members } = stage();
    const [first, second] = members;
    for (let look = 0; look < 3; look++) {
      first!.tally.count('/a', 5 * 900);
      second!.tally.count('/a', 5 * 900);
      await pass(clock, 5);
    }
    expect(listed(first!)[0]?.perSecond).toBe(1800);
    buses[1]!.cut();
    for (let look = 0; look < 4; look++) {
      first!.tally.count('/a', 5 * 900);
      await pass(clock, 5);
    }
    expect(listed(first!)[0]?.perSecond).toBe(900);
    for (let look = 0; look < 12; look++) await pass(clock, 5);
    expect(listed(first!)).toEqual([]);
  });

  test('do not believe what was said before they listened', async () => {
    const clock = virtualClock();
    const central = hub(clock.now);
    await central
      .join('dead')
      .view('hot-node-lhr')
      .put('lhr.9', [['/old', 90_000, 0]]);
    const late = member('lhr.1', central.join('a'), clock, () => settings);
    await pass(clock, 10);
    expect(listed(late)).toEqual([]);
    await central
      .join('dead')
      .view('hot-node-lhr')
      .put('lhr.9', [['/new', 90_000, 0]]);
    await pass(clock, 5);
    expect(listed(late)).toMatchObject([{ key: '/new', why: 'viral' }]);
    // What is not of this form was not written by a member.
    await central.join('dead').view('hot-node-lhr').put('lhr.9', { a: 1 });
    await pass(clock, 70);
    expect(listed(late)).toEqual([]);
  });

  test('go by clocks that say what they like', async () => {
    const { clock, members } = stage();
    for (let look = 0; look < 3; look++) {
      for (const { tally: counted } of members) counted.count('/a', 5 * 400);
      clock.set(look % 2 === 0 ? 3_600_000 : -7_200_000);
      await pass(clock, 5);
    }
    for (const each of members) expect(listed(each)).toHaveLength(1);
  });

  test('take the part that a key has of a worker’s requests for its part of the processor time', async () => {
    const { clock, members } = stage();
    const [first] = members;
    first!.work.requests = 1000;
    first!.work.cpuMs = 5 * 950;
    first!.tally.count('/heavy', 900);
    first!.tally.count('/light', 96);
    await pass(clock, 5);
    expect(listed(first!)).toMatchObject([{ key: '/heavy', why: 'cpu', cpu: 0.855 }]);
  });

  test('have no list while there are no settings, and a new one once there are', async () => {
    let given: HotSettings | null = settings;
    const { clock, members } = stage(() => given);
    const [first] = members;
    first!.tally.count('/a', 5 * 2000);
    await pass(clock, 5);
    expect(listed(first!)).toHaveLength(1);
    given = null;
    expect(listed(first!)).toEqual([]);
    first!.tally.count('/a', 5 * 2000);
    await pass(clock, 10);
    given = settings;
    expect(listed(first!)).toEqual([]);
    first!.tally.count('/b', 5 * 2000);
    await pass(clock, 5);
    expect(listed(first!).map(({ key }) => key)).toEqual(['/b']);
  });

  test('say nothing where there is nothing to say, and take back what they said when they leave', async () => {
    const { clock, central, members } = stage();
    const view = central.join('d').view('hot-node-lhr');
    const [first] = members;
    await pass(clock, 20);
    expect(await view.get('lhr.1')).toBeNull();
    first!.tally.count('/a', 5 * 2000);
    first!.tally.count('/b', 5);
    await pass(clock, 5);
    expect((await view.get('lhr.1'))?.value).toEqual([['/a', 2000, 0]]);
    await pass(clock, 5);
    expect((await view.get('lhr.1'))?.value).toEqual([]);
    await first!.hot.close();
    expect((await view.get('lhr.1'))?.value ?? null).toBeNull();
  });
});
