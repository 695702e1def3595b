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
  /** By digests, as a key may be as long as a client likes. The oldest first. */
  const all = new Map<bigint | number, { readonly what: What; readonly untilMs: number }>();
  return {
    note(key, what) {
      const digest = Bun.hash(key);
      all.delete(digest);
      all.set(digest, { what, untilMs: clock.elapsed() + forMs });
      if (all.size <= most) return;
      const [oldest] = all.keys();
      if (oldest !== undefined) all.delete(oldest);
    },
    get(key) {
      const known = all.get(Bun.hash(key));
      return known !== undefined && known.untilMs > clock.elapsed() ? known.what : null;
    },
  };
}
