/** Keys that something has happened to just now: so much of it as tells whether something is still worth fetching. */
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../resource.ts';
import { openGenerations } from './generations.ts';

/** A client has asked for it; or another process was told of it, as something certain or as a guess. */
type What = 'asked' | 'elsewhere' | 'guessed-elsewhere';

export interface Recent {
  note(key: CacheKey, what: What): void;
  get(key: CacheKey): What | null;
}

interface Noted {
  readonly what: What;
  readonly untilMs: number;
}

/** Of each of two generations. */
const most = 8_192;
const forMs = 30_000;

export function openRecent(clock: Clock): Recent {
  const noted = openGenerations<Noted>(most);
  return {
    note: (key, what) => noted.note(key, { what, untilMs: clock.elapsed() + forMs }),
    get(key) {
      const known = noted.get(key);
      return known !== null && known.untilMs > clock.elapsed() ? known.what : null;
    },
  };
}
