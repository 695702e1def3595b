/**
 * Conformance suites, run against a network of real nodes:
 *
 *     npm run conformance -- cache-tests                     the edition of the npm package
 *     npm run conformance -- cache-tests --edition ../cache-tests --json results.json
 *     npm run conformance -- oci --json results.json         the requirements of the OCI Distribution Specification
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCacheTests } from './cache-tests.ts';
import { findEdition } from './edition.ts';
import { requirementsTable } from './oci-requirements.ts';
import { runOci } from './oci-suite.ts';
import { type Kind, scoreOf, type Verdict } from './verdict.ts';

const HELP = `Usage: npm run conformance -- <suite> [options]

  cache-tests      the tests of cache-tests.fyi
  oci              the requirements of the OCI Distribution Specification: MUST is required, SHOULD optimal

  --list           of oci: the list of requirements, as docs/conformance.md has it

  --edition DIR    an edition of the suite, such as a clone of its repository with its dependencies installed
                   (default: the npm package)
  --only ID,ID     only these tests; what they build on does not count then
  --json FILE      writes every figure and every result there
  --help           this

It ends with 0 when the suite has run, whatever came of it: \`npm test\` holds the results to docs/conformance.md.
Servers listen on loopback, on free ports; what they keep is deleted afterwards.`;

const kinds: readonly Kind[] = ['required', 'optimal', 'check'];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      edition: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [suite] = positionals;
  if ((suite !== 'cache-tests' && suite !== 'oci') || positionals.length > 1) {
    throw new Error(`Name a suite: cache-tests or oci. \`npm run conformance -- --help\` says more.`);
  }
  if (values.list) {
    console.log(requirementsTable());
    return 0;
  }
  if (suite === 'oci') report(suite, 'OCI Distribution Specification 1.1', await runOci(), values.json);
  else await cacheTests(values);
  return 0;
}

interface Options {
  readonly edition?: string | undefined;
  readonly only: string;
  readonly json?: string | undefined;
}

async function cacheTests(values: Options): Promise<void> {
  const edition = findEdition(values.edition === undefined ? undefined : resolve(values.edition));
  const only = values.only.split(',').filter((id) => id !== '');
  const all = await runCacheTests(edition, only);
  const unknown = only.filter((id) => !all.some((verdict) => verdict.id === id));
  if (unknown.length > 0) throw new Error(`This edition has no test ${unknown.join(', ')}.`);
  report('cache-tests', edition.name, all, values.json);
}

function report(suite: string, edition: string, all: readonly Verdict[], json: string | undefined): void {
  const scores = Object.fromEntries(kinds.map((kind) => [kind, scoreOf(all, kind)]));
  if (json !== undefined) {
    const result = { suite, edition, scores, results: all };
    writeFileSync(json, `${JSON.stringify(result, undefined, 2)}\n`);
  }
  console.log(`${suite} (${edition})\n`);
  for (const kind of kinds) if (all.some((verdict) => verdict.kind === kind)) console.log(section(kind, all));
}

function section(kind: Kind, all: readonly Verdict[]): string {
  const { passed, total } = scoreOf(all, kind);
  const misses = all.filter((verdict) => verdict.kind === kind && !verdict.passed);
  const width = Math.max(0, ...misses.map(({ id }) => id.length));
  const lines = misses.map(({ id, reason }) => `  ${id.padEnd(width)}  ${reason}`);
  return [`${kind.padEnd(8)}  ${passed} of ${total}`, ...lines, ''].join('\n');
}
