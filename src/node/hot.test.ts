import { describe, expect, test } from 'bun:test';
import { exchange } from '../../test/support/builders.ts';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import type { NodeConfig } from '../config/network.ts';
import { tally } from '../hot/tally.ts';
import type { CacheKey } from '../resource.ts';
import { openLog } from '../telemetry/log.ts';
import { openNodeHot } from './hot.ts';
import type { NodeRing } from './ring.ts';

const key = 'web /a' as CacheKey;
const members = ['a', 'b', 'c', 'd', 'e', 'f'];
const settings = {
  perSecond: 100,
  viralPerSecond: 10_000,
  cpuPercent: 1000,
  risingFromPerSecond: 1_000_000,
  replicasAtLeast: 2,
  replicasAtMost: 2,
  everyS: 5,
  keepS: 60,
  nearRequests: 3,
  nearWithinS: 10,
};

/** One of six members, each of which owns nothing but `a`, which owns all: the others follow in the order of their names. */
async function stage(own: string, isHot = true) {
  const clock = virtualClock();
  const counted = tally();
  const [gone, busy, asked] = [new Set<string>(), new Map<string, number>(), [] as string[]];
  const counts = { relayed: 0, framed: 0, failed: 0, copied: 0 };
  const taking = { answer: Promise.resolve(true) };
  const ring = {
    own,
    members,
    counts,
    isUp: (member: string) => !gone.has(member),
    underWay: (member: string) => busy.get(member) ?? 0,
    ownersOf: (_: string, count: number) => members.slice(0, count),
    before: () => members.slice(0, members.indexOf(own)).filter((member) => !gone.has(member)),
  } as Partial<NodeRing> as NodeRing;
  const hot = openNodeHot({
    ...{ ring, name: 'node-lhr', tally: counted, clock, bus: hub(clock.now).join(own) },
    log: openLog({ level: 'error', format: 'json', clock, write: () => {} }),
    config: () => ({ hot: settings }) as NodeConfig,
    requests: () => 0,
    take: (from) => {
      asked.push(from);
      return taking.answer;
    },
  });
  if (isHot) counted.count(key, 5 * 200);
  clock.advance(5_000);
  const missing = async () => {
    hot.missing(key, exchange());
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  const handedOver = async (of = key) => {
    hot.handedOver(of, exchange());
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  const choices = () => Array.from({ length: 12 }, () => hot.replicaFor(key));
  return { hot, clock, gone, busy, asked, taking, counts, missing, handedOver, choices };
}

describe('a member that keeps no copy', () => {
  test('asks the owner and those that do in turn', async () => {
    const { choices, hot } = await stage('f');
    const turns = choices();
    // The owner is asked in the usual way.
    expect(new Set(turns)).toEqual(new Set(['b', 'c', null]));
    for (const choice of ['b', 'c', null]) expect(turns.filter((each) => each === choice)).toHaveLength(4);
    expect(hot.status()).toEqual([{ key, perSecond: 200, cpu: 0, why: 'rate', replicas: ['b', 'c'] }]);
  });

  test('of two asks the one that owes it fewer answers, and none that is gone', async () => {
    const { choices, busy, gone } = await stage('f');
    busy.set('b', 5).set('a', 5);
    expect(choices().filter((choice) => choice === 'c').length).toBeGreaterThanOrEqual(8);
    gone.add('c');
    expect(choices()).not.toContain('c');
  });

  test('asks for none', async () => {
    const { missing, asked } = await stage('f');
    await missing();
    expect(asked).toEqual([]);
  });
});

describe('a member that shall keep a copy', () => {
  test('asks nobody else than the owner, for the copy as well', async () => {
    const { choices, missing, asked } = await stage('b');
    expect(new Set(choices())).toEqual(new Set([null]));
    await missing();
    expect(asked).toEqual(['a']);
  });

  test('asks once at a time, and after an answer that was none not at once', async () => {
    const { clock, missing, asked, taking } = await stage('b');
    const pending = Promise.withResolvers<boolean>();
    taking.answer = pending.promise;
    await missing();
    await missing();
    expect(asked).toHaveLength(1);
    pending.resolve(false);
    await pending.promise;
    await missing();
    expect(asked).toHaveLength(1);
    clock.advance(100);
    taking.answer = Promise.reject(new Error('gone'));
    await missing();
    expect(asked).toHaveLength(2);
    clock.advance(100);
    taking.answer = Promise.resolve(true);
    await missing();
    await missing();
    expect(asked).toHaveLength(4);
  });

  test('asks whoever stands in for an owner that is gone, and for nothing that is its own turn', async () => {
    const { gone, missing, asked } = await stage('c');
    gone.add('a');
    await missing();
    expect(asked).toEqual(['b']);
    gone.add('b');
    await missing();
    expect(asked).toEqual(['b']);
  });

  test('asks for nothing that is not hot', async () => {
    const { choices, missing, asked, hot } = await stage('b', false);
    expect(new Set(choices())).toEqual(new Set([null]));
    await missing();
    expect(asked).toEqual([]);
    expect(hot.status()).toEqual([]);
  });
});

describe('what a member hands over', () => {
  const other = 'web /b' as CacheKey;

  test('again and again it copies from its owner, hot or not', async () => {
    const { handedOver, asked, counts } = await stage('f');
    await handedOver(other);
    await handedOver(other);
    expect(asked).toEqual([]);
    await handedOver(other);
    expect(asked).toEqual(['a']);
    expect(counts.copied).toBe(1);
  });

  test('is copied at once where it is hot and to be kept here', async () => {
    const { handedOver, asked } = await stage('b');
    await handedOver();
    expect(asked).toEqual(['a']);
  });

  test('is copied from whoever stands in for the owner, and not when it is one’s own turn by now', async () => {
    const { handedOver, asked, gone } = await stage('c');
    gone.add('a');
    for (let time = 0; time < 3; time++) await handedOver(other);
    expect(asked).toEqual(['b']);
    gone.add('b');
    for (let time = 0; time < 3; time++) await handedOver(other);
    expect(asked).toEqual(['b']);
  });

  test('and cannot be copied does no harm', async () => {
    const { handedOver, asked, taking, clock, counts } = await stage('f');
    taking.answer = Promise.reject(new Error('gone'));
    for (let time = 0; time < 20; time++) await handedOver(other);
    expect(asked).toHaveLength(1);
    clock.advance(1_000);
    taking.answer = Promise.resolve(true);
    for (let time = 0; time < 3; time++) await handedOver(other);
    expect([asked.length, counts.copied]).toEqual([2, 1]);
  });
});
