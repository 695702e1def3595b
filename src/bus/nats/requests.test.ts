import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { expiresMs, requests } from './requests.ts';

function begin() {
  const clock = virtualClock();
  const asked: { atMs: number; messages: number }[] = [];
  const inLine = { count: 0 };
  const made = requests({
    maxAhead: 256,
    clock,
    waiting: () => inLine.count,
    ask: (messages) => void asked.push({ atMs: clock.elapsed(), messages }),
  });
  return { clock, asked, inLine, made };
}

describe('requests for messages', () => {
  test('are renewed well before the last one ends', () => {
    const { clock, asked, made } = begin();
    clock.advance(10 * expiresMs);
    const pauses = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(expiresMs - 5_000);
    expect(asked.length).toBeGreaterThan(10);
    made.close();
    expect(clock.waiting).toBe(0);
  });

  test('ask for more once half of the messages have been dealt with', () => {
    const { asked, made } = begin();
    const first = asked[0]?.messages ?? 0;
    for (let used = 1; used < first / 2; used++) made.used();
    expect(asked.length).toBe(1);
    made.used();
    expect(asked.map(({ messages }) => messages)).toEqual([first, first / 2]);
  });

  test('ask for no more while a subscriber has not dealt with what came', () => {
    const { clock, asked, inLine } = begin();
    inLine.count = asked[0]?.messages ?? 0;
    clock.advance(10 * expiresMs);
    expect(asked.length).toBe(1);
  });

  test('do not count one that has ended', () => {
    const { asked, made } = begin();
    made.ended();
    expect(asked.length).toBe(2);
    expect(asked[1]?.messages).toBe(asked[0]?.messages ?? 0);
  });
});
