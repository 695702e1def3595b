import { describe, expect, test } from 'bun:test';
import { checksumHolds, headerOf, paddingOf, pathIn, recordIn, sizeIn, typeIn } from './tar.ts';

const gib = 2 ** 30;

describe('a header of a tar archive', () => {
  test('says what it was made of', () => {
    for (const size of [0, 511, 8 * gib - 1, 8 * gib, 100 * gib]) {
      const block = Buffer.from(headerOf('blobs/sha256/abc', size));
      expect([block.length, checksumHolds(block), typeIn(block)]).toEqual([512, true, '0']);
      expect([pathIn(block), sizeIn(block)]).toEqual(['blobs/sha256/abc', size]);
    }
  });

  test('has a long path in a header of its own', () => {
    for (const length of [101, 141, 980, 995]) {
      const path = 'x'.repeat(length);
      const bytes = Buffer.from(headerOf(path, 7));
      const first = bytes.subarray(0, 512);
      const size = sizeIn(first) ?? 0;
      expect([typeIn(first), checksumHolds(first)]).toEqual(['x', true]);
      const records = bytes.toString('utf8', 512, 512 + size);
      expect(Number.parseInt(records, 10)).toBe(size);
      expect(recordIn(records, 'path')).toBe(path);
      const last = bytes.subarray(512 + size + paddingOf(size));
      expect([last.length, sizeIn(last), checksumHolds(last)]).toEqual([512, 7, true]);
    }
  });

  test('that was changed is none', () => {
    const block = Buffer.from(headerOf('a', 1));
    block[0] = 0x62;
    expect(checksumHolds(block)).toBe(false);
  });
});
