import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
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
    warn: (message) => void warnings.push(message),
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

test('what cannot be issued is counted and said', async () => {
  const { clock, changes, warnings } = world(() => Promise.reject(new Error('the bus is away')));
  changes.report({ selectors: [a, b], soft: true });
  clock.advance(100);
  await Bun.sleep(0);
  expect([changes.counts.dropped, warnings.length]).toEqual([2, 1]);
});
