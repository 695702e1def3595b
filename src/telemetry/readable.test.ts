import { expect, test } from 'bun:test';
import { readableSeconds, readableSize } from './readable.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [10 * 2 ** 30, '10 GiB'],
  [3 * 2 ** 40, '3 TiB'],
])('%p bytes are %p', (bytes, text) => expect(readableSize(bytes)).toBe(text));

test.each([
  [0.9, '0s'],
  [59, '59s'],
  [60, '1m'],
  [7199, '1h'],
  [86_400, '1d'],
])('%p seconds are %p', (seconds, text) => expect(readableSeconds(seconds)).toBe(text));
