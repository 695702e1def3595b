/**
 * How good predictions turn out to be, and what that leads to: of what is called so likely or likelier, as much is followed as is used often enough, taken
 * together. So how likely something is called needs not be right; what is called likelier has to be. Where even the likeliest are not used often enough, only
 * those are followed of which most are, the fewer the further the goal is away, and where hardly any is, none. One session in sixteen follows what is a little less
 * likely, too, and one in sixty-four whatever is as likely as not, to see whether it has become better.
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
/** Below this share, nothing is followed, but for trials and for what nothing is known of. */
const hopeless = 0.3;
const trialEvery = 16;
/** Of trials, one that goes as far as where there is no experience: what is judged no more may have become better. */
const farEvery = 4;
/** As likely as nothing is. */
const closed = 2;
/** How much the last judgement counts beside those before: the last few hundred make up most of it. */
const fading = 0.995;
/** Fewer judgements say nothing; of one band alone, fewer than a few. */
const enough = 40;
const few = 5;

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
    if (sum(record.all) < enough) return firstThreshold;
    const goal = wanted();
    const good = lowestGood(record, goal);
    if (good !== null) return good;
    const { lowest, share } = bestOf(record);
    if (share < hopeless) return lowestUnknown(record) ?? closed;
    const away = (goal - share) / (goal - hopeless);
    return Math.max(firstThreshold + (highestThreshold - firstThreshold) * away, lowest);
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
      const isFar = threshold > 1 || record.asked % (farEvery * trialEvery) === 0;
      return isFar ? firstThreshold : Math.max(firstThreshold, leastOf(bandOf(threshold) - 1));
    },
  };
}

function precisionOf({ used, all }: Record): number | null {
  return sum(all) < enough ? null : sum(used) / sum(all);
}

/** How likely it has to be called at least, so that enough of it is used; `null`: there is no such bound. */
function lowestGood(record: Record, goal: number): number | null {
  let lowest: number | null = null;
  for (const { band, used, all } of fromLikeliest(record)) {
    if (all >= enough && used >= goal * all) lowest = leastOf(band);
  }
  return lowest;
}

/** From where on the largest share is used, as far as enough is judged; what hardly any is judged of is worth a try. */
function bestOf(record: Record): { readonly lowest: number; readonly share: number } {
  let best = { band: bands, share: 0 };
  for (const { band, used, all } of fromLikeliest(record)) {
    if (all < enough) continue;
    const share = used / all;
    const isUnknown = record.all[band]! < few && best.band === band + 1;
    if (isUnknown || share >= best.share) best = { band, share: Math.max(share, best.share) };
  }
  return { lowest: leastOf(best.band), share: best.share };
}

/** From where on too little is judged to tell, and that is not as bad as all the rest; `null`: it is, or all is known. */
function lowestUnknown(record: Record): number | null {
  let lowest: number | null = null;
  for (const { band, used, all } of fromLikeliest(record)) {
    if (all >= enough || used < hopeless * (all - few)) break;
    lowest = leastOf(band);
  }
  return lowest;
}

/** Of each band, what was judged of it and of those above, but for what would not be followed in any case. */
function* fromLikeliest(record: Record) {
  let [used, all] = [0, 0];
  for (let band = bands - 1; band >= bandOf(firstThreshold); band--) {
    used += record.used[band]!;
    all += record.all[band]!;
    yield { band, used, all };
  }
}

/** What is called least likely in a band. */
function leastOf(band: number): number {
  return band / (bands - 1);
}

/** Sums that are off by what is beyond the precision of numbers do not move anything to another band. */
function bandOf(likelihood: number): number {
  return Math.max(0, Math.min(bands - 1, Math.floor(likelihood * (bands - 1) + 1e-9)));
}

function sum(values: Float64Array): number {
  return values.reduce((total, each) => total + each, 0);
}
