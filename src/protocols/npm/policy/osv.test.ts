import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Advisory, NotOsv } from '../../registry/policy/osv.ts';
import { affects, readOsv } from './osv.ts';

function recordOf(affected: object, more: object = {}) {
  return { id: 'GHSA-1', affected: [{ package: { ecosystem: 'npm', name: 'left' }, ...affected }], ...more };
}

function read(...records: object[]): Advisory[] {
  return readOsv(JSON.stringify(records)).map(([, advisory]) => advisory);
}

function semver(...events: object[]) {
  return { ranges: [{ type: 'SEMVER', events }] };
}

function affected(record: object, version: string): boolean {
  return read(record).some((advisory) => affects(advisory, version));
}

describe('a range', () => {
  test('goes from where it was introduced to before it was fixed', () => {
    const record = recordOf(semver({ introduced: '1.2.0' }, { fixed: '1.4.1' }));
    expect(
      ['1.1.9', '1.2.0-rc.1', '1.2.0', '1.4.0', '1.4.1-rc.1', '1.4.1'].map((v) => affected(record, v)),
    ).toEqual([false, false, true, true, true, false]);
  });

  test('includes the last one that is affected, and begins with 0 before everything', () => {
    const record = recordOf(semver({ introduced: '0' }, { last_affected: '2.0.0' }));
    expect(['0.0.0-0', '2.0.0', '2.0.1-0'].map((v) => affected(record, v))).toEqual([true, true, false]);
  });

  test('may begin again, in whatever order its events are written', () => {
    const record = recordOf(
      semver({ fixed: '3.1.0' }, { introduced: '3.0.0' }, { fixed: '1.1.0' }, { introduced: '0' }),
    );
    expect(['1.0.0', '1.1.0', '2.9.9', '3.0.0', '3.1.0'].map((v) => affected(record, v))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  test('of a single version is that one', () => {
    const record = recordOf(semver({ last_affected: '1.0.0' }, { introduced: '1.0.0' }));
    expect(['0.9.9', '1.0.0', '1.0.1'].map((v) => affected(record, v))).toEqual([false, true, false]);
  });

  test('that is open holds for what is no semver as well', () => {
    expect(affected(recordOf(semver({ introduced: '0' })), 'weird')).toBe(true);
    expect(affected(recordOf({ versions: ['1.0.0'] }), 'weird')).toBe(false);
  });
});

describe('a record', () => {
  test('names versions one by one as well', () => {
    const record = recordOf({ versions: ['1.0.0', '9.9.9'] });
    expect(['1.0.0', '1.0.1', '9.9.9'].map((v) => affected(record, v))).toEqual([true, false, true]);
  });

  test('says nothing once it is withdrawn, and nothing here about other ecosystems', () => {
    const range = semver({ introduced: '0' });
    expect(read(recordOf(range, { withdrawn: '2026-01-01T00:00:00Z' }))).toEqual([]);
    expect(read(recordOf({ ...range, package: { ecosystem: 'PyPI', name: 'left' } }))).toEqual([]);
    expect(read(recordOf({ ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] }))[0]?.ranges).toEqual(
      [],
    );
  });

  test('that does not say how severe it is counts as the worst', () => {
    const severe = (severity?: string) =>
      read(recordOf({}, severity === undefined ? {} : { database_specific: { severity } }))[0]?.severity;
    expect([
      severe(),
      severe('LOW'),
      severe('MODERATE'),
      severe('Medium'),
      severe('HIGH'),
      severe('?'),
    ]).toEqual(['critical', 'low', 'moderate', 'moderate', 'high', 'critical']);
  });

  test('that has a vector alone is as severe as its score', () => {
    const cvss = (type: string, metrics: string) => ({ type, score: `${type.replace('_V', ':')}${metrics}` });
    const low = cvss('CVSS_V3', '.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N');
    const high = cvss('CVSS_V3', '.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N');
    const newer = cvss('CVSS_V4', '.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N');
    const severe = (affected: object, more: object) => read(recordOf(affected, more))[0]?.severity;
    const word = { database_specific: { severity: 'MODERATE' } };
    expect([
      severe({}, { severity: [low] }),
      severe({}, { severity: [low, high] }),
      severe({ severity: [low] }, { severity: [high] }),
      severe({}, { severity: [high], ...word }),
      severe({}, { severity: [newer] }),
      severe({}, { severity: [newer, low] }),
      severe({}, { severity: 'unheard of' }),
    ]).toEqual(['low', 'high', 'low', 'moderate', 'critical', 'low', 'critical']);
  });

  test('about several packages is kept for each', () => {
    const one = { package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] };
    const other = { package: { ecosystem: 'npm', name: '@acme/right' }, versions: ['2.0.0'] };
    const found = readOsv(JSON.stringify({ id: 'X', affected: [one, other] }));
    expect(found.map(([name, { versions }]) => [name, versions])).toEqual([
      ['left', ['1.0.0']],
      ['@acme/right', ['2.0.0']],
    ]);
  });

  test.each([
    ['no JSON', '{"id":'],
    ['no id', '[{"affected":[]}]'],
    ['a version that is none', JSON.stringify(recordOf(semver({ introduced: 'one' })))],
    ['affected packages that are no list', '{"id":"X","affected":{}}'],
  ])('with %s is refused', (_, text) => {
    expect(() => readOsv(text)).toThrow(NotOsv);
  });
});

const version = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)).map((parts) => parts.join('.'));

test('events mean the same as asking, for each version, what happened last before it', () => {
  const events = fc.uniqueArray(version, { minLength: 1, maxLength: 8, comparator: 'IsStrictlyEqual' });
  fc.assert(
    fc.property(events, version, fc.boolean(), (versions, tried, fromStart) => {
      const sorted = [...versions].sort(Bun.semver.order);
      const kinds = sorted.map((each, at) =>
        at % 2 === (fromStart ? 1 : 0) ? { introduced: each } : { fixed: each },
      );
      const record = recordOf(semver(...(fromStart ? [{ introduced: '0' }] : []), ...kinds));
      const passed = sorted.filter((each) => Bun.semver.order(each, tried) <= 0).length;
      expect(affected(record, tried)).toBe((passed + (fromStart ? 1 : 0)) % 2 === 1);
    }),
  );
});

test('no text of a version makes it fail', () => {
  const record = read(recordOf(semver({ introduced: '1.0.0' }, { fixed: '2.0.0' })));
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^\d{1,17}\.\d{1,17}\.\d{1,17}[-+.\w]{0,9}$/)),
      (any) => {
        expect(typeof affects(record[0]!, any)).toBe('boolean');
      },
    ),
  );
});
