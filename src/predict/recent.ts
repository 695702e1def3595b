/** Keys that something has happened to just now: so much of it as tells whether something is still worth fetching. */
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../resource.ts';

/** A client has asked for it; or another process was told of it. */
type What = 'asked' | 'elsewhere';

export interface Recent {
  note(key: CacheKey, what: What): void;
  get(key: CacheKey): What | null;
}

const most = 16_384;
const forMs = 30_000;

export function openRecent(clock: Clock): Recent {
  /** The oldest first. */
  const all = new Map<CacheKey, { readonly what: What; readonly untilMs: number }>();
  return {
    note(key, what) {
      all.delete(key);
      all.set(key, { what, untilMs: clock.elapsed() + forMs });
      if (all.size <= most) return;
      const [oldest] = all.keys();
      if (oldest !== undefined) all.delete(oldest);
    },
    get(key) {
      const known = all.get(key);
      return known !== undefined && known.untilMs > clock.elapsed() ? known.what : null;
    },
  };
}
