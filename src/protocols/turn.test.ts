/** Long work beside others: who gets a turn, and when. */
import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { restOf, turn } from './turn.ts';

/** Works through so many steps of a millisecond each, and notes its name for each. */
async function work(name: string, steps: number, clock: ReturnType<typeof virtualClock>, notes: string[]) {
  const rest = restOf(clock);
  for (let step = 0; step < steps; step++) {
    await rest();
    clock.advance(1);
    notes.push(name);
  }
}

/** Notes `-` for each turn of everybody else. */
async function others(until: Promise<unknown>, notes: string[]) {
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await turn();
    notes.push('-');
  }
}

/** The longest work between two turns of everybody else, in steps. */
const longest = (notes: readonly string[]) =>
  Math.max(
    ...notes
      .join('')
      .split('-')
      .map((steps) => steps.length),
  );

describe('work of many steps', () => {
  test('gives others a turn every few milliseconds', async () => {
    const clock = virtualClock();
    const notes: string[] = [];
    const done = work('a', 100, clock, notes);
    await Promise.all([done, others(done, notes)]);
    expect(notes.filter((note) => note === 'a')).toHaveLength(100);
    expect(longest(notes)).toBe(4);
  });

  test('takes no longer at a time when there is more of it, and goes on with what has waited longest', async () => {
    const clock = virtualClock();
    const notes: string[] = [];
    const done = Promise.all(['a', 'b', 'c'].map((name) => work(name, 40, clock, notes)));
    await Promise.all([done, others(done, notes)]);
    expect(longest(notes)).toBeLessThan(8);
    const half = notes.slice(0, notes.length / 2).join('');
    for (const name of ['a', 'b', 'c']) expect(half.split(name).length).toBeGreaterThan(10);
  });

  test('needs no turn where it takes no time', async () => {
    const clock = virtualClock();
    const notes: string[] = [];
    const rest = restOf(clock);
    void turn().then(() => notes.push('-'));
    for (let step = 0; step < 1_000; step++) await rest();
    expect(notes).toEqual([]);
  });
});
