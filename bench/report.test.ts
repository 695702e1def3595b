import { describe, expect, test } from 'bun:test';
import type { Figure } from './figures.ts';
import { intoReadme } from './readme.ts';
import { type Report, suiteText } from './report.ts';
import { spread } from './statistics.ts';
import type { Row, SuiteReport, Table } from './suite.ts';

const figures = ['requestsPerSecond', 'cpuMicros', 'p99Micros', 'serverBusy', 'loadBusy', 'foreign'] as const;

const quiet: Readonly<Record<(typeof figures)[number], number>> = {
  requestsPerSecond: 90_000,
  cpuMicros: 11,
  p99Micros: 500,
  serverBusy: 0.99,
  loadBusy: 0.8,
  foreign: 0.01,
};

function row(peer: string, taken: Partial<Record<Figure, number>>, more: Partial<Row> = {}): Row {
  const all = figures.map((figure) => [figure, spread([taken[figure] ?? quiet[figure]])]);
  return {
    case: 'one case',
    peer,
    label: peer.toUpperCase(),
    figures: Object.fromEntries(all),
    ...more,
  };
}

function text(...rows: Row[]): string {
  return textWith(rows);
}

function textWith(rows: readonly Row[], tables?: readonly Table[]): string {
  const suite: SuiteReport = {
    suite: 's',
    about: '',
    versions: { A: '1' },
    proofs: ['It is.'],
    subjects: ['m'],
    rounds: 1,
    seconds: 1,
    figures,
    rows,
    ...(tables && { tables }),
  };
  const machine = {
    cpu: 'CPU',
    cores: 2,
    memoryGiB: 4,
    kernel: 'Linux',
    distribution: 'Debian',
    loadAtStart: 0,
  };
  const report: Report = {
    format: 2,
    at: '2026-01-02T03:04:05Z',
    machine,
    suites: [suite],
  };
  return suiteText(report, suite);
}

describe('a report', () => {
  test('shows each figure and how it stands to the others', () => {
    const against = {
      nginx: { requestsPerSecond: spread([1.125]), cpuMicros: spread([0.9]), p99Micros: spread([0.8]) },
    };
    const shown = text(row('m', {}, { against }), row('nginx', {}));
    expect(shown).toContain('90,000 (90,000–90,000)');
    expect(shown).toMatch(/\| rate ÷ nginx \| CPU ÷ nginx \| p99 ÷ nginx \|/);
    expect(shown).toMatch(/\| M .*\| +1\.13 \| +0\.90 \| +0\.80 \|/);
  });

  test('says so when the load generator was the limit, in the quotients too', () => {
    const against = { nginx: { requestsPerSecond: spread([2]) } };
    const shown = text(row('m', {}, { against }), row('nginx', { loadBusy: 0.99, serverBusy: 0.5 }));
    expect(shown).toContain('† The load generator was at its own limit');
    expect(shown).toMatch(/\| +2\.00 † \|/);
  });

  test('says so when the machine was not quiet', () => {
    expect(text(row('m', { foreign: 0.4 }))).toContain('Not a quiet machine');
    expect(text(row('m', {}))).not.toContain('Not a quiet machine');
  });

  test('says why a figure is not there', () => {
    expect(text({ case: 'one case', peer: 'v', label: 'V', absent: 'no TLS' })).toContain(
      'not measured: no TLS',
    );
  });

  test('keeps the figures of the rounds that went well, and says why the others did not', () => {
    const shown = text(row('m', {}, { missed: '1 of 2 rounds failed: it was gone', failed: true }));
    expect(shown).toContain('90,000 (90,000–90,000)');
    expect(shown).toContain('M, one case: 1 of 2 rounds failed: it was gone');
    expect(shown).not.toContain('rows failed');
  });

  test('has what was measured beside other tables, even if a row failed', () => {
    const table: Table = { title: 'Other', remarks: [], names: 1, head: ['a', 'b'], body: [['x', '1']] };
    const failed: Row = { case: 'one case', peer: 'n', label: 'N', absent: 'it was gone', failed: true };
    const shown = textWith([row('m', {}), failed], [table]);
    expect(shown).toContain('90,000 (90,000–90,000)');
    expect(shown).toContain('failed: it was gone');
    expect(shown).toContain('#### Other');
    expect(textWith([], [table])).not.toContain('In short');
  });
});

describe('results in the README', () => {
  const readme = 'before\n<!-- results: hit -->\n\nold\n\n<!-- end of results: hit -->\nafter\n';

  test('take the place of older ones', () => {
    const once = intoReadme(readme, 'hit', 'new');
    expect(once).toBe('before\n<!-- results: hit -->\n\nnew\n\n<!-- end of results: hit -->\nafter\n');
    expect(intoReadme(once, 'hit', 'new')).toBe(once);
  });

  test('need a place', () => {
    expect(() => intoReadme(readme, 'miss', 'new')).toThrow('no place for results');
  });
});
