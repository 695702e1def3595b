import { describe, expect, test } from 'bun:test';
import {
  contentRange,
  firstByteWanted,
  multipart,
  parseContentRange,
  parseRange,
  unsatisfiedRange,
} from './range.ts';

/** Ranges as `start-end`, joined by commas. */
function asked(header: string, size = 10): string {
  const ranges = parseRange(header, size);
  return typeof ranges === 'string' ? ranges : ranges.map(({ start, end }) => `${start}-${end}`).join();
}

describe('one range', () => {
  test('has both ends, the first, or the length of a suffix', () => {
    expect(asked('bytes=0-0')).toBe('0-0');
    expect(asked('bytes=2-5')).toBe('2-5');
    expect(asked('bytes=3-')).toBe('3-9');
    expect(asked('bytes=-3')).toBe('7-9');
    expect(asked('BYTES=2-5')).toBe('2-5');
  });

  test('ends where the representation ends', () => {
    expect(asked('bytes=5-100')).toBe('5-9');
    expect(asked('bytes=-100')).toBe('0-9');
  });

  test('may have numbers of any length', () => {
    const huge = '9'.repeat(400);
    expect(asked(`bytes=0-${huge}`)).toBe('0-9');
    expect(asked(`bytes=-${huge}`)).toBe('0-9');
    expect(asked(`bytes=${huge}-`)).toBe('unsatisfiable');
    expect(asked(`bytes=${huge}-${huge}`)).toBe('unsatisfiable');
    expect(asked('bytes=0000000000000000000001-2')).toBe('1-2');
    expect(asked('bytes=0-', 2 ** 52)).toBe(`0-${2 ** 52 - 1}`);
  });

  test('beyond the end cannot be satisfied', () => {
    expect(asked('bytes=10-')).toBe('unsatisfiable');
    expect(asked('bytes=10-20')).toBe('unsatisfiable');
    expect(asked('bytes=-0')).toBe('unsatisfiable');
  });

  test('that ends before it begins cannot be satisfied, nor can others beside it', () => {
    expect(asked('bytes=5-2')).toBe('unsatisfiable');
    expect(asked('bytes=0-1,5-2')).toBe('unsatisfiable');
  });
});

describe('several ranges', () => {
  test('keep the order in which they were asked for', () => {
    expect(asked('bytes=8-9,0-1')).toBe('8-9,0-1');
    expect(asked('bytes=-1, 0-0,  5-5')).toBe('9-9,0-0,5-5');
  });

  test('leave out what cannot be satisfied', () => {
    expect(asked('bytes=0-1,20-30')).toBe('0-1');
    expect(asked('bytes=20-30,-0')).toBe('unsatisfiable');
  });

  test('that overlap or touch become one', () => {
    expect(asked('bytes=0-3,2-5')).toBe('0-5');
    expect(asked('bytes=0-3,4-5')).toBe('0-5');
    expect(asked('bytes=4-5,0-3')).toBe('0-5');
    expect(asked('bytes=0-1,8-9,2-3')).toBe('0-3,8-9');
    expect(asked('bytes=0-,0-,0-')).toBe('0-9');
    expect(asked('bytes=8-9,0-1,2-3')).toBe('8-9,0-3');
    expect(asked('bytes=0-1,4-5,8-9,1-8')).toBe('0-9');
    expect(asked('bytes=0-1,3-4')).toBe('0-1,3-4');
  });

  test('beyond six are not honoured', () => {
    expect(asked('bytes=0-0,2-2,4-4,6-6,8-8,9-9')).toBe('0-0,2-2,4-4,6-6,8-9');
    expect(asked('bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0')).toBe('ignore');
  });
});

describe('the field is ignored', () => {
  test('with another unit', () => {
    for (const header of ['', 'items=0-1', 'bytes', 'bytes 0-1', 'bytes =0-1', ' bytes=0-1']) {
      expect(asked(header)).toBe('ignore');
    }
  });

  test('when it is malformed in any part', () => {
    const malformed = [
      '',
      ',',
      '-',
      '--1',
      '1',
      'a-b',
      '0-1-2',
      '0x1-2',
      '+1-2',
      '1.0-2',
      '1 - 2',
      '0-1;q=1',
    ];
    for (const set of malformed) {
      expect(asked(`bytes=${set}`)).toBe('ignore');
      if (set !== '' && set !== ',') expect(asked(`bytes=0-1,${set}`)).toBe('ignore');
    }
  });

  test('for an empty representation', () => {
    expect(asked('bytes=0-', 0)).toBe('ignore');
    expect(asked('bytes=-1', 0)).toBe('ignore');
  });
});

describe('Content-Range', () => {
  test('is written', () => {
    expect(contentRange({ start: 2, end: 5 }, 10)).toBe('bytes 2-5/10');
    expect(unsatisfiedRange(10)).toBe('bytes */10');
  });

  test('is read', () => {
    expect(parseContentRange('bytes 2-5/10')).toEqual({ range: { start: 2, end: 5 }, size: 10 });
    expect(parseContentRange('bytes 2-5/*')).toEqual({ range: { start: 2, end: 5 }, size: undefined });
  });

  test('that contradicts itself is not', () => {
    const others = [
      '',
      'bytes */10',
      'bytes 5-2/10',
      'bytes 2-10/10',
      'items 2-5/10',
      'bytes 2-5',
      'bytes=2-5/10',
      'bytes 2-5/x',
    ];
    for (const value of others) expect(parseContentRange(value)).toBeUndefined();
    expect(parseContentRange(`bytes 0-${2 ** 53}/*`)).toBeUndefined();
  });
});

describe('a multipart body', () => {
  const ranges = [
    { start: 0, end: 1 },
    { start: 7, end: 9 },
  ];

  function text(contentType: string | null): string {
    const { heads, tail } = multipart(ranges, 10, contentType, 'B');
    const decoder = new TextDecoder('latin1');
    const parts = ranges.map(
      ({ start, end }, i) => decoder.decode(heads[i]) + '0123456789'.slice(start, end + 1),
    );
    return parts.join('') + decoder.decode(tail);
  }

  test('frames each part with its type and its place', () => {
    expect(text('text/plain')).toBe(
      [
        '--B',
        'Content-Type: text/plain',
        'Content-Range: bytes 0-1/10',
        '',
        '01',
        '--B',
        'Content-Type: text/plain',
        'Content-Range: bytes 7-9/10',
        '',
        '789',
        '--B--',
        '',
      ].join('\r\n'),
    );
    expect(text(null)).not.toContain('Content-Type');
  });

  test('has its length announced', () => {
    for (const type of ['text/plain', 'text/pl\u00e4in', null]) {
      expect(multipart(ranges, 10, type, 'B').sizeBytes).toBe(text(type).length);
    }
  });

  test('is never framed twice in the same way', () => {
    const { boundary, contentType } = multipart(ranges, 10, null);
    expect(boundary).toMatch(/^[-0-9a-f]{36}$/);
    expect(contentType).toBe(`multipart/byteranges; boundary=${boundary}`);
    expect(multipart(ranges, 10, null).boundary).not.toBe(boundary);
  });
});

describe('the first byte wanted of something of unknown size', () => {
  test('is where the first range begins, in the order in which they are asked for', () => {
    expect(firstByteWanted('bytes=5-9')).toBe(5);
    expect(firstByteWanted('bytes=70-, 5-9')).toBe(70);
    expect(firstByteWanted('bytes=5-9,0-7')).toBe(5);
  });

  test('is the beginning for a suffix, and for what lies beyond every size', () => {
    expect(firstByteWanted('bytes=-5')).toBe(0);
    expect(firstByteWanted('bytes=-5,7-9')).toBe(0);
    expect(firstByteWanted(`bytes=${'9'.repeat(400)}-`)).toBe(0);
    expect(firstByteWanted('bytes=9-5')).toBe(0);
  });

  test('is none when the field is to be ignored', () => {
    for (const header of ['bytes=', 'lines=1-2', 'bytes=a-b', 'bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6']) {
      expect(firstByteWanted(header)).toBeNull();
    }
  });
});
