import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { turns } from '../cache/answers.contract.ts';
import { gatherChanges } from './changes.ts';
import type { Order } from './issue.ts';

const a = { by: 'key', key: 'web /a' } as const;
const b = { by: 'key', key: 'web /b' } as const;

function world(issue: (order: Order) => Promise<unknown> = async () => undefined) {
  const clock = virtualClock();
  const orders: Order[] = [];
  const warnings: string[] = [];
  const changes = gatherChanges({
    issue(order) {
      orders.push(order);
      return issue(order);
    },
    node: 'origin',
    clock,
    log: { warn: (message) => void warnings.push(message) },
  });
  return { clock, orders, warnings, changes };
}

test('what is found at the same time goes out together, each thing once', () => {
  const { clock, orders, changes } = world();
  for (const selector of [a, b, a, b]) changes.report({ selectors: [selector], soft: true });
  expect(orders).toEqual([]);
  clock.advance(100);
  expect(orders).toMatchObject([{ selectors: [a, b], soft: true, seen: { keys: [] } }]);
});

test('a thing that changes all the time is purged every few seconds, and the last time when it was found last', () => {
  const { clock, orders, changes } = world();
  for (let second = 0; second < 20; second++) {
    changes.report({ selectors: [a], soft: true });
    clock.advance(1_000);
  }
  expect(orders).toHaveLength(4);
  clock.advance(60_000);
  expect(orders).toHaveLength(5);
  expect(clock.waiting).toBe(0);
});

test('what is gone is purged for good, and what others found meanwhile is not called seen', () => {
  const { clock, orders, changes } = world();
  changes.report({ selectors: [a], soft: false, seen: a.key });
  changes.report({ selectors: [b], soft: true, seen: b.key });
  changes.report({ selectors: [b], soft: true });
  clock.advance(100);
  expect(orders).toMatchObject([
    { selectors: [b], soft: true, seen: { node: 'origin', keys: [] } },
    { selectors: [a], soft: false, seen: { node: 'origin', keys: [a.key] } },
  ]);
});

test('what the bus does not take is tried again until it does, and said once', async () => {
  let isAway = true;
  const { clock, changes, orders, warnings } = world(async () => {
    if (isAway) throw new Error('the bus is away');
  });
  changes.report({ selectors: [a, b], soft: true, seen: a.key });
  for (let second = 0; second < 12; second++) {
    clock.advance(1_000);
    await turns();
  }
  expect([orders.length, changes.counts.issued, warnings.length]).toEqual([3, 0, 1]);
  isAway = false;
  clock.advance(5_000);
  await turns();
  expect(orders.at(-1)).toMatchObject({ selectors: [a, b], soft: true, seen: { keys: [a.key] } });
  expect([orders.length, changes.counts.issued]).toEqual([4, 2]);
  clock.advance(60_000);
  expect([orders.length, clock.waiting]).toEqual([4, 0]);
});

test('what no node could read is left out, and the rest goes', () => {
  const { clock, changes, orders } = world();
  changes.report({ selectors: [{ by: 'key', key: 'x'.repeat(40_000) }, a], soft: true });
  clock.advance(100);
  expect([orders.map(({ selectors }) => selectors), changes.counts.dropped]).toEqual([[[a]], 1]);
});
