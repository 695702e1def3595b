/** What has come of what was fetched, for the account by which predictions are judged, and turned down. */
import type { BroughtOptions } from './brought.ts';
import type { Fates } from './fates.ts';
import type { Score } from './score.ts';
import type { Tallies } from './tallies.ts';

export function verdictsOf(
  tallies: Tallies,
  score: Score,
  fates: Fates,
): Pick<BroughtOptions, 'used' | 'usedBytes' | 'inVain'> {
  return {
    used({ source, route }, savedMs) {
      const tally = tallies.of[source];
      tally.used++;
      tally.savedMs += savedMs;
      score.judged(source, route, true);
    },
    usedBytes({ source, bytes }) {
      tallies.of[source].usedBytes += bytes;
    },
    inVain({ source, route, bytes }, key) {
      fates.note(key, source, 'vain');
      const tally = tallies.of[source];
      tally.inVain++;
      tally.inVainBytes += bytes;
      score.judged(source, route, false);
    },
  };
}
