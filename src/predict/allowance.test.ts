import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { virtualClock } from '../../test/support/clock.ts';
import type { Way } from '../parent.ts';
import { openQueueing } from '../parents/queueing.ts';
import { type AllowanceLimits, openAllowance } from './allowance.ts';
import { firstBytes, leastBytes, targetMs } from './window.ts';

function opened(limits: AllowanceLimits) {
  const clock = virtualClock();
  const on = { way: null as Way | null, look: () => on.way, hasRoom: () => {} };
  const allowance = openAllowance({
    ...{ clock, limits: () => limits },
    way: () => on.look(),
    hasRoom: () => on.hasRoom(),
  });
  return { clock, allowance, on };
}

test('so many may be under way at once, and so many bytes, but for one that always may', () => {
  const { allowance } = opened({ atOnce: 64 });
  let begun = 0;
  for (; allowance.mayBegin(); begun++) allowance.begin(100_000);
  expect(begun).toBe(Math.ceil(firstBytes / 100_000));
  const few = opened({ atOnce: 3 }).allowance;
  for (begun = 0; few.mayBegin(); begun++) few.begin(100_000);
  expect(begun).toBe(3);
  const one = opened({ atOnce: 64 }).allowance;
  for (let times = 0; times < 100; times++) one.begin(100_000).end(0, true);
  expect(one.bytes).toBe(leastBytes);
  one.begin(10 * leastBytes).announced(1);
  expect(one.mayBegin()).toBe(true);
  one.begin(10 * leastBytes);
  expect(one.mayBegin()).toBe(false);
});

test('what turns out longer than it was foreseen leaves less room for others, until it has come', () => {
  const { allowance } = opened({ atOnce: 64 });
  for (let times = 0; times < 100; times++) allowance.begin(0).end(0, true);
  const long = allowance.begin(100);
  expect([allowance.bytes, allowance.mayBegin()]).toEqual([leastBytes, true]);
  long.announced(10 * leastBytes);
  expect(allowance.mayBegin()).toBe(false);
  long.arrived(9.5 * leastBytes);
  expect(allowance.mayBegin()).toBe(true);
});

test('clients who wait for something else have their share, but for one that may always be under way', () => {
  const { allowance } = opened({ atOnce: 4 });
  allowance.others = 3;
  expect(allowance.mayBegin()).toBe(true);
  const only = allowance.begin(0);
  expect(allowance.mayBegin()).toBe(false);
  allowance.others = 2;
  expect(allowance.mayBegin()).toBe(true);
  allowance.others = 100;
  only.end(0, false);
  expect(allowance.mayBegin()).toBe(true);
});

test('a long one rests while the way is full; where nothing is known of the way, while clients wait for something else', () => {
  const { allowance, clock, on } = opened({ atOnce: 4 });
  allowance.begin(leastBytes);
  allowance.others = 1;
  expect(allowance.mustRest).toBe(true);
  on.way = { delayMs: 0, leastMs: 60 };
  clock.advance(30);
  expect(allowance.mustRest).toBe(false);
  allowance.others = 0;
  on.way = { delayMs: 2 * targetMs, leastMs: 60 };
  clock.advance(30);
  expect(allowance.mustRest).toBe(true);
});

test('no more bytes are begun than the rate lets pass, beside a short burst', () => {
  const { allowance, clock } = opened({ atOnce: 64, bytesPerS: 1_000 });
  allowance.begin(1_000);
  expect(allowance.mayBegin()).toBe(false);
  expect(allowance.waitMs()).toBe(750);
  clock.advance(750);
  expect(allowance.mayBegin()).toBe(true);
});

test('what turns out longer than it was begun with counts in full, and what is shorter is given back', () => {
  const { allowance } = opened({ atOnce: 64, bytesPerS: 1_000 });
  const longer = allowance.begin(100);
  expect(allowance.waitMs()).toBe(0);
  longer.end(5_000, false);
  expect(allowance.waitMs()).toBe(4_750);
  allowance.begin(10_000).end(0, false);
  expect(allowance.waitMs()).toBe(4_750);
});

test('whatever happens, nothing is left on the way once all has ended', () => {
  const each = fc.record({ foreseen: fc.nat(1e7), announced: fc.nat(1e7), came: fc.nat(1e7) });
  fc.assert(
    fc.property(fc.array(each), fc.boolean(), (all, failed) => {
      const { allowance } = opened({ atOnce: 256 });
      const begun = all.map(({ foreseen }) => allowance.begin(foreseen));
      for (const [at, { announced, came }] of all.entries()) {
        begun[at]?.announced(announced);
        begun[at]?.arrived(came);
        begun[at]?.end(came, failed);
      }
      const last = allowance.begin(leastBytes - 1);
      expect([allowance.underWay, allowance.mayBegin()]).toEqual([1, true]);
      last.end(0, false);
    }),
  );
});

/** A link on which everything waits for what was sent before it. Predictions are without end; what clients ask for is as much as the test says. */
function onALink({ bytesPerMs, roundTripMs }: { bytesPerMs: number; roundTripMs: number }) {
  const { allowance, clock, on } = opened({ atOnce: 1_000 });
  const queueing = openQueueing();
  const pieceBytes = 100_000;
  let freeMs = 0;
  let predicted = 0;
  let clients = 0;

  const queuedMs = () => Math.max(0, freeMs - clock.elapsed());
  function send(bytes: number, arrived: () => void): void {
    freeMs = Math.max(freeMs, clock.elapsed()) + bytes / bytesPerMs;
    clock.after(freeMs - clock.elapsed() + roundTripMs, arrived);
  }
  function pump(): void {
    while (allowance.mayBegin()) {
      const underWay = allowance.begin(pieceBytes);
      send(pieceBytes, () => {
        predicted += pieceBytes;
        underWay.end(pieceBytes, false);
        pump();
      });
    }
  }
  on.look = () => {
    const sentMs = clock.elapsed();
    send(0, () => queueing.took(clock.elapsed() - sentMs, clock.elapsed()));
    const [delayMs, leastMs] = [queueing.delayMs(sentMs), queueing.leastMs(sentMs)];
    return delayMs === null ? null : { delayMs, leastMs };
  };
  on.hasRoom = pump;
  function ask(): void {
    if (clients > 0) send(clients * 30, () => {});
    clock.after(30, ask);
  }
  ask();
  pump();

  return {
    allowance,
    /** What clients ask for from now on, bytes per ms. */
    set clients(bytesPerMs: number) {
      clients = bytesPerMs;
    },
    /** @returns what came of predictions, bytes per ms, and how much was queued, most of all and on average, ms. */
    after(ms: number) {
      const before = predicted;
      const queued: number[] = [];
      for (let at = 0; at < ms; at += 5) {
        clock.advance(5);
        queued.push(queuedMs());
      }
      const mean = queued.reduce((sum, each) => sum + each, 0) / queued.length;
      return { bytesPerMs: (predicted - before) / ms, mostMs: Math.max(...queued), meanMs: mean };
    },
  };
}

describe('on a link of 200 Mbit/s', () => {
  const link = { bytesPerMs: 25_000, roundTripMs: 65 };

  test('predictions fill what nobody else takes, and queue no more than they may', () => {
    const on = onALink(link);
    const beginning = on.after(1_000);
    expect(beginning.bytesPerMs).toBeGreaterThan(0.75 * link.bytesPerMs);
    expect(beginning.mostMs).toBeLessThan(4 * targetMs);
    const later = on.after(5_000);
    expect(later.bytesPerMs).toBeGreaterThan(0.95 * link.bytesPerMs);
    expect(later.meanMs).toBeLessThan(1.5 * targetMs);
  });

  test('they leave what clients take, and have it again when these have gone', () => {
    const on = onALink(link);
    on.after(3_000);
    on.clients = 15_000;
    on.after(1_000);
    const beside = on.after(3_000);
    expect(beside.bytesPerMs).toBeWithin(0.25 * link.bytesPerMs, 0.41 * link.bytesPerMs);
    expect(beside.meanMs).toBeLessThan(2 * targetMs);
    on.clients = 0;
    on.after(1_000);
    expect(on.after(2_000).bytesPerMs).toBeGreaterThan(0.9 * link.bytesPerMs);
  });

  test('where clients take nearly all of it, they have what little is left', () => {
    const on = onALink(link);
    on.after(3_000);
    on.clients = 23_000;
    on.after(3_000);
    const beside = on.after(4_000);
    expect(beside.bytesPerMs).toBeLessThan(0.1 * link.bytesPerMs);
    expect(beside.meanMs).toBeLessThan(2 * targetMs);
  });

  test('a longer way is filled as well', () => {
    const on = onALink({ ...link, roundTripMs: 230 });
    expect(on.after(3_000).mostMs).toBeLessThan(4 * targetMs);
    const later = on.after(5_000);
    expect(later.bytesPerMs).toBeGreaterThan(0.85 * link.bytesPerMs);
    expect(later.meanMs).toBeLessThan(1.5 * targetMs);
  });
});
