/**
 * The npm edition of the public cache tests, with every run of the tests. What may fail, and how many optimal tests
 * must not, is what `docs/conformance.md` says, so that page and code cannot disagree.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { available } from '../support/needs.ts';
import { runCacheTests } from './cache-tests.ts';
import { findEdition } from './edition.ts';
import { scoreOf, verdicts } from './verdict.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'conformance.md'), 'utf8');
const edition = findEdition();

/** The tests in the first column of a section's table. */
function listed(section: string): Set<string> {
  const start = page.indexOf(`## ${section}`);
  if (start === -1) throw new Error(`docs/conformance.md has no section "${section}"`);
  const end = page.indexOf('\n## ', start);
  const rows = page.slice(start, end).matchAll(/^\| (`.*?) \|/gm);
  return new Set(
    [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id)),
  );
}

/** How many optimal tests pass by the page. */
function optimalByPage(): number {
  const row = page.split('\n').find((line) => line.startsWith(`| ${edition.name} |`)) ?? '';
  const [, passed] = /\| \d+ of \d+ \| (\d+) of \d+ \|/.exec(row) ?? [];
  if (passed === undefined) throw new Error(`docs/conformance.md has no results of ${edition.name}`);
  return Number(passed);
}

const node = Bun.which('node') === null ? 'it is not on the PATH' : null;

test.skipIf(!available('Node', node))(
  'a PoP passes the public cache tests, but for those that docs/conformance.md lists',
  async () => {
    const all = await runCacheTests(edition);
    const known = listed('Required tests that are not passed');
    const failed = all.filter(({ kind, passed, id }) => kind === 'required' && !passed && !known.has(id));
    expect(failed.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
    expect(scoreOf(all, 'required').total).toBeGreaterThan(150);
    const missed = all.filter(({ kind, passed }) => kind === 'optimal' && !passed);
    const { passed } = scoreOf(all, 'optimal');
    const why = missed.map(({ id, reason }) => `${id}: ${reason}`).join('\n');
    if (passed < optimalByPage()) throw new Error(`only ${passed} optimal tests pass:\n${why}`);
  },
  180_000,
);

test('a test counts only with those that it builds on', () => {
  const common = { says: '', group: '', kind: 'required' } as const;
  const raw = {
    tests: [
      { ...common, id: 'base', dependsOn: [] },
      { ...common, id: 'built', dependsOn: ['base'] },
      { ...common, id: 'higher', dependsOn: ['built'] },
      { ...common, id: 'lost', dependsOn: ['nothing'] },
    ],
    results: {
      base: ['Assertion', 'is wrong'] as [string, string],
      built: true as const,
      higher: true as const,
    },
  };
  const reasons = (honour: boolean) =>
    Object.fromEntries(verdicts(raw, honour).map(({ id, reason }) => [id, reason]));
  expect(reasons(true)).toEqual({
    base: 'is wrong',
    built: 'builds on base; by itself: passed',
    higher: 'builds on built; by itself: passed',
    lost: 'builds on nothing; by itself: was not run',
  });
  expect(reasons(false)).toMatchObject({ built: null, higher: null, lost: 'was not run' });
});
