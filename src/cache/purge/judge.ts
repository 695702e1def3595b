/**
 * What the purges since an entry was asked for, or last looked at, make of it.
 */
import type { Entry, Freshness } from '../../entry.ts';
import { ageS } from '../freshness.ts';
import type { Ledger } from './ledger.ts';

/**
 * The entry as it may be used now, good up to the ledger's newest purge; `null` when it is purged.
 *
 * @param since the newest purge that it has been compared with.
 */
export function judged(entry: Entry, ledger: Ledger, since = entry.asOf): Entry | null {
  const { sequence } = ledger;
  if (since === sequence) return entry;
  const fate = ledger.fate(entry, since);
  if (fate.as === 'gone') return null;
  const freshness = fate.as === 'stale' ? staleSince(entry.freshness, fate.sinceMs) : entry.freshness;
  return { ...entry, freshness, asOf: sequence };
}

/**
 * Ends the lifetime at a moment, from which the times that something stale may be served for count. Without any
 * lifetime left, a clock that is set back makes nothing fresh again.
 */
function staleSince(freshness: Freshness, sinceMs: number): Freshness {
  const { lifetimeS, staleWhileRevalidateS, staleIfErrorS } = freshness;
  const agedS = ageS(freshness, sinceMs);
  if (agedS >= lifetimeS) return freshness;
  const counted = (seconds: number) => (seconds > 0 ? seconds + agedS : 0);
  return {
    ...freshness,
    lifetimeS: 0,
    staleWhileRevalidateS: counted(staleWhileRevalidateS),
    staleIfErrorS: counted(staleIfErrorS),
  };
}
