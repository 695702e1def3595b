import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { MeridianError } from '../../errors.ts';
import { chunks } from './chunks.ts';

/** What a body says, cut where told, and how many bytes behind it are left alone. */
function read(wire: string, cuts: readonly number[] = []): { text: string; done: boolean; left: number } {
  const reading = chunks();
  const bytes = Buffer.from(wire, 'latin1');
  let text = '';
  let used = 0;
  const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b);
  for (const end of ends) {
    if (reading.done || end <= used) continue;
    used += reading.feed(bytes.subarray(used, end), (piece) => {
      text += piece.toString('latin1');
    });
  }
  return { text, done: reading.done, left: bytes.length - used };
}

describe('chunks', () => {
  const proper: Record<string, [wire: string, text: string]> = {
    'none but the last': ['0\r\n\r\n', ''],
    'one and several': ['3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
    'sizes in any digits': ['A\r\n0123456789\r\n0000a\r\n0123456789\r\n000\r\n\r\n', '01234567890123456789'],
    extensions: ['3;a=b;c="d"\r\nabc\r\n0 ; e\r\n\r\n', 'abc'],
    'a padded size': ['3  \r\nabc\r\n0\r\n\r\n', 'abc'],
    trailers: ['3\r\nabc\r\n0\r\nX: y\r\nZ: w\r\n\r\n', 'abc'],
  };
  for (const [what, [wire, text]] of Object.entries(proper)) {
    test(`are read: ${what}`, () => {
      expect(read(wire)).toEqual({ text, done: true, left: 0 });
    });
  }

  test('are read the same wherever they are cut', () => {
    const piece = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(300)), fc.nat(9), (pieces, cuts, behind) => {
        const wire = pieces.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('');
        const all = `${wire}0\r\n\r\n${'!'.repeat(behind)}`;
        expect(read(all, cuts)).toEqual({ text: pieces.join(''), done: true, left: behind });
      }),
      { numRuns: 500 },
    );
  });

  test('are not done before their end', () => {
    const wire = '3\r\nabc\r\n0\r\nX: y\r\n\r\n';
    for (let length = 0; length < wire.length; length++) {
      expect(read(wire.slice(0, length)).done).toBe(false);
    }
  });

  const malformed: Record<string, string> = {
    'a size that is none': 'zz\r\n',
    'no size': '\r\n',
    'a sign': '+3\r\nabc\r\n',
    '0x': '0x3\r\nabc\r\n',
    'a size beyond what a number holds': 'fffffffffffffff\r\n',
    'LF alone': '3\nabc\r\n',
    'LF in an extension': '3;\nabc\r\n',
    'CR in an extension': '3;a\rb\r\nabc\r\n',
    'more than its size': '3\r\nabcd\r\n0\r\n\r\n',
    'no CRLF behind it': '3\r\nabc0\r\n\r\n',
    'LF alone behind it': '3\r\nabc\n0\r\n\r\n',
    'LF alone behind the last': '0\r\n\n',
    'an endless size': '0'.repeat(5_000),
    'an endless extension': `3;${'a'.repeat(5_000)}`,
    'an endless trailer': `0\r\nX: ${'a'.repeat(17_000)}`,
    'endless trailers': `0\r\n${'X: y\r\n'.repeat(3_000)}`,
  };
  for (const [what, wire] of Object.entries(malformed)) {
    test(`are refused: ${what}`, () => {
      expect(() => read(wire)).toThrow(MeridianError);
      const everywhere = Array.from({ length: Math.min(wire.length, 50) }, (_, at) => at);
      expect(() => read(wire, everywhere)).toThrow('upstream-invalid');
    });
  }
});
