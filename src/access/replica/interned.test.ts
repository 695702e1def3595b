import { describe, expect, test } from 'bun:test';
import { interned } from './interned.ts';

describe('values that many have in common', () => {
  test('are kept once, and made once', () => {
    const kept = interned({ of: 'none' });
    let made = 0;
    const make = () => ({ of: `value ${++made}` });
    const [one, again, other] = [kept.take('a', make), kept.take('a', make), kept.take('b', make)];
    expect([one, kept.valueOf(again), kept.valueOf(other)]).toEqual([
      again,
      { of: 'value 1' },
      { of: 'value 2' },
    ]);
    expect(kept.valueOf(kept.take('', make))).toEqual({ of: 'none' });
  });

  test('are forgotten with the last who uses them', () => {
    const kept = interned<string>('');
    for (let turn = 0; turn < 10_000; turn++) kept.release(kept.take(`text ${turn}`, () => 'value'));
    expect(kept.size).toBe(0);
    const number = kept.take('a', () => 'a');
    kept.take('a', () => 'a');
    kept.release(number);
    expect(kept.valueOf(number)).toBe('a');
    kept.release(number);
    expect(() => kept.valueOf(number)).toThrow(RangeError);
    expect(number).toBeLessThan(5);
    kept.release(0);
    expect(kept.valueOf(0)).toBe('');
  });
});
