/**
 * Copies of responses that another worker keeps, in memory alone. A copy is the entry as it is there: it expires when that
 * does, is found by the same request fields, and a purge finds it by the same key and tags.
 */
import type { Entry } from '../entry.ts';
import type { CacheKey } from '../resource.ts';
import type { Memory, Resident } from './memory.ts';
import type { Store } from './store.ts';

/** What memory has, if it may be served without asking anybody: nothing else is copied. */
export function original(
  memory: Memory,
  key: CacheKey,
  headers: Headers,
  nowMs: number,
): Pick<Resident, 'entry' | 'body'> | null {
  const found = memory.find(key, headers);
  return found !== null && nowMs < found.freshUntilMs ? found : null;
}

/** A copy on its way: begun before it is asked for, so that what is purged meanwhile does not come back with it. */
export interface Replica {
  /** Tells whether it was kept. It is not when it was purged on its way, softly too, when it is too long, or something fresh is there. */
  keep(entry: Omit<Entry, 'asOf' | 'sha256'>, body: Uint8Array<ArrayBuffer>): boolean;
  end(): void;
}

export function expectReplica(
  key: CacheKey,
  store: Pick<Store, 'expect'>,
  memory: Memory,
  limitBytes: number,
  nowMs: () => number,
): Replica {
  const arrival = store.expect({ key, tags: [] });
  return {
    keep(head, body) {
      arrival.landed(head);
      if (!arrival.current || body.length > limitBytes) return false;
      const entry: Entry = { ...head, asOf: arrival.asOf, sha256: '' };
      const there = memory.variant(entry);
      if (there !== null && nowMs() < there.freshUntilMs) return false;
      const kept = memory.keep(entry, new Blob([body]), true);
      if (kept === null) return false;
      arrival.stored();
      return true;
    },
    end: () => arrival.end(),
  };
}
