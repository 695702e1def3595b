/**
 * What the purges since an entry was asked for, or last looked at, make of it.
 */
import type { Entry, Freshness } from '../../entry.ts';
import { ageS } from '../freshness.ts';
import type { Fate, Ledger } from './ledger.ts';

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
  return { ...entry, freshness: freshnessBy(fate, entry.freshness), asOf: sequence };
}

function freshnessBy(fate: Exclude<Fate, { as: 'gone' }>, freshness: Freshness): Freshness {
  if (fate.as === 'kept') return freshness;
  const stale = staleSince(freshness, fate.sinceMs);
  return fate.suspect ? { ...stale, staleWhileRevalidateS: 0, suspect: true } : stale;
}

/**
 * As if it had come at that moment, as old as its lifetime is long. So the times that something stale may be served for
 * count from then; its `Age` tells the next cache that it is stale; and no clock that is set back makes it fresh again.
 */
function staleSince(freshness: Freshness, sinceMs: number): Freshness {
  const { lifetimeS } = freshness;
  if (ageS(freshness, sinceMs) >= lifetimeS) return freshness;
  return { ...freshness, receivedMs: sinceMs, initialAgeS: lifetimeS };
}
