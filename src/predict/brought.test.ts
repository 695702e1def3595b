import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { CacheKey } from '../resource.ts';
import { openBrought } from './brought.ts';
import type { Source } from './score.ts';

const [a, b] = ['npm a', 'npm b'] as [CacheKey, CacheKey];

function opened() {
  const clock = virtualClock();
  const said: (string | number)[][] = [];
  const unwanted: CacheKey[] = [];
  const brought = openBrought({
    clock,
    usableMs: () => 60_000,
    used: ({ source }, savedMs) => said.push(['used', source, savedMs]),
    usedBytes: ({ bytes }) => said.push(['used bytes', bytes]),
    inVain: ({ source, bytes }) => said.push(['in vain', source, bytes]),
    unwanted: (keys) => unwanted.push(...keys),
  });
  return { clock, brought, said, unwanted };
}

const of = (source: Source, bytes: number) => ({ source, route: 'npm', likelihood: 1, bytes });

test('what somebody comes for is used once, with the time that it took to come', () => {
  const { clock, brought, said } = opened();
  brought.begin(a, of('known', 100));
  clock.advance(30);
  brought.arrived(a, 120);
  expect(brought.unusedBytes).toBe(120);
  clock.advance(1_000);
  brought.use(a);
  brought.use(a);
  expect(said).toEqual([
    ['used', 'known', 30],
    ['used bytes', 120],
  ]);
  expect([brought.unusedBytes, brought.isUsed(a), brought.has(a)]).toEqual([0, true, true]);
  clock.advance(120_000);
  expect([said.length, brought.has(a)]).toEqual([2, false]);
});

test('who comes while it is on its way is spared the time until then, and its bytes count when they are here', () => {
  const { clock, brought, said } = opened();
  brought.begin(a, of('known', 100));
  clock.advance(10);
  brought.use(a);
  expect([said, brought.unusedBytes]).toEqual([[['used', 'known', 10]], 0]);
  clock.advance(50);
  brought.arrived(a, 70);
  expect(said.at(-1)).toEqual(['used bytes', 70]);
  expect(brought.unusedBytes).toBe(0);
});

test('what nobody comes for in time was in vain', () => {
  const { clock, brought, said } = opened();
  brought.begin(a, of('learned', 100));
  brought.arrived(a, 100);
  clock.advance(59_000);
  expect(said).toEqual([]);
  clock.advance(10_000);
  expect(said).toEqual([['in vain', 'learned', 100]]);
  expect([brought.unusedBytes, brought.has(a)]).toEqual([0, false]);
  brought.use(a);
  expect(said).toHaveLength(1);
});

test('of what is here and was in vain is told by name, but for what had been in use and was renewed', () => {
  const { clock, brought, unwanted } = opened();
  const renewed = 'npm renewed' as CacheKey;
  for (const key of [a, b]) brought.begin(key, of('known', 100));
  brought.begin(renewed, of('renewed', 100));
  for (const key of [a, b, renewed]) brought.arrived(key, 100);
  brought.use(b);
  clock.advance(70_000);
  expect([brought.has(renewed), unwanted]).toEqual([false, [a]]);
});

test('what is still on its way is not in vain, and does not keep others from being so', () => {
  const { clock, brought, said } = opened();
  brought.begin(a, of('known', 100));
  brought.begin(b, of('known', 50));
  brought.arrived(b, 50);
  clock.advance(70_000);
  expect(said).toEqual([['in vain', 'known', 50]]);
  expect(brought.has(a)).toBe(true);
});

test('room is taken from the beginning, and given back where it could not be had', () => {
  const { brought, said } = opened();
  brought.begin(a, of('known', 100));
  expect(brought.unusedBytes).toBe(100);
  brought.dismiss(a);
  expect([brought.unusedBytes, brought.has(a)]).toEqual([0, false]);
  brought.begin(a, of('known', 100));
  brought.use(a);
  brought.dismiss(a);
  brought.dismiss(b);
  brought.arrived(b, 5);
  expect([brought.unusedBytes, said.length]).toEqual([0, 1]);
});

test('what is fetched again before anybody came for it was in vain the first time', () => {
  const { brought, said } = opened();
  brought.begin(a, of('renewed', 100));
  brought.arrived(a, 100);
  brought.begin(a, of('renewed', 80));
  expect(said).toEqual([['in vain', 'renewed', 100]]);
  expect(brought.unusedBytes).toBe(80);
});

test('no more is remembered than there is room for: the oldest goes first', () => {
  const { brought, said } = opened();
  brought.begin(a, of('known', 1));
  for (let at = 0; at < 65_536; at++) brought.begin(`npm ${at}` as CacheKey, of('known', 1));
  expect(brought.has(a)).toBe(false);
  expect(said).toHaveLength(1);
  expect(brought.unusedBytes).toBe(65_536);
});

test('after it is closed, nothing is looked at any more', () => {
  const { clock, brought } = opened();
  brought.close();
  expect(clock.waiting).toBe(0);
});

test('what has gone, or was not for keeping, was in vain unless somebody has come for it', () => {
  const { brought, said } = opened();
  for (const key of [a, b]) {
    brought.begin(key, of('known', 100));
    brought.arrived(key, 80);
  }
  brought.use(b);
  said.length = 0;
  brought.lost(a);
  brought.lost(b);
  expect(said).toEqual([['in vain', 'known', 80]]);
  expect([brought.unusedBytes, brought.has(a), brought.has(b)]).toEqual([0, false, false]);
});

test('what it is at, and what led to it, is told', () => {
  const { brought } = opened();
  const told = () => [
    brought.isOnItsWay(a),
    brought.isHere(a),
    brought.isAwaited(a),
    brought.of(a)?.source ?? null,
  ];
  expect(told()).toEqual([false, false, false, null]);
  brought.begin(a, of('linked', 1));
  expect(told()).toEqual([true, false, true, 'linked']);
  brought.arrived(a, 1);
  expect(told()).toEqual([false, true, true, 'linked']);
  brought.use(a);
  expect(told()).toEqual([false, true, false, 'linked']);
});
