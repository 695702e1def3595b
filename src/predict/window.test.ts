import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { firstBytes, leastBytes, mostBytes, openWindow, targetMs } from './window.ts';

const empty = { delayMs: 0, leastMs: 60 };
const full = { delayMs: 4 * targetMs, leastMs: 60 };

/** Past its beginning. */
function grown() {
  const window = openWindow();
  window.seen({ ...empty, delayMs: targetMs }, 30);
  return window;
}

describe('what may be on its way', () => {
  test('grows fast with what arrives, until something is queued; then it is halved, and grows slowly', () => {
    const window = openWindow();
    window.seen(empty, 30);
    window.arrived(firstBytes, true);
    expect(window.bytes).toBe(1.5 * firstBytes);
    window.seen({ ...empty, delayMs: targetMs }, 30);
    window.seen(empty, 30);
    window.arrived(firstBytes, true);
    expect(window.bytes).toBe(firstBytes);
  });

  test('does not grow by what says nothing: while less is on its way, or as long as nothing is known of the way', () => {
    const window = openWindow();
    window.arrived(firstBytes, true);
    window.seen(empty, 30);
    window.arrived(firstBytes, false);
    expect(window.bytes).toBe(firstBytes);
  });

  test('is halved at most by what is queued within a round trip, down to its least', () => {
    const window = grown();
    const before = window.bytes;
    window.seen(full, 60);
    expect([window.bytes, window.isCrowded]).toEqual([before / 2, true]);
    for (let times = 0; times < 50; times++) window.seen(full, 60);
    expect(window.bytes).toBe(leastBytes);
    window.arrived(leastBytes, true);
    expect(window.bytes).toBe(leastBytes);
  });

  test('shrinks by the time that something is queued for, and not by how often it is looked at', () => {
    const [often, once] = [grown(), grown()];
    for (let times = 0; times < 6; times++) often.seen(full, 10);
    once.seen(full, 60);
    expect(often.bytes).toBeCloseTo(once.bytes, 0);
  });

  test('begins anew after a rest, and becomes less by what fails', () => {
    const window = openWindow();
    window.seen(full, 60);
    window.rested();
    expect([window.bytes, window.isCrowded]).toEqual([firstBytes, false]);
    window.failed();
    expect(window.bytes).toBe(firstBytes * 0.9);
  });

  test('stays within its bounds, whatever happens', () => {
    const step = fc.record({ delayMs: fc.nat(10_000), sinceMs: fc.nat(1_000), came: fc.nat(10_000_000) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const window = openWindow();
        for (const { delayMs, sinceMs, came } of steps) {
          window.seen({ delayMs, leastMs: 60 }, sinceMs);
          window.arrived(came, true);
          expect(window.bytes).toBeWithin(leastBytes, mostBytes + 1);
        }
      }),
    );
  });
});
