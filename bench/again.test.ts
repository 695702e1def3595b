import { expect, test } from 'bun:test';
import { withEarlier } from './again.ts';
import type { Report } from './report.ts';
import type { Row, Suite, SuiteReport } from './suite.ts';

const row = (title: string, why: string): Row => ({ case: title, peer: 'm', label: 'M', absent: why });

const machine = {
  cpu: 'CPU',
  cores: 2,
  memoryGiB: 4,
  kernel: 'Linux',
  distribution: 'Debian',
  loadAtStart: 0,
};

function suiteReport(rows: readonly Row[], more: Partial<SuiteReport> = {}): SuiteReport {
  return {
    ...{ suite: 's', about: '', versions: { A: '1' }, proofs: [], subjects: ['m'], rounds: 1, seconds: 1 },
    ...{ figures: ['requestsPerSecond'], rows, ...more },
  };
}

const reported = (suite: SuiteReport, cpu = 'CPU'): Report => ({
  ...{ format: 2, at: '2026-01-02T03:04:05Z', machine: { ...machine, cpu }, suites: [suite] },
});

const suite: Suite = {
  ...{ name: 's', about: '', cases: ['a', 'b', 'c'], peers: ['m'], defaults: { rounds: 1, seconds: 1 } },
  run: () => Promise.reject(new Error('not run here')),
};

const earlier = suiteReport([row('c', 'old'), row('b', 'old'), row('gone', 'old')]);
const now = suiteReport([row('b', 'new'), row('a', 'new')], { versions: { B: '2' } });

test('cases that were not measured again keep their rows, in the order of the suite', () => {
  const { rows, versions } = withEarlier(reported(now), now, suite, reported(earlier));
  expect(rows.map((each) => [each.case, each.absent])).toEqual([
    ['a', 'new'],
    ['b', 'new'],
    ['c', 'old'],
  ]);
  expect(versions).toEqual({ A: '1', B: '2' });
});

test('so do tables in which cases are told apart; another one is replaced', () => {
  const table = (title: string, body: readonly (readonly string[])[], head = ['case', 'ms']) => ({
    ...{ title, remarks: [], names: 1, head, body },
  });
  const { tables } = withEarlier(
    reported(now),
    {
      ...now,
      tables: [table('by case', [['b', '2']]), table('other', [['x', '1']]), table('new', [], ['s'])],
    },
    suite,
    reported({
      ...earlier,
      tables: [
        table('new', [['c', '3']]),
        table('other', [['y', '1']]),
        table('by case', [
          ['c', '3'],
          ['b', '9'],
          ['b', '8'],
          ['gone', '7'],
        ]),
      ],
    }),
  );
  expect(tables?.map(({ title, body }) => [title, body])).toEqual([
    [
      'by case',
      [
        ['b', '2'],
        ['c', '3'],
      ],
    ],
    ['other', [['x', '1']]],
    ['new', []],
  ]);
});

test('what nobody has measured before stands alone', () => {
  expect(withEarlier(reported(now), now, suite, null)).toBe(now);
});

test('figures of another machine, program or length of run are not mixed in', () => {
  const among = (report: Report) => () => withEarlier(reported(now), now, suite, report);
  expect(among(reported(earlier, 'another'))).toThrow('measured elsewhere (cpu)');
  expect(among(reported({ ...earlier, versions: { B: '1' } }))).toThrow('measured with B 1');
  expect(among(reported({ ...earlier, rounds: 9 }))).toThrow('9 rounds of 1 s');
});
