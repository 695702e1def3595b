/**
 * Remembers for which packages the origin has looked at the upstream again, because somebody asked for a
 * file that the stored index does not know. Once per package and moment, whatever number of made-up files
 * is asked for.
 */
import type { Clock } from '../clock.ts';

/** As long as "not found" is kept for the file itself. */
const PAUSE_MS = 10_000;
const MAX_PACKAGES = 4_096;

interface Look<Found> {
  readonly startedMs: number;
  /** Until it is there; afterwards it is in the origin's cache, where everybody looks first. */
  found: Promise<Found> | null;
}

export interface LastLooks<Found> {
  /** `null`: somebody has looked a moment ago. */
  once(name: string, look: () => Promise<Found>): Promise<Found> | null;
}

export function openLastLooks<Found>(clock: Clock): LastLooks<Found> {
  const looks = new Map<string, Look<Found>>();
  // One iterator for good, as in `cache/remember.ts`: a new one has to pass the places of all that were deleted.
  let oldest = looks.keys();

  function forgetOldest(): void {
    const { done, value } = oldest.next();
    if (done) oldest = looks.keys();
    else looks.delete(value);
  }

  return {
    once(name, look) {
      const startedMs = clock.elapsed();
      const last = looks.get(name);
      if (last !== undefined && startedMs - last.startedMs < PAUSE_MS) return last.found;

      const found = look();
      const current: Look<Found> = { startedMs, found };
      looks.delete(name);
      looks.set(name, current);
      while (looks.size > MAX_PACKAGES) forgetOldest();
      // A look that failed told nothing, so it does not count; whoever waits for it learns why.
      found.then(
        () => {
          current.found = null;
        },
        () => {
          if (looks.get(name) === current) looks.delete(name);
        },
      );
      return found;
    },
  };
}
