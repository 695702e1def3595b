/** Keys that something has happened to just now: so much of it as tells whether something is still worth fetching. */
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../resource.ts';

/** A client has asked for it; or another process was told of it. */
type What = 'asked' | 'elsewhere';

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
  /** The older generation goes as a whole: to look for the oldest key of a map takes longer the more have gone from it. */
  let older = new Map<CacheKey, Noted>();
  let newer = new Map<CacheKey, Noted>();
  return {
    note(key, what) {
      if (newer.size >= most) {
        older = newer;
        newer = new Map();
      }
      newer.set(key, { what, untilMs: clock.elapsed() + forMs });
    },
    get(key) {
      const known = newer.get(key) ?? older.get(key);
      return known !== undefined && known.untilMs > clock.elapsed() ? known.what : null;
    },
  };
}
