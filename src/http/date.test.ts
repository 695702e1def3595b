import { describe, expect, test } from 'bun:test';
import { formatHttpDate, parseHttpDate } from './date.ts';

const epochs = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('a date is read', () => {
  test('in each of the three forms', () => {
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(epochs);
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(epochs);
    expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toBe(epochs);
    expect(parseHttpDate('Wed Nov 16 08:49:37 1994')).toBe(epochs + 10 * 86_400_000);
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']) {
      expect(parseHttpDate(`${day}, 06-Nov-94 08:49:37 GMT`)).toBe(epochs);
    }
  });

  test('in any case', () => {
    expect(parseHttpDate('SUN, 06 NOV 1994 08:49:37 gMT')).toBe(epochs);
    expect(parseHttpDate('sunday, 06-nov-94 08:49:37 gmt')).toBe(epochs);
  });

  test('to the ends of the calendar', () => {
    expect(parseHttpDate('Sat, 01 Jan 0000 00:00:00 GMT')).toBe(-62_167_219_200_000);
    expect(parseHttpDate('Thu, 01 Jan 0050 00:00:00 GMT')).toBe(new Date('0050-01-01T00:00:00Z').getTime());
    expect(parseHttpDate('Fri, 31 Dec 9999 23:59:59 GMT')).toBe(253_402_300_799_000);
    expect(parseHttpDate('Tue, 29 Feb 2000 00:00:00 GMT')).toBe(Date.UTC(2000, 1, 29));
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
  });

  test('in the nearest century, when the year has two digits', () => {
    const now = Date.UTC(2026, 6, 1);
    expect(parseHttpDate('Thursday, 18-Aug-50 02:01:18 GMT', now)).toBe(Date.UTC(2050, 7, 18, 2, 1, 18));
    expect(parseHttpDate('Tuesday, 30-Jun-76 00:00:00 GMT', now)).toBe(Date.UTC(2076, 5, 30));
    expect(parseHttpDate('Thursday, 02-Jul-76 00:00:00 GMT', now)).toBe(Date.UTC(1976, 6, 2));
    expect(parseHttpDate('Thursday, 02-Jul-76 00:00:00 GMT', Date.UTC(2060, 0, 1))).toBe(
      Date.UTC(2076, 6, 2),
    );
    expect(parseHttpDate('Thursday, 02-Jul-26 00:00:00 GMT', Date.UTC(2080, 0, 1))).toBe(
      Date.UTC(2126, 6, 2),
    );
    // 29 February exists in 2000, not in 2100
    expect(parseHttpDate('Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2060, 0, 1))).toBe(
      Date.UTC(2000, 1, 29),
    );
  });
});

test('anything else is not a date', () => {
  const others = [
    '',
    '0',
    '-1',
    'now',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 2050 02:01:18 +0000',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT',
    ' Thu, 18 Aug 2050 02:01:18 GMT',
    'Foo, 18 Aug 2050 02:01:18 GMT',
    'Thu, 18 Foo 2050 02:01:18 GMT',
    'Thu, 32 Aug 2050 02:01:18 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    'Thu, 30 Feb 2050 02:01:18 GMT',
    'Tue, 29 Feb 2100 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Thu, 18 Aug 2050 02:60:18 GMT',
    'Thu, 18 Aug 2050 02:01:61 GMT',
    'Thu, 1a Aug 2050 02:01:18 GMT',
    'Thu, 18 Aug -050 02:01:18 GMT',
    'Thu, 18 Aug 2050 +2:01:18 GMT',
    'Thu, 18-Aug-50 02:01:18 GMT',
    'Thursday, 18-Aug-50 02:01:18 UTC',
    'Thursday, 18 Aug 50 02:01:18 GMT',
    'Thursday,18-Aug-50 02:01:18 GMT',
    'Thursday, 18-Aug-xx 02:01:18 GMT',
    'Thu Aug 18 02:01:18 50',
    'Thu Aug 0x 02:01:18 2050',
    'Thu Aug   8 02:01:18 2050',
    '2050-08-18T02:01:18Z',
    '2050-08-18T02:01:18.000Z',
  ];
  for (const text of others) expect([text, parseHttpDate(text)]).toEqual([text, undefined]);
});

describe('a date is written', () => {
  test('as IMF-fixdate, without its fraction', () => {
    expect(formatHttpDate(epochs)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(epochs + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(0)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    expect(formatHttpDate(-1)).toBe('Wed, 31 Dec 1969 23:59:59 GMT');
  });

  test('however many are in use', () => {
    for (let round = 0; round < 2; round++) {
      for (let second = 0; second < 1000; second++) {
        expect(formatHttpDate(second * 1000)).toBe(new Date(second * 1000).toUTCString());
      }
    }
  });

  test('within the years that the form can write', () => {
    expect(formatHttpDate(Infinity)).toBe('Fri, 31 Dec 9999 23:59:59 GMT');
    expect(formatHttpDate(-Infinity)).toBe('Sat, 01 Jan 0000 00:00:00 GMT');
  });
});
