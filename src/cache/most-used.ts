/**
 * What memory has used most, found out without counting anything for it: each look goes on through the residents from where
 * the last one ended, as far as it gets in about a millisecond, and keeps the best that it has seen.
 */
import { type HotEntry, mostReported } from '../messages/cached.ts';
import type { Memory, Resident } from './memory.ts';

/** Residents that are looked at each time. */
const looksAt = 5_000;

interface Used {
  readonly key: string;
  readonly uses: number;
  readonly isReplica: boolean;
}

export function sampled(memory: Pick<Memory, 'all'>): () => readonly HotEntry[] {
  let residents: Iterator<Resident> | null = null;
  /** Of the round under way, and of the last whole one. */
  let best: readonly Used[] = [];
  let known: readonly Used[] = [];

  return () => {
    const seen: Used[] = [];
    residents ??= memory.all()[Symbol.iterator]();
    for (let left = looksAt; left > 0 && residents !== null; left--) {
      const { done, value } = residents.next();
      if (done) residents = null;
      else if (usesOf(value) > 0) seen.push(usedOf(value));
    }
    best = mostUsed([...best, ...seen]);
    if (residents !== null) return mostUsed([...best, ...known]).map(entryOf);
    known = best;
    best = [];
    return known.map(entryOf);
  };
}

/** Variants of one key count as one. */
function mostUsed(all: readonly Used[]): readonly Used[] {
  const fewestFirst = all.toSorted((a, b) => a.uses - b.uses);
  const byKey = new Map(fewestFirst.map((used) => [used.key, used]));
  return [...byKey.values()].sort((a, b) => b.uses - a.uses).slice(0, mostReported);
}

function usedOf(resident: Resident): Used {
  return { key: resident.entry.key, uses: usesOf(resident), isReplica: resident.isReplica };
}

function usesOf({ served, uses }: Resident): number {
  return served + uses;
}

function entryOf({ key, uses, isReplica }: Used): HotEntry {
  return { key, perSecond: null, why: isReplica ? 'near' : 'used', replicas: [], uses };
}
