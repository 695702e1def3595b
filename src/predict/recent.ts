/** Keys that something has happened to just now: so much of it as tells whether something is still worth fetching. */
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../resource.ts';

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

/** A key may be as long as a client likes: what is kept of it is not. */
const digestOf = (key: CacheKey): number => Bun.hash.xxHash32(key);

export function openRecent(clock: Clock): Recent {
  /** The older generation goes as a whole: to look for the oldest key of a map takes longer the more have gone from it. */
  let older = new Map<number, Noted>();
  let newer = new Map<number, Noted>();
  return {
    note(key, what) {
      if (newer.size >= most) {
        older = newer;
        newer = new Map();
      }
      newer.set(digestOf(key), { what, untilMs: clock.elapsed() + forMs });
    },
    get(key) {
      const known = newer.get(digestOf(key)) ?? older.get(digestOf(key));
      return known !== undefined && known.untilMs > clock.elapsed() ? known.what : null;
    },
  };
}
