/**
 * The public conformance suites, run against a network of real nodes:
 *
 *     npm run conformance -- cache-tests                     the edition of the npm package
 *     npm run conformance -- cache-tests --edition ../cache-tests --json results.json
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCacheTests } from './cache-tests.ts';
import { findEdition } from './edition.ts';
import { type Kind, scoreOf, type Verdict } from './verdict.ts';

const HELP = `Usage: npm run conformance -- <suite> [options]

  cache-tests      the tests of cache-tests.fyi

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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [suite] = positionals;
  if (suite !== 'cache-tests' || positionals.length > 1) {
    throw new Error(`Name a suite: cache-tests. \`npm run conformance -- --help\` says more.`);
  }
  const edition = findEdition(values.edition === undefined ? undefined : resolve(values.edition));
  const only = values.only.split(',').filter((id) => id !== '');
  const all = await runCacheTests(edition, only);
  const unknown = only.filter((id) => !all.some((verdict) => verdict.id === id));
  if (unknown.length > 0) throw new Error(`This edition has no test ${unknown.join(', ')}.`);
  const scores = Object.fromEntries(kinds.map((kind) => [kind, scoreOf(all, kind)]));
  if (values.json !== undefined) {
    const report = { suite, edition: edition.name, scores, results: all };
    writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  console.log(`cache-tests (${edition.name})\n`);
  for (const kind of kinds) console.log(section(kind, all));
  return 0;
}

function section(kind: Kind, all: readonly Verdict[]): string {
  const { passed, total } = scoreOf(all, kind);
  const misses = all.filter((verdict) => verdict.kind === kind && !verdict.passed);
  const width = Math.max(0, ...misses.map(({ id }) => id.length));
  const lines = misses.map(({ id, reason }) => `  ${id.padEnd(width)}  ${reason}`);
  return [`${kind.padEnd(8)}  ${passed} of ${total}`, ...lines, ''].join('\n');
}
