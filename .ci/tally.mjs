/**
 * Adds up a CI run and says so in one line:
 *
 *     node .ci/tally.mjs <exit code of the type check> <of lint> <of the tests> <log of the tests> [<file> <exit code> <log>]...
 *
 * The type check and lint count as one check each. Exits with 1 when anything failed, and when no test was run at
 * all: a run that tests nothing proves nothing. Each file that was run once more, alone, follows with how that went; what has
 * passed then counts as passed, and is named as flaky.
 *
 *     node .ci/tally.mjs again <exit code of the tests> <log of the tests>
 *
 * Prints the files that are worth that, one a line.
 */
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {Counts & { flaky: readonly string[] }} Tally `flaky`: tests that failed, and passed when their file ran alone */
/** @typedef {{ file: string, code: number, log: string }} Again a file that was run once more */

/** Where tests start real processes, and wait for them in real time. */
const realProcesses = /^test\/(scenarios|clients|console|deploy|faults)\//;
/** More of them are no accident. */
const maxFilesAgain = 3;

/**
 * Bun's own summary is what counts, not its JUnit report: that one leaves out a test file which does not load.
 *
 * @param {{ types: number, lint: number, tests: number, log: string, again?: readonly Again[] }} run exit codes, and what
 *   `bun test` printed
 * @returns {Tally}
 */
export function tally({ types, lint, tests, log, again = [] }) {
  const checks = [types, lint];
  const checksFailed = checks.filter((code) => code !== 0).length;
  const counted = lastSummary(log);
  // A crash, an error outside of any test, or no test at all: a failure that no test case stands for.
  const unaccounted = counted.failed === 0 && (tests !== 0 || counted.passed === 0);
  const failures = failuresIn(log);
  const flaky = again
    .filter(hasPassed)
    .flatMap(({ file }) => (failures.get(file) ?? []).map((test) => `${file}: ${test}`));
  return {
    passed: checks.length - checksFailed + counted.passed + flaky.length,
    failed: checksFailed + counted.failed - flaky.length + (unaccounted ? 1 : 0),
    skipped: counted.skipped,
    flaky,
  };
}

/** @param {Again} run */
function hasPassed({ code, log }) {
  const { passed, failed } = lastSummary(log);
  return code === 0 && failed === 0 && passed > 0;
}

/**
 * Files that are to be run once more: those with real processes, if few of them have failed, and if it is known of each
 * failure where it belongs.
 *
 * @param {{ tests: number, log: string }} run
 * @returns {readonly string[]}
 */
export function worthAnotherRun({ tests, log }) {
  const failures = failuresIn(log);
  const known = [...failures.values()].reduce((sum, { length }) => sum + length, 0);
  // Bun itself ends with 1; all else is a crash.
  if (tests !== 1 || known !== lastSummary(log).failed || errorOutside.test(plain(log))) return [];
  const files = [...failures.keys()].filter((file) => realProcesses.test(file));
  return files.length <= maxFilesAgain ? files : [];
}

/** In Bun's summary: something was thrown outside of any test. */
const errorOutside = /^ *\d+ errors?$/m;

/**
 * The names of the tests that failed, by the file that they are in. Bun says the file once, above its tests, and repeats all that
 * failed at the end.
 *
 * @param {string} log
 * @returns {Map<string, string[]>}
 */
function failuresIn(log) {
  const failures = new Map();
  let file = '';
  for (const line of plain(log).split(/\r?\n/)) {
    if (/^\d+ tests? failed:$/.test(line)) break;
    const [, path] = /^(?:::group::)?(\S+\.test\.ts):$/.exec(line) ?? [];
    if (path) file = path;
    const [, test] = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/.exec(line) ?? [];
    if (test === undefined) continue;
    failures.set(file, [...(failures.get(file) ?? []), test]);
  }
  return failures;
}

/**
 * Without colours, in case it was made with them.
 *
 * @param {string} log
 */
function plain(log) {
  return log.replaceAll(/\x1b\[[\d;]*m/g, '');
}

/**
 * The block of ` 12 pass` lines above the last `Ran … tests`. An earlier one is the output of some test.
 *
 * @param {string} log
 * @returns {Counts}
 */
function lastSummary(log) {
  const lines = plain(log).split(/\r?\n/);
  const end = lines.findLastIndex((line) => /^Ran \d+ tests? across \d+ files?\./.test(line));
  const counts = { pass: 0, fail: 0, skip: 0, todo: 0 };
  for (let at = end - 1; at >= 0 && lines[at]?.trim(); at--) {
    const [, count, what] = /^ *(\d+) (\w+)$/.exec(lines[at] ?? '') ?? [];
    if (what && what in counts) counts[/** @type {keyof typeof counts} */ (what)] = Number(count);
  }
  return { passed: counts.pass, failed: counts.fail, skipped: counts.skip + counts.todo };
}

/** @param {Tally} tally */
export function summary({ passed, failed, skipped, flaky }) {
  const rest = [
    ...(flaky.length > 0 ? [`${flaky.length} flaky`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return [`${passed} passed`, `${failed} failed`, ...rest].join(', ');
}

/** @param {string} path */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** @param {readonly string[]} words three for each file */
function runsAgain([file, code, log = '', ...rest]) {
  /** @type {Again[]} */
  const more = rest.length > 0 ? runsAgain(rest) : [];
  return file === undefined ? more : [{ file, code: Number(code), log: textOf(log) }, ...more];
}

/** @param {readonly string[]} words */
function main(words) {
  if (words[0] === 'again') {
    const [, tests, log = ''] = words;
    for (const file of worthAnotherRun({ tests: Number(tests), log: textOf(log) })) console.log(file);
    return;
  }
  const [types, lint, tests, log = '', ...again] = words;
  const result = tally({
    types: Number(types),
    lint: Number(lint),
    tests: Number(tests),
    log: textOf(log),
    again: runsAgain(again),
  });
  for (const test of result.flaky) console.log(`flaky: ${test}`);
  console.log(summary(result));
  process.exitCode = result.failed > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
