import { expect, test } from 'bun:test';
import { baseScore } from './cvss.ts';

/** From FIRST's own document of examples (first.org/cvss/v3.1/examples). */
const published: readonly [score: number, what: string, vector: string][] = [
  [6.4, 'CVE-2013-0375', 'AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N'],
  [6.1, 'CVE-2013-1937', 'AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N'],
  [3.1, 'CVE-2014-3566', 'AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N'],
  [9.9, 'CVE-2012-1516', 'AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H'],
  [4.2, 'CVE-2009-0783', 'AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L'],
  [8.8, 'CVE-2012-0384', 'AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H'],
  [7.8, 'CVE-2015-1098', 'AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H'],
  [7.5, 'CVE-2014-0160', 'AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N'],
  [9.8, 'CVE-2014-6271', 'AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
  [6.8, 'CVE-2008-1447', 'AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N'],
  [6.8, 'CVE-2014-2005', 'AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
  [5.8, 'CVE-2010-0467', 'AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N'],
  [5.8, 'CVE-2012-1342', 'AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:L/A:N'],
  [9.3, 'CVE-2013-6014', 'AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H'],
  [9.0, 'CVE-2019-7551', 'AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H'],
  [8.8, 'CVE-2011-1265', 'AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
];

test('gives the scores of the published examples', () => {
  for (const [score, what, vector] of published)
    expect([what, baseScore(`CVSS:3.1/${vector}`)]).toEqual([what, score]);
});

test('is nothing where nothing suffers', () => {
  expect(baseScore('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N')).toBe(0);
});

test('passes over metrics of time and environment, in any order', () => {
  expect(baseScore('CVSS:3.0/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N/E:P/RL:O/MAV:L')).toBe(9.8);
});

test('is unknown for what is no whole vector of CVSS 3', () => {
  for (const vector of [
    '',
    '7.5',
    'AV:N/AC:L/Au:N/C:P/I:P/A:P',
    'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H',
    'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:constructor/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  ])
    expect([vector, baseScore(vector)]).toEqual([vector, null]);
});
