/**
 * How good predictions turn out to be, and what that leads to: where too few of them are used, only the likelier ones are followed, and where hardly any
 * is, none but one session in sixteen, to see whether it has become better.
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
  judged(source: Source, route: string, isUsed: boolean): void;
  /** What predictions of one session have to be at least to be followed, 0 to 1. Above 1: none is. Asking counts as a session. */
  threshold(source: Source, route: string): number;
  /** Of what was judged lately, the share that was used; `null`: too little was. */
  precision(source: Source, route: string): number | null;
  /** Of all that has been judged or asked about. */
  readonly standings: readonly Standing[];
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

interface Record {
  readonly source: Source;
  readonly route: string;
  used: number;
  all: number;
  asked: number;
}

/** @param wanted the share of what is fetched that shall be used, 0 to 1. */
export function openScore(wanted: () => number): Score {
  const records = new Map<string, Record>();

  function recordOf(source: Source, route: string): Record {
    const name = `${source} ${route}`;
    let record = records.get(name);
    if (!record) {
      record = { source, route, used: 0, all: 0, asked: 0 };
      records.set(name, record);
    }
    return record;
  }

  /** Above 1: but for trials. */
  function thresholdAt(reached: number | null): number {
    const goal = wanted();
    if (reached === null || reached >= goal) return firstThreshold;
    if (reached < hopeless) return closed;
    return firstThreshold + (highestThreshold - firstThreshold) * ((goal - reached) / (goal - hopeless));
  }

  return {
    precision: (source, route) => precisionOf(recordOf(source, route)),
    get standings() {
      return [...records.values()].map((record) => {
        const precision = precisionOf(record);
        return { source: record.source, route: record.route, precision, threshold: thresholdAt(precision) };
      });
    },
    judged(source, route, isUsed) {
      const record = recordOf(source, route);
      record.used = record.used * fading + (isUsed ? 1 : 0);
      record.all = record.all * fading + 1;
    },
    threshold(source, route) {
      const record = recordOf(source, route);
      const threshold = thresholdAt(precisionOf(record));
      if (threshold !== closed) return threshold;
      return ++record.asked % trialEvery === 0 ? highestThreshold : closed;
    },
  };
}

function precisionOf({ used, all }: Record): number | null {
  return all < enough ? null : used / all;
}
