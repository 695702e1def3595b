import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { VersionOrder } from './order.ts';
import { type Range, readRange } from './range.ts';
import { semanticOrder } from './semver.ts';

/** Strict: three numbers. */
const strict = semanticOrder({ fewest: 3, most: 3, build: () => '' });
/** As Python has them, as far as it takes to show what is special there: builds that are versions of their own. */
const building: VersionOrder = {
  isVersion: (text) => /^\d+(?:rc\d+)?(?:\+\w+)?$/.test(text),
  compare: (a, b) => weigh(a) - weigh(b),
  isPrerelease: (version) => version.includes('rc'),
  canonical: (version) => version,
  basisOf(version) {
    if (version.includes('+')) return version.slice(0, version.indexOf('+'));
    return version.includes('rc') ? version.slice(0, version.indexOf('rc')) : null;
  },
};

function weigh(version: string): number {
  const [, release = 0, rc, build] = /^(\d+)(?:rc(\d+))?(\+.*)?$/.exec(version) ?? [];
  return Number(release) + (rc === undefined ? 0 : -0.5 + Number(rc) / 100) + (build ? 0.001 : 0);
}

function range(text: string, order: VersionOrder = strict): Range {
  const read = readRange(text, order);
  if ('mistake' in read) throw new Error(read.mistake);
  return read;
}

function allowed(text: string, ...versions: readonly string[]): readonly string[] {
  const { allows } = range(text);
  return versions.filter(allows);
}

describe('a range', () => {
  test('is made of comparators, all of which have to hold', () => {
    const versions = ['0.9.0', '1.0.0', '1.5.0', '2.0.0'];
    expect(allowed('>=1.0.0 <2.0.0', ...versions)).toEqual(['1.0.0', '1.5.0']);
    expect(allowed('>=1.0.0,<2.0.0', ...versions)).toEqual(['1.0.0', '1.5.0']);
    expect(allowed('> 1.0.0,  <= 2.0.0, !=1.5.0', ...versions)).toEqual(['2.0.0']);
    expect(allowed('!=1.0.0', ...versions)).toEqual(['0.9.0', '1.5.0', '2.0.0']);
  });

  test('has alternatives, and of a version alone is that one', () => {
    const versions = ['0.9.0', '1.0.0', '1.5.0', '2.0.0'];
    expect(allowed('1.0.0 || =1.5.0||>=2.0.0', ...versions)).toEqual(['1.0.0', '1.5.0', '2.0.0']);
    expect(allowed('1.0.0 || *', ...versions, 'no version')).toEqual([...versions, 'no version']);
  });

  test('may leave out numbers that are 0', () => {
    expect(allowed('<2', '1.9.9', '2.0.0', '2.0.1')).toEqual(['1.9.9']);
    expect(allowed('1.5', '1.5.0', '1.5.1')).toEqual(['1.5.0']);
  });

  test('takes in nothing that is no version', () => {
    expect(allowed('!=1.0.0', 'latest')).toEqual([]);
    expect(range('!=1.0.0').forbids('latest')).toBe(false);
  });

  test.each([
    ['', 'there is nothing in it'],
    ['1.0.0 ||', 'there is nothing in it'],
    ['<', '< is no version, nor one with'],
    ['^1.0.0', '^1.0.0 is no version, nor one with'],
    ['==1.0.0', '==1.0.0 is no version, nor one with'],
    ['>=1.0.0<2.0.0', '>=1.0.0<2.0.0 is no version, nor one with'],
    ['<2.0.0 | 3.0.0', '| is no version'],
    ['1.*', '1.* is no version'],
    ['latest', 'latest is no version'],
    ['1'.repeat(2000), 'it has more than'],
  ])('that is written %p is none', (text, why) => {
    expect(readRange(text, strict)).toEqual({ mistake: expect.stringContaining(why) });
  });
});

describe('a pre-release', () => {
  test('is forbidden with its release, and with what comes after it', () => {
    const { forbids } = range('>=1.0.0 <1.5.0');
    const versions = ['1.0.0-rc.1', '1.0.0', '1.4.9-rc.1', '1.5.0-rc.1', '1.5.0', '1.6.0-rc.1'];
    expect(versions.filter(forbids)).toEqual(['1.0.0-rc.1', '1.0.0', '1.4.9-rc.1', '1.5.0-rc.1']);
    expect(range('1.5.0').forbids('1.5.0-rc.1')).toBe(true);
    expect(range('1.5.0-rc.1').forbids('1.5.0')).toBe(false);
  });

  test('is allowed only where the range names one of the same release', () => {
    expect(allowed('>=1.0.0', '1.5.0-rc.1', '1.5.0')).toEqual(['1.5.0']);
    expect(allowed('>=1.5.0-rc.1', '1.5.0-rc.0', '1.5.0-rc.2', '1.6.0-rc.1', '1.6.0')).toEqual([
      '1.5.0-rc.2',
      '1.6.0',
    ]);
    expect(allowed('1.5.0-rc.1', '1.5.0-rc.1', '1.5.0')).toEqual(['1.5.0-rc.1']);
  });
});

describe('a build', () => {
  test('is meant by who speaks of what it is a build of', () => {
    expect(range('1', building).forbids('1+cpu')).toBe(true);
    expect(range('1', building).allows('1+cpu')).toBe(true);
    expect(range('<=1', building).forbids('1rc1+cpu')).toBe(true);
    expect(range('1rc1', building).forbids('1rc1+cpu')).toBe(true);
    expect(range('1rc1', building).allows('1rc1+cpu')).toBe(true);
    expect(range('>0', building).allows('1rc1+cpu')).toBe(false);
    expect(range('1+cpu', building).forbids('1')).toBe(false);
  });
});

const version = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((parts) => parts.join('.'));
const suffixed = fc.tuple(version, fc.constantFrom('', '-rc.1', '-0', '+b')).map((parts) => parts.join(''));
const compared = fc
  .tuple(fc.constantFrom('<', '<=', '>', '>=', '=', '!=', ''), suffixed)
  .map((parts) => parts.join(''));
const alternative = fc.array(compared, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
const anyRange = fc.array(alternative, { minLength: 1, maxLength: 3 }).map((all) => all.join(' || '));

test('what is allowed by a range is within what the same range forbids', () => {
  fc.assert(
    fc.property(anyRange, suffixed, (text, tried) => {
      const { allows, forbids } = range(text);
      if (allows(tried)) expect(forbids(tried)).toBe(true);
    }),
  );
});

test('a comparator and its opposite divide the releases', () => {
  fc.assert(
    fc.property(version, version, (edge, tried) => {
      for (const [one, other] of [
        ['<', '>='],
        ['<=', '>'],
        ['=', '!='],
      ])
        expect(range(`${one}${edge}`).allows(tried)).toBe(!range(`${other}${edge}`).allows(tried));
    }),
  );
});
