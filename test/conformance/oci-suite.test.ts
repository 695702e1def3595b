/** The list of requirements: what is in it, that docs/conformance.md shows it, and what comes of a report of the test runner. */
import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHere, requirements, requirementsTable } from './oci-requirements.ts';
import { outcomesIn, verdictsOf } from './oci-suite.ts';

const root = join(import.meta.dirname, '..', '..');

test('each requirement has a test that there is', () => {
  for (const { says, by } of requirements) {
    expect([says, by.length > 0]).toEqual([says, true]);
    for (const test of by) {
      const [, file = '', title = ''] = isHere(test) ? (/^(.*?): (.*)$/.exec(test) ?? []) : ['', test];
      const path = isHere(test) ? join(import.meta.dirname, `${file}.test.ts`) : join(root, test);
      expect([test, existsSync(path)]).toEqual([test, true]);
      if (isHere(test))
        expect([test, readFileSync(path, 'utf8').includes(`'${title}'`)]).toEqual([test, true]);
    }
  }
});

test('docs/conformance.md shows them all', () => {
  expect(readFileSync(join(root, 'docs', 'conformance.md'), 'utf8')).toContain(requirementsTable());
});

test('a requirement is met when all its tests have passed', () => {
  const report = `<testsuites><testsuite><testcase name="a &lt;b&gt;" classname="x" file="test/conformance/oci-a.test.ts" />
    <testcase name="c" classname="x" file="oci-a.test.ts" line="2"><failure type="AssertionError">no</failure></testcase>
    <testcase name="d" file="oci-a.test.ts"><skipped /></testcase></testsuite></testsuites>`;
  const outcomes = outcomesIn(report);
  expect([...outcomes]).toEqual([
    ['oci-a: a <b>', null],
    ['oci-a: c', 'failed'],
    ['oci-a: d', 'was not run'],
  ]);
  const all = requirements.flatMap(({ by }) => by);
  const good = new Map(all.map((test) => [test, null]));
  expect(verdictsOf(good).every(({ passed }) => passed)).toBe(true);
  const [first = ''] = all;
  const failed = verdictsOf(new Map([...good, [first, 'failed']])).filter(({ passed }) => !passed);
  expect(failed[0]?.reason).toBe(`${first}: failed`);
});
