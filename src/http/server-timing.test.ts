import { describe, expect, test } from 'bun:test';
import { parseServerTiming, timer, timing } from './server-timing.ts';

describe('a metric', () => {
  test('has a name, a description and milliseconds', () => {
    expect(timing('pop', 0.012, 'hit')).toBe('pop;desc="hit";dur=0.01');
    expect(timing('pop', 0.012)).toBe('pop;dur=0.01');
    expect(timing('pop', 1, 'say "hi"')).toBe('pop;desc="say \\"hi\\"";dur=1');
    expect(timing('pop', 1, 'x\r\ny: z')).toBe('pop;desc="x??y: z";dur=1');
  });

  test('counts in steps of 10 µs below 10 ms, and in tenths of a millisecond above', () => {
    const texts = {
      0.001: '0',
      0.004999: '0',
      0.005: '0.01',
      0.1: '0.1',
      9.994: '9.99',
      9.999: '10',
      10.04: '10',
      123.456: '123.5',
    };
    for (const [ms, text] of Object.entries(texts)) expect(timing('a', Number(ms))).toBe(`a;dur=${text}`);
  });

  test('has a number whatever it is given', () => {
    expect(timing('a', 0)).toBe('a;dur=0');
    expect(timing('a', -1)).toBe('a;dur=0');
    expect(timing('a', NaN)).toBe('a;dur=0');
    expect(timing('a', Infinity)).toBe('a;dur=1000000000000000');
    expect(timing('a', 1e-9)).toBe('a;dur=0');
  });
});

test('a timer says the same, each time', () => {
  const time = timer('a');
  for (const ms of [0, -1, NaN, 0.004, 0.005, 0.1, 9.994, 9.999, 123.456, Infinity]) {
    expect(time(ms)).toBe(timing('a', ms));
    expect(time(ms)).toBe(timing('a', ms));
  }
});

test('a field is read', () => {
  expect(parseServerTiming('pop;desc="a, b";dur=0.012, shield;DUR="3.5" , c;dur=x;desc')).toEqual([
    { name: 'pop', durationMs: 0.012, description: 'a, b' },
    { name: 'shield', durationMs: 3.5, description: undefined },
    { name: 'c', durationMs: undefined, description: undefined },
  ]);
  expect(parseServerTiming('')).toEqual([]);
});
