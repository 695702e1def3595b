/** What predictions have come to since the process was started, by what led to them. */
import type { Tally } from '../messages/predictions.ts';
import { type Source, sources } from './score.ts';

export interface Tallies {
  readonly of: Readonly<Record<Source, Tally>>;
  /** Requests that nobody had foreseen, and that went to the parent. */
  unforeseen: number;
  /** Questions that were asked of the origin, and those that it could not answer. */
  questions: number;
  unanswered: number;
}

export function openTallies(): Tallies {
  const none = (): Tally => ({
    ...{ foreseen: 0, fetched: 0, fetchedBytes: 0, used: 0, usedBytes: 0, inVain: 0, inVainBytes: 0 },
    ...{ failed: 0, savedMs: 0, doubted: 0, left: 0 },
  });
  const of = Object.fromEntries(sources.map((source) => [source, none()])) as Record<Source, Tally>;
  return { of, unforeseen: 0, questions: 0, unanswered: 0 };
}
