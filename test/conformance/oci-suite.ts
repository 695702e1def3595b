/**
 * The requirements of the OCI Distribution Specification (`oci-requirements.ts`), put to a network of real nodes by the tests of this
 * folder, which the runtime's own test runner runs and reports on (JUnit).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBun, runtimeEnv, runtimeFlags } from '../../bin/runtime.mjs';
import { temporary } from '../support/temporary.ts';
import { within } from '../support/wait.ts';
import { isHere, type Requirement, requirements } from './oci-requirements.ts';
import type { Verdict } from './verdict.ts';

/** All of them take some 20 s on an idle machine. */
const runMs = 10 * 60_000;
const testMs = 60_000;

/** What has become of a test, by its name as requirements have it: `null` when it passed. */
export type Outcomes = ReadonlyMap<string, string | null>;

export async function runOci(): Promise<Verdict[]> {
  using scratch = temporary('oci-suite');
  const report = join(scratch.path, 'report.xml');
  const files = [...new Set(requirements.flatMap(({ by }) => by.filter(isHere).map(fileOf)))];
  const paths = files.map((file) => join(import.meta.dirname, `${file}.test.ts`));
  const reporting = [`--timeout=${testMs}`, '--reporter=junit', `--reporter-outfile=${report}`];
  const child = Bun.spawn([findBun(), ...runtimeFlags, 'test', ...reporting, ...paths], {
    env: runtimeEnv(),
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  try {
    await within(runMs, 'the suite', child.exited);
  } finally {
    child.kill('SIGKILL');
  }
  return verdictsOf(outcomesIn(readFileSync(report, 'utf8')));
}

/** What is tested elsewhere is left out. */
export function verdictsOf(outcomes: Outcomes): Verdict[] {
  return requirements
    .map((requirement, nth) => ({ requirement, id: `oci-${nth + 1}` }))
    .filter(({ requirement }) => requirement.by.every(isHere))
    .map(({ requirement, id }) => verdictOf(id, requirement, outcomes));
}

function verdictOf(id: string, { section, level, says, by }: Requirement, outcomes: Outcomes): Verdict {
  const reasons = by.flatMap((test) => {
    const outcome = outcomes.has(test) ? (outcomes.get(test) ?? null) : 'was not run';
    return outcome === null ? [] : [`${test}: ${outcome}`];
  });
  return {
    ...{ id, group: section, says },
    kind: level === 'MUST' ? 'required' : 'optimal',
    passed: reasons.length === 0,
    reason: reasons.length === 0 ? null : reasons.join('; '),
  };
}

/** Of a report of the test runner. */
export function outcomesIn(report: string): Outcomes {
  const outcomes = new Map<string, string | null>();
  for (const [, fields = '', rest = ''] of report.matchAll(
    /<testcase ([^>]*?)(\/>|>[\s\S]*?<\/testcase>)/g,
  )) {
    const file = /([^/]*)\.test\.ts$/.exec(fieldIn(fields, 'file'))?.[1] ?? '';
    const outcome = /<skipped/.test(rest) ? 'was not run' : /<failure/.test(rest) ? 'failed' : null;
    outcomes.set(`${file}: ${fieldIn(fields, 'name')}`, outcome);
  }
  return outcomes;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function fieldIn(fields: string, name: string): string {
  const text = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(fields)?.[1] ?? '';
  return text.replace(/&(\w+);/g, (whole, entity: string) => entities[entity] ?? whole);
}

function fileOf(test: string): string {
  return test.split(': ', 1)[0] ?? '';
}
