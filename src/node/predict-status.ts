/** How the predictions of a node stand, for whoever asks: its status, its report, its metrics. Nothing is counted for it on the way of a request. */
import { mostStandings, type PredictingState } from '../messages/predictions.ts';
import type { Predictor } from '../predict/predictor.ts';
import { sources } from '../predict/score.ts';
import type { Observation, Registry } from '../telemetry/metrics/registry.ts';
import type { MetricName } from '../telemetry/metrics/table.ts';

type Told = Pick<Predictor, 'tallies' | 'score' | 'state'>;

/** `null` where nothing is predicted. */
export function predictStatusOf(predictor: Told | null): PredictingState | null {
  if (predictor === null) return null;
  const { learned, ...state } = predictor.state;
  return {
    ...state,
    windowBytes: Math.round(state.windowBytes),
    learned: learned && { names: learned.names, bytes: learned.bytes },
    standings: predictor.score.standings.slice(0, mostStandings),
  };
}

/** @param predictor asked for each time: a reload may turn it on and off. */
export function observePredictions(counted: Registry, predictor: () => Told | null): void {
  observeTallies(counted, predictor);
  observeState(counted, predictor);
  const standings = (name: 'meridian.predict.precision' | 'meridian.predict.threshold') =>
    counted.observe(name, () =>
      (predictor()?.score.standings ?? []).flatMap(({ source, route, precision, threshold }) => {
        const value = name === 'meridian.predict.precision' ? precision : threshold;
        return value === null ? [] : [{ labels: [source, route], value }];
      }),
    );
  standings('meridian.predict.precision');
  standings('meridian.predict.threshold');
}

const bySource = {
  'meridian.predict.foreseen': 'foreseen',
  'meridian.predict.fetched': 'fetched',
  'meridian.predict.fetched.size': 'fetchedBytes',
  'meridian.predict.used': 'used',
  'meridian.predict.used.size': 'usedBytes',
  'meridian.predict.vain': 'inVain',
  'meridian.predict.vain.size': 'inVainBytes',
  'meridian.predict.failed': 'failed',
  'meridian.predict.doubted': 'doubted',
  'meridian.predict.left': 'left',
} as const;

function observeTallies(counted: Registry, predictor: () => Told | null): void {
  const ofSources = (
    name: keyof typeof bySource | 'meridian.predict.saved',
    of: (tally: Told['tallies']['of']['known']) => number,
  ) =>
    counted.observe(name, () => {
      const told = predictor();
      if (told === null) return [];
      return sources.map((source) => ({ labels: [source] as const, value: of(told.tallies.of[source]) }));
    });
  for (const [name, field] of Object.entries(bySource) as Entries<typeof bySource>)
    ofSources(name, (tally) => tally[field]);
  ofSources('meridian.predict.saved', ({ savedMs }) => savedMs / 1000);
  observeOne(counted, predictor, 'meridian.predict.unforeseen', ({ tallies }) => tallies.unforeseen);
  observeOne(counted, predictor, 'meridian.predict.questions', ({ tallies }) => tallies.questions);
  observeOne(counted, predictor, 'meridian.predict.unanswered', ({ tallies }) => tallies.unanswered);
  observeOne(counted, predictor, 'meridian.predict.recall', ({ tallies: { of, unforeseen } }) => {
    const used = sources.reduce((sum, source) => sum + of[source].used, 0);
    return used + unforeseen === 0 ? null : used / (used + unforeseen);
  });
}

type Entries<Of> = { [Name in keyof Of]: [Name, Of[Name]] }[keyof Of][];

function observeState(counted: Registry, predictor: () => Told | null): void {
  const ofState = (name: Unlabelled, of: (state: Told['state']) => number | null) =>
    observeOne(counted, predictor, name, ({ state }) => of(state));
  ofState('meridian.predict.waiting', ({ waiting }) => waiting);
  ofState('meridian.predict.under_way', ({ underWay }) => underWay);
  ofState('meridian.predict.window', ({ windowBytes }) => Math.round(windowBytes));
  ofState('meridian.predict.unused', ({ unusedBytes }) => unusedBytes);
  ofState('meridian.predict.room', ({ roomBytes }) => roomBytes);
  ofState('meridian.predict.sessions', ({ sessions }) => sessions);
  ofState('meridian.predict.learned.names', ({ learned }) => learned?.names ?? null);
  ofState('meridian.predict.learned.size', ({ learned }) => learned?.bytes ?? null);
}

type Unlabelled = {
  [Name in MetricName]: Observation<Name>['labels'] extends readonly [] ? Name : never;
}[MetricName];

function observeOne(
  counted: Registry,
  predictor: () => Told | null,
  name: Unlabelled,
  of: (told: Told) => number | null,
): void {
  counted.observe(name, () => {
    const told = predictor();
    const value = told && of(told);
    return value === null ? [] : [{ labels: [], value }];
  });
}
