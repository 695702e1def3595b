/** Records about ecosystems other than npm, and what they come to once versions are in an order. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NotOsv, readOsv } from './osv.ts';
import { prepared } from './prepared.ts';
import { semanticOrder } from './semver.ts';
import type { Terms } from './terms.ts';

const order = semanticOrder({ prefix: { may: 'v', has: '' }, fewest: 1, most: 3, build: () => '' });
const nothing: Terms = { only: null, blocked: [], advisories: [], provenance: false, age: null };

function recordOf(affected: object, ecosystem = 'PyPI') {
  return { id: 'PYSEC-1', affected: [{ package: { ecosystem, name: 'Left' }, ...affected }] };
}

function ranged(...events: readonly object[]) {
  return { ranges: [{ type: 'ECOSYSTEM', events }] };
}

/** Of these versions, the ones that are affected. */
function affected(record: object, versions: readonly string[]): readonly string[] {
  const advisories = readOsv(JSON.stringify(record), 'PyPI').map(([, advisory]) => advisory);
  const { affects } = prepared({ ...nothing, advisories }, order);
  return versions.filter((version) => advisories.some((each) => affects(each, version)));
}

describe('a record', () => {
  test('is about one ecosystem, or one of its releases', () => {
    const about = (ecosystem: string, wanted: string) =>
      readOsv(JSON.stringify(recordOf({}, ecosystem)), wanted).length;
    expect(about('PyPI', 'PyPI')).toBe(1);
    expect(about('Debian:12', 'Debian')).toBe(1);
    expect(about('Debian:12', 'Debian:12')).toBe(1);
    expect(about('Debian:11', 'Debian:12')).toBe(0);
    expect(about('DebianX', 'Debian')).toBe(0);
    expect(about('npm', 'PyPI')).toBe(0);
    expect(about('PyPI', '')).toBe(0);
  });

  test('names versions in any spelling', () => {
    expect(
      affected(recordOf({ versions: ['1.0', 'v2.0.0', 'weird'] }), ['1', '1.0.0', '2', '3', 'weird']),
    ).toEqual([...['1', '1.0.0', '2', 'weird']]);
  });

  test('has ranges of the ecosystem, and of semantic versions', () => {
    const tried = ['0.9', '1', '1.4-rc.1', '1.4', '2', '2.0.1', '3', '3.1'];
    const events = [{ introduced: '1' }, { fixed: '1.4' }, { introduced: '2.0' }, { last_affected: '3' }];
    expect(affected(recordOf(ranged(...events)), tried)).toEqual(['1', '1.4-rc.1', '2', '2.0.1', '3']);
    expect(affected(recordOf({ ranges: [{ type: 'SEMVER', events }] }), tried)).toHaveLength(5);
    expect(affected(recordOf({ ranges: [{ type: 'GIT', events }] }), tried)).toEqual([]);
  });

  test('begins with 0 before every version, and ends nowhere when it is not fixed', () => {
    expect(affected(recordOf(ranged({ introduced: '0' })), ['0.0.0-0', '0', '9', 'weird'])).toHaveLength(4);
    expect(affected(recordOf(ranged({ fixed: '1' }, { introduced: '0' })), ['0.0.0-0', '1', '2'])).toEqual([
      '0.0.0-0',
    ]);
  });

  test('with an edge that is no version counts by the versions that it names, or else for all', () => {
    const unreadable = ranged({ introduced: '0' }, { fixed: '2011k' });
    expect(affected(recordOf({ ...unreadable, versions: ['1.0'] }), ['1', '2'])).toEqual(['1']);
    expect(affected(recordOf(unreadable), ['1', '2'])).toEqual(['1', '2']);
  });

  test('that is none is refused', () => {
    expect(() => readOsv('{"id":', 'PyPI')).toThrow(NotOsv);
    expect(() => readOsv('[{"affected":[]}]', 'PyPI')).toThrow('record 1: id');
  });
});

const version = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)).map((parts) => parts.join('.'));

test('events mean the same as asking, for each version, what happened last before it', () => {
  const events = fc.uniqueArray(version, { minLength: 1, maxLength: 8, selector: order.canonical });
  fc.assert(
    fc.property(events, version, fc.boolean(), (versions, tried, fromStart) => {
      const sorted = [...versions].sort(order.compare);
      const kinds = sorted.map((each, at) =>
        at % 2 === (fromStart ? 1 : 0) ? { introduced: each } : { fixed: each },
      );
      const record = recordOf(ranged(...(fromStart ? [{ introduced: '0' }] : []), ...kinds.toReversed()));
      const passed = sorted.filter((each) => order.compare(each, tried) <= 0).length;
      expect(affected(record, [tried]).length === 1).toBe((passed + (fromStart ? 1 : 0)) % 2 === 1);
    }),
  );
});
