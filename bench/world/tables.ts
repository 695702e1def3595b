/** What is measured in the suite `world`, as tables. */
import { number } from '../figures.ts';
import { percentile, type Spread, spread } from '../statistics.ts';
import type { Run, Table } from '../suite.ts';
import type { Install } from './clients.ts';
import { type Answerer, type Answers, distribution } from './requests.ts';
import type { Traffic } from './traffic.ts';

export const states = {
  off: 'prediction off',
  first: 'first client ever',
  learned: 'learned',
  warm: 'all warm, prediction off',
} as const;
export type State = keyof typeof states;
/** Of the traffic beside an install, at least and at most: from its beginning. */
export const trafficS = 20;
export const mostTrafficS = 120;

export interface Sample {
  readonly seconds: number;
  readonly answers: Answers;
  readonly traffic: Traffic | null;
  /** Requests that the origin made. */
  readonly upstream: number;
}

/** Case → state → one sample a round. */
export type Samples = Map<string, Map<State, Sample[]>>;

export function secondsOf(all: readonly Sample[] | undefined): Spread | null {
  return all === undefined ? null : spread(all.map(({ seconds }) => seconds));
}

/** Of all rounds together. */
function together(all: readonly Sample[], of: (sample: Sample) => readonly number[]): number[] {
  return all.flatMap(of).sort((a, b) => a - b);
}

function each(
  shown: readonly State[],
  samples: Samples,
  cells: (all: readonly Sample[]) => string[],
): string[][] {
  return [...samples].flatMap(([title, of]) =>
    shown.flatMap((state) => {
      const all = of.get(state);
      return all === undefined ? [] : [[title, states[state], ...cells(all)]];
    }),
  );
}

/** What the client itself does takes as long, wherever its packages are: with a network that costs nothing, it would be no faster than with everything warm. */
export function waitTable(shown: readonly State[], samples: Samples): Table {
  const medianOf = (all: readonly Sample[] | undefined) => secondsOf(all)?.median ?? null;
  const others = shown.filter((state) => state !== 'warm');
  return {
    title: 'Time that the way costs',
    remarks: [
      'Seconds more than with everything warm, which is as fast as this client gets; then how much of that prediction takes away.',
    ],
    names: 1,
    head: ['case', 'all warm', ...others.map((state) => states[state])],
    body: [...samples].flatMap(([title, of]) => {
      const warm = medianOf(of.get('warm'));
      if (warm === null) return [];
      const off = medianOf(of.get('off'));
      const cells = others.map((state) => {
        const own = medianOf(of.get(state));
        if (own === null) return '';
        const more = `${own < warm ? '' : '+'}${number(own - warm, 2)}`;
        return state === 'off' || off === null ? more : `${more} (${percentOf(off - own, off - warm)})`;
      });
      return [[title, number(warm, 2), ...cells]];
    }),
  };
}

function percentOf(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(0)}% less`;
}

const columns: readonly (readonly [Answerer, string])[] = [
  ['predicted', 'predicted'],
  ['awaited', 'on its way'],
  ['again', 'PoP hit'],
  ['shield', 'shield'],
  ['origin', 'origin'],
];

export function latencyTable(
  shown: readonly State[],
  samples: Samples,
  { world: wanted, rounds: most }: Run,
  cases: readonly Install[],
): Table {
  const [client, shield, origin] = wanted.roundTripsMs;
  const long = cases.filter(({ rounds = most }) => rounds < most);
  return {
    title: 'Requests, by who answered',
    remarks: [
      `Number of requests, then p50 / p90 / p99 of the time to the head of the answer at the PoP, ms. A client has the ${client} ms to the PoP besides; from there it is ${shield} ms to the shield, and ${origin} ms more to the origin, there and back.`,
      '"Predicted": it was in the PoP, though no client had asked for it. "On its way": it was being fetched already, by prediction or for another request.',
      ...long.map(
        ({ title, rounds }) =>
          `"${title}" takes many minutes, and was measured in ${rounds === 1 ? 'one round' : `${rounds} rounds`}.`,
      ),
    ],
    names: 2,
    head: ['case', 'state', 'requests', 'all', ...columns.map(([, label]) => label)],
    body: each(shown, samples, (all) => [
      (all.reduce((sum, { answers }) => sum + answers.ms.length, 0) / all.length).toFixed(0),
      distribution(together(all, ({ answers }) => answers.ms)),
      ...columns.map(([name]) => {
        const ms = together(all, ({ answers }) => answers.msBy[name]);
        return ms.length === 0 ? '' : `${(ms.length / all.length).toFixed(0)}: ${distribution(ms)}`;
      }),
    ]),
  };
}

export function precisionTable(shown: readonly State[], samples: Samples): Table {
  const sum = (all: readonly Sample[], of: (answers: Answers) => number) =>
    all.reduce((total, { answers }) => total + of(answers), 0);
  return {
    title: 'What the PoP fetched, and what of it clients asked for',
    remarks: ['By the access log of the shield, predicted or not, whoever was faster.'],
    names: 2,
    head: ['case', 'state', 'objects', 'asked for', 'precision', 'MiB', 'MiB in vain', 'asked upstream'],
    body: each(
      shown.filter((state) => state !== 'warm'),
      samples,
      (all) => {
        const [brought, used] = [sum(all, (a) => a.brought), sum(all, (a) => a.broughtUsed)];
        const mib = (bytes: number) => number(bytes / all.length / 2 ** 20, 1);
        return [
          (brought / all.length).toFixed(0),
          (used / all.length).toFixed(0),
          brought === 0 ? '' : `${((used / brought) * 100).toFixed(1)}%`,
          mib(sum(all, (a) => a.broughtBytes)),
          mib(sum(all, (a) => a.vainBytes)),
          (all.reduce((total, { upstream }) => total + upstream, 0) / all.length).toFixed(0),
        ];
      },
    ),
  };
}

export function trafficTable(shown: readonly State[], samples: Samples, { world: wanted }: Run): Table {
  const median = (all: readonly Sample[], of: (traffic: Traffic) => readonly number[], share: number) => {
    const values = all.flatMap(({ traffic }) => (traffic === null ? [] : [percentile(of(traffic), share)]));
    return values.length === 0 ? '' : number(spread(values).median, 1);
  };
  const hits = ({ hits }: Traffic) => hits;
  const misses = ({ misses }: Traffic) => misses;
  return {
    title: 'Traffic beside it',
    remarks: [
      `${wanted.trafficPerSecond} requests/s of another route through the same link, half of them for what is in memory, half for what nobody has asked for yet. In each state from the beginning of the install for as long as it takes without prediction, but for ${trafficS} s at least and ${mostTrafficS} s at most. As the client sees it, ms; medians of the rounds.`,
    ],
    names: 2,
    head: ['case', 'state', 'hits p50', 'hits p99', 'misses p50', 'misses p99'],
    body: each(shown, samples, (all) => [
      median(all, hits, 0.5),
      median(all, hits, 0.99),
      median(all, misses, 0.5),
      median(all, misses, 0.99),
    ]),
  };
}
