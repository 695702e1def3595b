/**
 * Adds up a CI run and says so in one line:
 *
 *     node .ci/tally.mjs <exit code of the type check> <of lint> <of the tests> <log of the tests>
 *
 * The type check and lint count as one check each. Exits with 1 when anything failed, and when no test was run at
 * all: a run that tests nothing proves nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * Bun's own summary is what counts, not its JUnit report: that one leaves out a test file which does not load.
 *
 * @param {{ types: number, lint: number, tests: number, log: string }} run exit codes, and what `bun test` printed
 * @returns {Tally}
 */
export function tally({ types, lint, tests, log }) {
  const checks = [types, lint];
  const checksFailed = checks.filter((code) => code !== 0).length;
  const counted = lastSummary(log);
  // A crash, an error outside of any test, or no test at all: a failure that no test case stands for.
  const unaccounted = counted.failed === 0 && (tests !== 0 || counted.passed === 0);
  return {
    passed: checks.length - checksFailed + counted.passed,
    failed: checksFailed + counted.failed + (unaccounted ? 1 : 0),
    skipped: counted.skipped,
  };
}

/**
 * The block of ` 12 pass` lines above the last `Ran … tests`. An earlier one is the output of some test.
 *
 * @param {string} log
 * @returns {Tally}
 */
function lastSummary(log) {
  // Without colours, in case it was made with them.
  const lines = log.replaceAll(/\x1b\[[\d;]*m/g, '').split(/\r?\n/);
  const end = lines.findLastIndex((line) => /^Ran \d+ tests? across \d+ files?\./.test(line));
  const counts = { pass: 0, fail: 0, skip: 0, todo: 0 };
  for (let at = end - 1; at >= 0 && lines[at]?.trim(); at--) {
    const [, count, what] = /^ *(\d+) (\w+)$/.exec(lines[at] ?? '') ?? [];
    if (what && what in counts) counts[/** @type {keyof typeof counts} */ (what)] = Number(count);
  }
  return { passed: counts.pass, failed: counts.fail, skipped: counts.skip + counts.todo };
}

/** @param {Tally} tally */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [types, lint, tests, log = ''] = process.argv.slice(2);
  const result = tally({
    types: Number(types),
    lint: Number(lint),
    tests: Number(tests),
    log: existsSync(log) ? readFileSync(log, 'utf8') : '',
  });
  console.log(summary(result));
  process.exitCode = result.failed > 0 ? 1 : 0;
}
