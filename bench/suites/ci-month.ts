/**
 * A month of a team's builds, through a PoP that has room for a part of what they need: what it has when it is asked, and whom it asks
 * for the rest, with predictions and without.
 */

import { precisionOf } from '../../src/console/data/predicted.ts';
import { type Replayed, replay, total } from '../ci-month/replay.ts';
import { days } from '../ci-month/world.ts';
import { KIB, MIB } from '../objects.ts';
import type { Run, Suite, SuiteReport, Table } from '../suite.ts';

const repositories = 24;
const seed = 10;
/** Of the PoP, for each repository: half of what they need in the end, in blocks of its disk. */
const memoryBytes = 80 * KIB;
const diskBytes = 512 * KIB;
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
      ...{ popMemoryBytes: memoryBytes * count, popDiskBytes: diskBytes * count, progress: run.progress },
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
    tables: [tableOf(count, results), ...results.flatMap(sourcesOf)],
  };
}

function tableOf(count: number, results: readonly (readonly [string, Replayed])[]): Table {
  return {
    title: `${count} repositories, ${days} days`,
    remarks: [`The PoP has ${sized(memoryBytes * count)} of memory and ${sized(diskBytes * count)} of disk.`],
    names: 1,
    head: [
      ...['predictions', 'requests', 'hits', 'joined', 'origin requests', 'questions', 'upstream', 'fetched'],
      ...['foreseen', 'precision', 'in vain', 'hits by week', 'requests/s'],
    ],
    body: results.map(([peer, { weeks, worth, upstreamRequests, tookMs }]) => {
      const { requests, hits, joined } = total(weeks);
      const { foreseen, inVain } = worth;
      return [
        ...[peer, whole(requests), percent(hits / requests), percent(joined / requests)],
        ...[whole(worth.requests), whole(worth.questions), whole(upstreamRequests), sized(worth.bytes)],
        ...[whole(foreseen), foreseen === 0 ? '' : percent(1 - inVain / foreseen), sized(worth.inVainBytes)],
        weeks.map((week) => percent(week.hits / week.requests)).join(' '),
        whole(requests / (tookMs / 1000)),
      ];
    }),
  };
}

/** `known`, `learned`, …: as in the metrics. */
function sourcesOf([, { predicted }]: readonly [string, Replayed]): readonly Table[] {
  if (predicted === undefined) return [];
  return [
    {
      title: 'By what led to a prediction',
      remarks: [
        'As the PoP counts it. What was neither fetched nor left was asked for before its turn came.',
      ],
      names: 1,
      head: [
        'source',
        'foreseen',
        'left',
        'fetched',
        'used',
        'in vain',
        'precision',
        'bytes',
        'bytes in vain',
      ],
      body: Object.entries(predicted.sources).map(([source, tally]) => {
        const precision = precisionOf(tally);
        return [
          ...[source, whole(tally.foreseen), whole(tally.left), whole(tally.fetched), whole(tally.used)],
          ...[whole(tally.inVain), precision === null ? '' : percent(precision)],
          ...[sized(tally.fetchedBytes), sized(tally.inVainBytes)],
        ];
      }),
    },
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function sized(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
