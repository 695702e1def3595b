import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Terms } from '../../registry/policy/terms.ts';
import type { JsonObject } from '../json.ts';
import { enforce } from './enforce.ts';
import { judge } from './judge.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 15);
const nothing: Terms = { only: null, blocked: [], advisories: [], provenance: false, age: null };
const week: Terms = {
  ...nothing,
  age: { minimumMs: 7 * day, publishedBeforeMs: null, withoutTime: 'refuse', exempt: [] },
};

/** Versions with their age in days. */
function left(
  ages: Readonly<Record<string, number>>,
  tags: JsonObject = {},
  deprecated: readonly string[] = [],
) {
  const versions = Object.fromEntries(
    Object.keys(ages).map((version) => [version, deprecated.includes(version) ? { deprecated: 'old' } : {}]),
  );
  const time = Object.fromEntries(
    Object.entries(ages).map(([version, days]) => [version, new Date(now - days * day).toISOString()]),
  );
  return { name: 'left', versions, tags, time };
}

describe('latest', () => {
  const latestOf = (...of: Parameters<typeof left>) => enforce(left(...of), week, now).tags['latest'];

  test('stays where it may', () => {
    expect(latestOf({ '1.0.0': 30, '2.0.0': 20 }, { latest: '1.0.0' })).toBe('1.0.0');
  });

  test('moves to the highest release below it, as npm does with --before', () => {
    const ages = { '1.0.0': 30, '1.9.0': 20, '1.10.0': 20, '2.0.0': 1, '3.0.0': 20 };
    expect(latestOf(ages, { latest: '2.0.0' })).toBe('1.10.0');
  });

  test('moves up where there is nothing below', () => {
    expect(latestOf({ '1.0.0': 1, '2.0.0': 20 }, { latest: '1.0.0' })).toBe('2.0.0');
  });

  test('moves to a pre-release only where there is no release', () => {
    const ages = { '1.0.0': 30, '2.0.0-rc.1': 20, '2.0.0': 1 };
    expect(latestOf(ages, { latest: '2.0.0' })).toBe('1.0.0');
    expect(latestOf({ '2.0.0-rc.1': 20, '2.0.0-rc.2': 20, '2.0.0': 1 }, { latest: '2.0.0' })).toBe(
      '2.0.0-rc.2',
    );
  });

  test('passes over what is deprecated', () => {
    const ages = { '1.0.0': 30, '1.1.0': 20, '2.0.0': 1 };
    expect(latestOf(ages, { latest: '2.0.0' }, ['1.1.0'])).toBe('1.0.0');
  });
});

test('other tags that lead to a hidden version are dropped', () => {
  const tags = { latest: '1.0.0', next: '2.0.0', legacy: '1.0.0' };
  expect({ ...enforce(left({ '1.0.0': 30, '2.0.0': 1 }, tags), week, now).tags }).toEqual({
    latest: '1.0.0',
    legacy: '1.0.0',
  });
});

test('the next change is when the first of the young ones is old enough', () => {
  const ruling = enforce(left({ '1.0.0': 30, '2.0.0': 1, '2.0.1': 3 }, { latest: '2.0.1' }), week, now);
  expect([...ruling.hidden.keys()]).toEqual(['2.0.0', '2.0.1']);
  expect(ruling.changesAtMs).toBe(now + 4 * day);
  const later = enforce(left({ '1.0.0': 30, '2.0.0': 1, '2.0.1': 3 }), week, now + 4 * day);
  expect([...later.hidden.keys()]).toEqual(['2.0.0']);
});

test('where nothing is left, it says why', () => {
  const ruling = enforce(left({ '1.0.0': 1 }, { latest: '1.0.0' }), week, now);
  expect(ruling.nothingLeft).toStartWith(
    'The policy of this registry does not let left be used in its only version: left@1.0.0 was published',
  );
  expect({ ...ruling.tags }).toEqual({});
  expect(enforce(left({}), week, now).nothingLeft).toBeNull();
});

test('a document without times hides everything, unless that is allowed', () => {
  const { time: _, ...timeless } = left({ '1.0.0': 30 });
  expect(enforce({ ...timeless, time: undefined }, week, now).hidden.size).toBe(1);
  const allowing: Terms = { ...nothing, age: { ...week.age!, withoutTime: 'allow' } };
  expect(enforce({ ...timeless, time: undefined }, allowing, now).hidden.size).toBe(0);
});

test('provenance is what the document says of the build, not the signature of the registry', () => {
  const versions = {
    '1.0.0': {
      dist: { attestations: { url: 'x', provenance: { predicateType: 'https://slsa.dev/provenance/v1' } } },
    },
    '1.0.1': { dist: { signatures: [{ keyid: 'a', sig: 'b' }] } },
    '1.0.2': { dist: { attestations: { url: 'x' } } },
  };
  const ruling = enforce(
    { name: 'left', versions, tags: {}, time: undefined },
    { ...nothing, provenance: true },
    now,
  );
  expect([...ruling.hidden.keys()]).toEqual(['1.0.1', '1.0.2']);
});

test('until the next change the same is hidden, and from then on something else', () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.join('.'));
  const ages = fc.dictionary(version, fc.integer({ min: 0, max: 14 * day }), { minKeys: 1 });
  fc.assert(
    fc.property(ages, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (all, share) => {
      const parts = left(Object.fromEntries(Object.entries(all).map(([v, ms]) => [v, ms / day])));
      const hiddenAt = (ms: number) => [...enforce(parts, week, ms).hidden.keys()];
      const { changesAtMs } = enforce(parts, week, now);
      if (changesAtMs === null) return expect(hiddenAt(now)).toEqual([]);
      expect(hiddenAt(now + Math.floor((changesAtMs - now) * share))).toEqual(hiddenAt(now));
      expect(hiddenAt(changesAtMs).length).toBeLessThan(hiddenAt(now).length);
    }),
  );
});

test('a version is hidden exactly when a rule is against it', () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.join('.'));
  const range = fc.tuple(fc.constantFrom('<', '>=', '^', '~', ''), version).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.uniqueArray(version, { minLength: 1 }),
      fc.array(range, { maxLength: 3 }),
      fc.option(fc.array(range, { maxLength: 3 })),
      (versions, blocked, only) => {
        const parts = left(Object.fromEntries(versions.map((each) => [each, 1])));
        const terms: Terms = { ...nothing, blocked, only };
        const { hidden, nothingLeft } = enforce(parts, terms, now);
        for (const each of versions) {
          const facts = { version: each, publishedMs: null, hasProvenance: false };
          expect(hidden.has(each)).toBe(judge(terms, facts, now).some(({ passes }) => !passes));
        }
        expect(nothingLeft !== null).toBe(hidden.size === versions.length);
      },
    ),
  );
});
