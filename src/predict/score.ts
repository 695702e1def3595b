/**
 * How good predictions turn out to be, and what that leads to: of what is called so likely or likelier, as much is followed as is used often enough, taken
 * together. So how likely something is called needs not be right; what is called likelier has to be. Where even the likeliest are not used often enough, only
 * those are followed, the fewer the further the goal is away, and where hardly any is, none. One session in sixteen follows what is a little less likely, too, to see
 * whether it has become better.
 */
import type { Standing } from '../messages/predictions.ts';

/** What led to a prediction: a protocol's knowledge, what was learned, a time of day, what an answer or a body said, something in use that is about to change. */
export const sources = ['known', 'learned', 'scheduled', 'told', 'linked', 'renewed'] as const;
export type Source = (typeof sources)[number];

/** No client has led to it. */
export function isNobodys(source: Source): boolean {
  return source === 'scheduled' || source === 'renewed';
}

export interface Score {
  /** Someone has come for it, or nobody has. */
  judged(source: Source, route: string, judgement: Judgement): void;
  /** What predictions of one session have to be at least to be followed, 0 to 1. Above 1: none is. Asking counts as a session, and one in sixteen is a trial. */
  threshold(source: Source, route: string): number;
  /** Of what was judged lately, the share that was used; `null`: too little was. */
  precision(source: Source, route: string): number | null;
  /** Of all that has been judged or asked about. */
  readonly standings: readonly Standing[];
}

export interface Judgement {
  /** As it was foreseen: 0 to 1. */
  readonly likelihood: number;
  readonly isUsed: boolean;
}

/** Without any experience: what is as likely as not is worth a try. */
const firstThreshold = 0.5;
const highestThreshold = 0.95;
/** Below this share, nothing is followed, but for trials. */
const hopeless = 0.3;
const trialEvery = 16;
/** As likely as nothing is. */
const closed = 2;
/** How much the last judgement counts beside those before: the last few hundred make up most of it. */
const fading = 0.995;
/** Fewer judgements say nothing. */
const enough = 40;

/** What is called likely is judged by tenths, with what is called certain for itself. What has not been followed lately fades, until it is tried again. */
const bands = 11;

interface Record {
  readonly source: Source;
  readonly route: string;
  /** By band, the least likely first. */
  readonly used: Float64Array;
  readonly all: Float64Array;
  asked: number;
}

/** @param wanted the share of what is fetched that shall be used, 0 to 1. */
export function openScore(wanted: () => number): Score {
  const records = new Map<string, Record>();

  function recordOf(source: Source, route: string): Record {
    const name = `${source} ${route}`;
    let record = records.get(name);
    if (!record) {
      record = { source, route, used: new Float64Array(bands), all: new Float64Array(bands), asked: 0 };
      records.set(name, record);
    }
    return record;
  }

  /** Above 1: but for trials. */
  function thresholdOf(record: Record): number {
    const goal = wanted();
    const good = lowestGood(record, goal);
    if (good !== null) return good;
    const reached = precisionOf(record) ?? 0;
    if (reached < hopeless) return lowestUnknown(record) ?? closed;
    const away = (goal - reached) / (goal - hopeless);
    return Math.max(firstThreshold + (highestThreshold - firstThreshold) * away, lowestOfBest(record));
  }

  return {
    precision: (source, route) => precisionOf(recordOf(source, route)),
    get standings() {
      return [...records.values()].map((record) => {
        const { source, route } = record;
        return { source, route, precision: precisionOf(record), threshold: thresholdOf(record) };
      });
    },
    judged(source, route, { likelihood, isUsed }) {
      const { used, all } = recordOf(source, route);
      for (let band = 0; band < bands; band++) {
        used[band]! *= fading;
        all[band]! *= fading;
      }
      const band = bandOf(likelihood);
      all[band]!++;
      if (isUsed) used[band]!++;
    },
    threshold(source, route) {
      const record = recordOf(source, route);
      const threshold = thresholdOf(record);
      if (threshold <= firstThreshold) return threshold;
      if (++record.asked % trialEvery !== 0) return threshold;
      return threshold > 1 ? firstThreshold : Math.max(firstThreshold, threshold - 1 / (bands - 1));
    },
  };
}

function precisionOf({ used, all }: Record): number | null {
  return sum(all) < enough ? null : sum(used) / sum(all);
}

/** How likely it has to be called at least, so that enough of it is used, or too little is judged to tell; `null`: there is no such bound. */
function lowestGood({ used, all }: Record, goal: number): number | null {
  if (sum(all) < enough) return firstThreshold;
  let lowest: number | null = null;
  let [usedSoFar, allSoFar] = [0, 0];
  for (let band = bands - 1; band >= bandOf(firstThreshold); band--) {
    usedSoFar += used[band]!;
    allSoFar += all[band]!;
    if (allSoFar >= enough && usedSoFar >= goal * allSoFar) lowest = band / (bands - 1);
  }
  return lowest;
}

/** From where on too little is judged to tell, and that is not as bad as all the rest; `null`: it is, or all is known. */
function lowestUnknown({ used, all }: Record): number | null {
  let lowest: number | null = null;
  let [usedSoFar, allSoFar] = [0, 0];
  for (let band = bands - 1; band >= bandOf(firstThreshold); band--) {
    usedSoFar += used[band]!;
    allSoFar += all[band]!;
    if (allSoFar >= enough || usedSoFar < hopeless * allSoFar) break;
    lowest = band / (bands - 1);
  }
  return lowest;
}

/** From where on the largest share of what is judged is used: below, there is more of what is in vain. */
function lowestOfBest({ used, all }: Record): number {
  const first = bandOf(firstThreshold);
  let [usedSoFar, allSoFar] = [0, 0];
  let [lowest, highestShare] = [first, 0];
  for (let band = bands - 1; band >= first; band--) {
    usedSoFar += used[band]!;
    allSoFar += all[band]!;
    const share = usedSoFar / allSoFar;
    if (allSoFar < enough || share < highestShare - 1e-9) continue;
    [lowest, highestShare] = [band, share];
  }
  return lowest / (bands - 1);
}

/** Sums that are off by what is beyond the precision of numbers do not move anything to another band. */
function bandOf(likelihood: number): number {
  return Math.max(0, Math.min(bands - 1, Math.floor(likelihood * (bands - 1) + 1e-9)));
}

function sum(values: Float64Array): number {
  return values.reduce((total, each) => total + each, 0);
}
