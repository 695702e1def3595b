/**
 * What the index of the disk tier costs when it is large: bytes of its file, memory and time. Of nobody else, since no
 * other cache keeps its index in this way: NGINX and Varnish hold theirs in memory.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { buildIndex } from '../disk-index/build.ts';
import type { Measured } from '../disk-index/measure.ts';
import { number } from '../figures.ts';
import { capture } from '../process.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';

const ENTRIES = 1_000_000;

export const diskIndex: Suite = {
  name: 'index',
  about:
    'The index of the disk tier with very many entries: bytes, memory and processor time. `--entries N`.',
  cases: [`${ENTRIES.toLocaleString('en-US')} npm tarballs`],
  peers: [],
  defaults: { rounds: 1, seconds: 1 },
  run: runDiskIndex,
};

async function runDiskIndex(run: Run): Promise<SuiteReport> {
  const entries = run.entries ?? ENTRIES;
  const path = join(run.scratch.directory('index', 'disk'), 'index.db');
  await buildIndex(path, entries, run.progress);
  const bytes = statSync(path).size;
  run.progress('measuring');
  // A process of its own, whose memory holds nothing of the building.
  const measuring = join(import.meta.dirname, '../disk-index/measure.ts');
  const measured = JSON.parse(await capture(process.execPath, measuring, path, String(entries))) as Measured;
  return {
    suite: diskIndex.name,
    about: diskIndex.about,
    versions: { Bun: Bun.version },
    proofs: sentences(entries, bytes, measured),
    subjects: [],
    rounds: 1,
    seconds: run.seconds,
    figures: [],
    rows: [],
  };
}

function sentences(entries: number, bytes: number, of: Measured): string[] {
  const micros = (value: number) => `${number(value, 1)} µs`;
  return [
    `${number(entries, 0)} entries take ${number(bytes / entries, 0)} bytes of file each, all indexes included.`,
    `The index opened in ${number(of.openMs, 1)} ms.`,
    `It took ${number(of.residentMib, 0)} MiB of resident memory, after look-ups all over it.`,
    `Processor time: ${micros(of.findMicros)} to look up an entry, ${micros(of.putMicros)} to add one, ` +
      `${micros(of.touchMicros)} to note a use, ${micros(of.dropMicros)} to drop the one used least recently.`,
    `A purge that has to look at all entries takes ${micros(of.sweepMicros)} for each, in the background.`,
  ];
}
