/** What comes of it whether a client has come for what was fetched: it is counted, says how good predictions are, and can be asked about. */
import type { BroughtOptions } from './brought.ts';
import type { Fates } from './fates.ts';
import type { Score } from './score.ts';
import type { Tallies } from './tallies.ts';

export interface JudgingOptions {
  readonly tallies: Tallies;
  readonly score: Pick<Score, 'judged'>;
  readonly fates: Pick<Fates, 'note'>;
}

export function judging({
  tallies,
  score,
  fates,
}: JudgingOptions): Pick<BroughtOptions, 'used' | 'usedBytes' | 'inVain'> {
  return {
    used({ source, route, likelihood }, savedMs) {
      const tally = tallies.of[source];
      tally.used++;
      tally.savedMs += savedMs;
      score.judged(source, route, { likelihood, isUsed: true });
    },
    usedBytes({ source, bytes }) {
      tallies.of[source].usedBytes += bytes;
    },
    inVain({ source, route, likelihood, bytes }, key) {
      fates.note(key, source, 'vain');
      const tally = tallies.of[source];
      tally.inVain++;
      tally.inVainBytes += bytes;
      score.judged(source, route, { likelihood, isUsed: false });
    },
  };
}
