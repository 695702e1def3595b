/**
 * A month of a team's builds, through a PoP that has room for a part of what they need: what it has when it is asked, and whom it asks
 * for the rest, with predictions and without.
 */
import { type Replayed, replay, total } from '../ci-month/replay.ts';
import { days } from '../ci-month/world.ts';
import { sizeLabel } from '../objects.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const repositories = 30;
const seed = 10;
const memoryBytes = 1024 * 1024;
const diskBytes = 6 * memoryBytes;
const peers = ['off', 'on'] as const;

export const ciMonth: Suite = {
  name: 'ci-month',
  about: 'A month of builds at a PoP that is too small for them, with predictions and without.',
  cases: [`${repositories} repositories, ${days} days`],
  peers,
  defaults: { rounds: 1, seconds: 0 },
  run: runMonth,
};

async function runMonth(run: Run): Promise<SuiteReport> {
  const count = run.objects ?? repositories;
  const results: (readonly [string, Replayed])[] = [];
  for (const peer of peers.filter((each) => run.peers.length === 0 || run.peers.includes(each))) {
    const replayed = await replay({
      ...{
        seed,
        repositories: count,
        directory: run.scratch.directory(`month-${peer}`),
        predicts: peer === 'on',
      },
      ...{ popMemoryBytes: memoryBytes, popDiskBytes: diskBytes, progress: run.progress },
    });
    results.push([peer, replayed]);
  }
  return {
    suite: ciMonth.name,
    about: ciMonth.about,
    versions: {},
    proofs: [],
    subjects: [],
    rounds: 1,
    seconds: 0,
    figures: [],
    rows: [],
    tables: [tableOf(count, results)],
  };
}

function tableOf(count: number, results: readonly (readonly [string, Replayed])[]): Table {
  return {
    title: `${count} repositories, ${days} days`,
    remarks: [`Memory of the PoP: ${sizeLabel(memoryBytes)}, disk: ${sizeLabel(diskBytes)}.`],
    names: 1,
    head: [
      'predictions',
      'requests',
      'hits',
      'joined',
      'origin requests',
      'upstream',
      'bytes fetched',
      'weeks',
      'req/s',
    ],
    body: results.map(([peer, replayed]) => {
      const { requests, hits, joined } = total(replayed.weeks);
      return [
        ...[peer, String(requests), percent(hits / requests), percent(joined / requests)],
        ...[String(replayed.originRequests), String(replayed.upstreamRequests), String(replayed.fillBytes)],
        replayed.weeks.map((week) => percent(week.hits / week.requests)).join(' '),
        String(Math.round(requests / (replayed.tookMs / 1000))),
      ];
    }),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
