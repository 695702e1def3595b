/** What has been fetched because it was foreseen, until somebody comes for it, or nobody has for long enough. */
import type { Clock } from '../clock.ts';
import type { CacheKey } from '../resource.ts';
import type { Source } from './score.ts';

export interface Brought {
  readonly source: Source;
  readonly route: string;
  /** As it was foreseen: 0 to 1. */
  readonly likelihood: number;
  /** By `Clock.elapsed()`: when it was asked for, and when all of it was there; `null`: it is on its way. */
  readonly askedMs: number;
  hereMs: number | null;
  /** By estimate, until it is here. */
  bytes: number;
  /** Several clients may use it: it counts once. */
  isUsed: boolean;
}

export interface BroughtOptions {
  readonly clock: Clock;
  /** For how long somebody may come for it. */
  readonly usableMs: () => number;
  /** @param savedMs what he would have waited longer. */
  readonly used: (each: Brought, savedMs: number) => void;
  /** What somebody has come for is here, and this long. */
  readonly usedBytes: (each: Brought) => void;
  readonly inVain: (each: Brought, key: CacheKey) => void;
  /** These are here, and their time is over: nobody wants them. Each has been told of as in vain, too. */
  readonly unwanted: (keys: readonly CacheKey[]) => void;
}

export interface BroughtKeys {
  /** @param of with its bytes by estimate. */
  begin(key: CacheKey, of: Pick<Brought, 'source' | 'route' | 'likelihood' | 'bytes'>): void;
  /** It is here. */
  arrived(key: CacheKey, bytes: number): void;
  /** It is not here any more, or was not for keeping: in vain, unless a client has come for it. */
  lost(key: CacheKey): void;
  /** It could not be had, or somebody else has fetched it: that is neither good nor bad. */
  dismiss(key: CacheKey): void;
  has(key: CacheKey): boolean;
  /** `null`: it is none of these. */
  of(key: CacheKey): Readonly<Brought> | null;
  isOnItsWay(key: CacheKey): boolean;
  isHere(key: CacheKey): boolean;
  /** Whether a client has come for it already. */
  isUsed(key: CacheKey): boolean;
  /** Whether no client has so far. */
  isAwaited(key: CacheKey): boolean;
  /** A client asks for it. */
  use(key: CacheKey): void;
  /** Bytes that nobody has come for so far, what is on its way included. */
  readonly unusedBytes: number;
  close(): void;
}

const mostKeys = 65_536;
const lookMs = 5_000;

export function openBrought(options: BroughtOptions): BroughtKeys {
  const { clock, usableMs, used, usedBytes, inVain, unwanted } = options;
  /** In the order in which they were asked for. */
  const all = new Map<CacheKey, Brought>();
  let unusedBytes = 0;
  let cancel = clock.after(lookMs, look);

  function forget(key: CacheKey, each: Brought): void {
    all.delete(key);
    if (each.isUsed) return;
    unusedBytes -= each.bytes;
    inVain(each, key);
  }

  function look(): void {
    cancel = clock.after(lookMs, look);
    const nowMs = clock.elapsed();
    const over: CacheKey[] = [];
    for (const [key, each] of all) {
      if (each.hereMs === null) continue;
      if (nowMs - each.askedMs < usableMs()) break;
      forget(key, each);
      // What is renewed has been in use before.
      if (!each.isUsed && each.source !== 'renewed') over.push(key);
    }
    if (over.length > 0) unwanted(over);
  }

  return {
    get unusedBytes() {
      return unusedBytes;
    },
    has: (key) => all.has(key),
    of: (key) => all.get(key) ?? null,
    isOnItsWay: (key) => all.get(key)?.hereMs === null,
    isHere: (key) => typeof all.get(key)?.hereMs === 'number',
    isUsed: (key) => all.get(key)?.isUsed === true,
    isAwaited: (key) => all.get(key)?.isUsed === false,
    begin(key, { source, route, likelihood, bytes }) {
      const times = { askedMs: clock.elapsed(), hereMs: null };
      const each = { source, route, likelihood, bytes, ...times, isUsed: false };
      const before = all.get(key);
      if (before) forget(key, before);
      all.set(key, each);
      unusedBytes += bytes;
      if (all.size > mostKeys) {
        const [oldest] = all;
        if (oldest) forget(...oldest);
      }
    },
    arrived(key, bytes) {
      const each = all.get(key);
      if (!each) return;
      each.hereMs = clock.elapsed();
      if (!each.isUsed) unusedBytes += bytes - each.bytes;
      each.bytes = bytes;
      if (each.isUsed) usedBytes(each);
    },
    lost(key) {
      const each = all.get(key);
      if (each) forget(key, each);
    },
    dismiss(key) {
      const each = all.get(key);
      if (!each) return;
      all.delete(key);
      if (!each.isUsed) unusedBytes -= each.bytes;
    },
    use(key) {
      const each = all.get(key);
      if (!each || each.isUsed) return;
      each.isUsed = true;
      unusedBytes -= each.bytes;
      used(each, (each.hereMs ?? clock.elapsed()) - each.askedMs);
      if (each.hereMs !== null) usedBytes(each);
    },
    close: () => cancel(),
  };
}
