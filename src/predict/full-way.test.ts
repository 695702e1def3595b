import { expect, test } from 'bun:test';
import { keyOf, settled, world } from './predictor.contract.ts';

test('as soon as the way to the parents is full, little begins, and long bodies rest; when it is free again, more', async () => {
  const { state, predictor, asks, clock } = world({ atOnce: 100, roomBytes: 2 ** 30, objectBytes: 2 ** 20 });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  state.way = { delayMs: 500, leastMs: 60 };
  state.plans.set('after=/a', [{ target: '/first', bytes: 65_536 }]);
  state.plans.set(
    'after=/b',
    Array.from({ length: 50 }, (_, at) => ({ target: `/${at}`, bytes: 20_000 })),
  );
  asks('/a');
  await settled();
  for (let times = 0; times < 40; times++) clock.advance(30);
  expect(predictor.state.windowBytes).toBe(64 * 1024);
  expect(predictor.turn(keyOf('/first'))).toBeInstanceOf(Promise);
  asks('/b');
  await settled();
  expect(predictor.state).toMatchObject({ underWay: 1, waiting: 50 });
  state.way = { delayMs: 0, leastMs: 60 };
  resolve();
  for (let times = 0; times < 40; times++) {
    clock.advance(30);
    await settled();
  }
  expect(predictor.turn(keyOf('/first'))).toBeNull();
  expect(predictor.state).toMatchObject({ underWay: 0, waiting: 0 });
});
