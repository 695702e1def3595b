import { describe, expect, test } from 'bun:test';
import { childOf, formatTraceparent, mayBeSampled, newTrace, parseTraceparent } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const count = (length: number) => Uint8Array.from({ length }, (_, i) => i + 1);

describe('traceparent is read', () => {
  test('in version 00', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      random: false,
    });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)).toEqual({
      traceId,
      spanId,
      sampled: false,
      random: false,
    });
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      random: true,
    });
    expect(parseTraceparent(`00-${traceId}-${spanId}-fc`)).toEqual({
      traceId,
      spanId,
      sampled: false,
      random: false,
    });
  });

  test('as far as it is known in later versions', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-01`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      random: false,
    });
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      random: false,
    });
  });

  test('and is nothing otherwise', () => {
    const invalid = [
      null,
      '',
      `ff-${traceId}-${spanId}-01`,
      `00-${'0'.repeat(32)}-${spanId}-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
      `00-${traceId}-${spanId}-01-more`,
      `00-${traceId}-${spanId}-01-`,
      `01-${traceId}-${spanId}-01more`,
      `00-${traceId}-${spanId}-1`,
      `00-${traceId}-${spanId}`,
      `00-${traceId.slice(1)}-${spanId}-01`,
      `0-${traceId}-${spanId}-01`,
      `00_${traceId}_${spanId}_01`,
      `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
      ` 00-${traceId}-${spanId}-01`,
      `00-${traceId}-${spanId}-01\n`,
    ];
    for (const value of invalid) expect([value, parseTraceparent(value)]).toEqual([value, undefined]);
  });
});

test('a glance tells those that are not sampled, in version 00', () => {
  for (const [flags, marked] of [
    ['00', false],
    ['02', false],
    ['01', true],
    ['03', true],
    ['0b', true],
  ] as const)
    expect([flags, mayBeSampled(`00-${traceId}-${spanId}-${flags}`)]).toEqual([flags, marked]);
  expect(mayBeSampled(null)).toBe(false);
  expect(mayBeSampled('')).toBe(false);
});

test('a child belongs to the trace and has a span of its own', () => {
  const child = childOf({ traceId, spanId, sampled: true, random: false }, count);
  expect(formatTraceparent(child)).toBe(`00-${traceId}-0102030405060708-01`);
});

test('a new trace is random, and never all zero', () => {
  expect(formatTraceparent(newTrace(count))).toBe('00-0102030405060708090a0b0c0d0e0f10-0102030405060708-02');
  expect(newTrace(count, true).sampled).toBe(true);
  const zero = newTrace((length) => new Uint8Array(length));
  expect(parseTraceparent(formatTraceparent(zero))).toEqual(zero);
});
