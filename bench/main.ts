/**
 * The benchmark: Meridian and what people use instead, side by side, in one run on one machine.
 *
 *     npm run bench                      all suites
 *     npm run bench -- hit --rounds 9    one of them
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSize } from '../src/config/units.ts';
import { withEarlier } from './again.ts';
import { formats } from './eviction/formats.ts';
import { DEFAULT_SIZES, evictionWanted, traceOptions } from './eviction/wanted.ts';
import { cores, machine } from './machine.ts';
import { capture } from './process.ts';
import { intoReadme } from './readme.ts';
import { type Report, suiteText } from './report.ts';
import { openScratch } from './scratch.ts';
import type { Run, Suite, SuiteReport } from './suite.ts';
import { access } from './suites/access.ts';
import { bus } from './suites/bus.ts';
import { ciMonth } from './suites/ci-month.ts';
import { disk } from './suites/disk.ts';
import { diskIndex } from './suites/disk-index.ts';
import { eviction } from './suites/eviction.ts';
import { fill } from './suites/fill.ts';
import { footprint } from './suites/footprint.ts';
import { hit } from './suites/hit.ts';
import { hot } from './suites/hot.ts';
import { kvSuite } from './suites/kv.ts';
import { miss } from './suites/miss.ts';
import { npmSuite } from './suites/npm.ts';
import { ociSuite } from './suites/oci.ts';
import { overflow } from './suites/overflow.ts';
import { purge } from './suites/purge.ts';
import { purgeNetwork } from './suites/purge-network.ts';
import { recording } from './suites/recording.ts';
import { shield } from './suites/shield.ts';
import { tiersSuite } from './suites/tiers.ts';
import { workers } from './suites/workers.ts';
import { world } from './suites/world.ts';
import { worldOptions, worldWanted } from './world/wanted.ts';

const suites: readonly Suite[] = [
  hit,
  miss,
  disk,
  fill,
  footprint,
  purge,
  overflow,
  bus,
  purgeNetwork,
  kvSuite,
  npmSuite,
  ociSuite,
  workers,
  hot,
  shield,
  diskIndex,
  access,
  eviction,
  ciMonth,
  recording,
  world,
  tiersSuite,
];

const HELP = `Usage: npm run bench -- [list | <suite> …] [options]

  list             show the suites, their cases and peers
  --rounds N       how often each server is measured in each case
  --seconds N      how long each time, where that is not up to the server
  --size BYTES     of the large object, in suites that have one, e.g. 256MiB
  --objects N      how many small objects, in suites that have many; in ci-month, repositories
  --entries N      how many entries, in the suites "index" and "access" (default 1000000)
  --all            in hit, also the cases and peers that are about details (hours rather than minutes); in oci, a longer crowd
  --only TEXT      only cases whose name contains this, e.g. "HTTP/1.1, 1 KiB, 50"
  --peers A,B      only these peers (names as in \`list\`)
  --trace FILE     eviction: replay this file instead of made-up traces (may be .gz or .zst)
  --format NAME    eviction: its format: ${formats.join(', ')} (default oracleGeneral)
  --sizes A,B      eviction: sizes of the cache, as shares of the footprint (default ${DEFAULT_SIZES})
  --rtt A,B,C      world, tiers: round trips between client, PoP, shield and origin, ms (default 10,65,165)
  --mbit A,B,C     world, tiers: rates of these links in each direction, Mbit/s (default 1000,200,200)
  --slow-start   world, tiers: connections begin with ten segments, and begin anew after a rest
  --warm-shield    world: the shield has everything, and the PoP alone is empty
  --traffic N      world: requests per second beside each install (default 50)
  --json FILE      where the figures go (default bench/results/tmp/latest.json)
  --write-readme   put the tables into bench/README.md, and the figures beside it in bench/results/; with --only, other
                   cases keep theirs
  --write-docs     world, tiers, ci-month: put the tables into docs/performance.md, and the chart beside it
  --help           this

Nothing is installed or changed outside a temporary directory. Close what else keeps the machine busy.`;

const here = import.meta.dirname;

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
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      size: { type: 'string' },
      objects: { type: 'string' },
      entries: { type: 'string' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      ...traceOptions,
      ...worldOptions,
      json: { type: 'string' },
      'write-readme': { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(HELP);
  if (positionals[0] === 'list') return say(suites.map(listed).join('\n\n'));

  const chosen = positionals.length === 0 ? suites : positionals.map(suiteNamed);
  const peers = values.peers.split(',').filter(Boolean);
  if (values['write-readme'] && (peers.length > 0 || values.size || values.trace)) {
    throw new Error('--write-readme replaces tables of a suite: it needs its own cases and all peers.');
  }
  const report = await measure(chosen, {
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    objects: whole('objects', values.objects),
    entries: whole('entries', values.entries),
    size: values.size === undefined ? undefined : (parseSize(values.size) ?? whole('size', values.size)),
    only: values.only,
    all: values.all,
    peers,
    eviction: evictionWanted(values),
    world: worldWanted(values),
  });

  for (const suite of report.suites) {
    say(`\n${suiteText(report, suite)}`);
    const all = values.only === '' ? suite : amongOthers(report, suite);
    if (values['write-readme']) await publish(report, all);
    if (values['write-docs']) writeDocs(report, all);
  }
  const jsonPath = values.json ?? join(here, 'results/tmp/latest.json');
  writeJson(jsonPath, report);
  say(`All figures: ${relative(process.cwd(), jsonPath)}`);
  return report.suites.some(({ rows }) => rows.some((row) => row.failed)) ? 1 : 0;
}

type Wanted = Pick<Run, 'only' | 'all' | 'peers' | 'size' | 'objects' | 'entries' | 'eviction' | 'world'> & {
  readonly rounds: number | undefined;
  readonly seconds: number | undefined;
};

async function measure(chosen: readonly Suite[], wanted: Wanted): Promise<Report> {
  const at = new Date().toISOString();
  const on = machine();
  const done: SuiteReport[] = [];
  for (const suite of chosen) {
    const rounds = wanted.rounds ?? suite.defaults.rounds;
    const seconds = wanted.seconds ?? suite.defaults.seconds;
    const progress = (line: string) => console.error(`${suite.name}: ${line}`);
    // Each suite has its servers to itself: what an earlier one left would take memory from those of the next.
    const scratch = openScratch();
    try {
      done.push(await suite.run({ ...wanted, rounds, seconds, scratch, cores: cores(), progress }));
    } finally {
      await scratch.clear();
    }
  }
  return { format: 2, at, machine: on, suites: done };
}

/** The tables for readers, and the figures that they come from, both to be checked in. */
async function publish(report: Report, suite: SuiteReport): Promise<void> {
  const readme = join(here, 'README.md');
  const text = suiteText(report, suite);
  writeFileSync(readme, intoReadme(readFileSync(readme, 'utf8'), suite.suite, text));
  const figures = figuresOf(suite.suite);
  writeJson(figures, { ...report, suites: [suite] });
  await capture('node', join(here, '../node_modules/@biomejs/biome/bin/biome'), 'format', '--write', figures);
}

/** The tables of a suite that `docs/performance.md` has a place for, and its charts beside it. */
function writeDocs(report: Report, suite: SuiteReport): void {
  const docs = join(here, '../docs');
  const page = join(docs, 'performance.md');
  const pictures = (suite.charts ?? []).map(({ file }) => `![${suite.about}](${file})\n\n`);
  const text = pictures.join('') + suiteText(report, suite);
  writeFileSync(page, intoReadme(readFileSync(page, 'utf8'), suite.suite, text));
  for (const { file, svg } of suite.charts ?? []) writeFileSync(join(docs, file), svg);
}

function amongOthers(report: Report, suite: SuiteReport): SuiteReport {
  const path = figuresOf(suite.suite);
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null;
  return withEarlier(report, suite, suiteNamed(suite.suite), earlier);
}

function figuresOf(suite: string): string {
  return join(here, `results/${suite}.json`);
}

/** With as many digits as mean something. */
function writeJson(path: string, report: Report): void {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, rounded, 2)}\n`);
}

function suiteNamed(name: string): Suite {
  const suite = suites.find((each) => each.name === name);
  if (!suite)
    throw new Error(`There is no suite "${name}". There are: ${suites.map((each) => each.name).join(', ')}.`);
  return suite;
}

function listed({ name, about, cases, peers }: Suite): string {
  return [
    `${name}: ${about}`,
    ...cases.map((title) => `  case  ${title}`),
    ...peers.map((peer) => `  peer  ${peer}`),
  ].join('\n');
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${option} has to be a whole number of at least 1, not "${text}".`);
  return value;
}

function say(text: string): 0 {
  console.log(text);
  return 0;
}
