import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { openHeard } from './heard.ts';

const trustMs = 10_000;

/** What happens, and what the node makes of it. */
function world() {
  const clock = virtualClock();
  const now = {
    busProvenMs: 0,
    bus: true,
    origin: 'told' as 'told' | 'untold' | 'away',
    reads: 0,
    hold: Promise.resolve(),
  };
  const heard = openHeard({
    clock,
    trustMs: () => trustMs,
    busUnheardMs: () => clock.elapsed() - (now.bus ? clock.elapsed() : now.busProvenMs),
    async isTold() {
      if (now.origin === 'away') throw new Error('the origin is away');
      return now.origin === 'told';
    },
    async readAgain() {
      now.reads++;
      await now.hold;
    },
  });
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      for (let turn = 0; turn < 10; turn++) await null;
    }
  }
  const cut = () => Object.assign(now, { bus: false, busProvenMs: clock.elapsed() });
  return { now, cut, pass, isTrusted: () => heard.unheardMs <= trustMs, close: heard.close };
}

test('while the bus has all that the origin knows, all is heard', async () => {
  const { pass, isTrusted, now } = world();
  await pass(100);
  expect([isTrusted(), now.reads]).toEqual([true, 0]);
});

test('an origin that cannot tell the bus is not heard, though the bus is', async () => {
  const { now, pass, isTrusted } = world();
  await pass(5);
  now.origin = 'untold';
  await pass(6);
  expect(isTrusted()).toBe(true);
  await pass(8);
  expect(isTrusted()).toBe(false);
});

test('an origin that is away has nothing to tell', async () => {
  const { now, pass, isTrusted } = world();
  await pass(5);
  now.origin = 'away';
  await pass(100);
  expect(isTrusted()).toBe(true);
});

test('after the time of trust without a bus, a bus that is back is not enough: all is read again once the origin says it is told', async () => {
  const { now, cut, pass, isTrusted } = world();
  await pass(5);
  cut();
  await pass(9);
  expect(isTrusted()).toBe(true);
  await pass(5);
  expect(isTrusted()).toBe(false);
  Object.assign(now, { bus: true, origin: 'untold' });
  await pass(5);
  expect([isTrusted(), now.reads]).toEqual([false, 0]);
  now.origin = 'away';
  await pass(5);
  expect([isTrusted(), now.reads]).toEqual([false, 0]);
  now.origin = 'told';
  await pass(3);
  expect([isTrusted(), now.reads]).toEqual([true, 1]);
});

test('what was read while the bus went and came back is not enough: the origin is asked once more', async () => {
  const { now, cut, pass, isTrusted } = world();
  await pass(1);
  cut();
  await pass(12);
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(now, { bus: true, hold: promise });
  await pass(3);
  expect([isTrusted(), now.reads]).toEqual([false, 1]);
  // It goes, something changes, and it is back before that could be told.
  now.origin = 'untold';
  resolve();
  await pass(1);
  expect(isTrusted()).toBe(false);
  now.origin = 'told';
  await pass(2);
  expect([isTrusted(), now.reads]).toEqual([true, 2]);
});

test('a word from before the bus was back does not count', async () => {
  const { cut, pass, isTrusted, now } = world();
  await pass(1);
  cut();
  await pass(20);
  expect([isTrusted(), now.reads]).toEqual([false, 0]);
});

test('nothing is asked once it is closed', async () => {
  const { now, pass, close } = world();
  await pass(1);
  close();
  now.origin = 'untold';
  await pass(100);
  expect(now.reads).toBe(0);
});
