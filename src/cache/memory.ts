/**
 * The memory tier: whole responses by key, bounded in bytes. A look-up is one map access; the variants of
 * a key (RFC 9111 §4.1) hang on each other as a short chain.
 */
import type { Entry } from '../entry.ts';
import { selects } from '../http/vary.ts';
import type { CacheKey } from '../resource.ts';
import { type Queued, sieve } from './eviction/sieve.ts';

/** What a resident costs beside its body and fields: objects, map slot, prepared head. Measured in bench/. */
const residentOverheadBytes = 1536;

/** Variants of one key kept at once; the oldest gives way. */
const maxVariants = 16;

/** An entry that lives in memory, ready to be sent. */
export interface Resident extends Queued {
  readonly entry: Entry;
  /** Shared by every response that sends it: no copy per hit. */
  readonly body: Blob;
  readonly costBytes: number;
  /** The next variant of the same key. */
  sibling: Resident | null;
  /** The response head, rebuilt when its second has passed (`Age` and `ttl` count in seconds). */
  prepared: { readonly second: number; readonly headers: Headers } | null;
  older: this | null;
  newer: this | null;
}

export interface Memory {
  /** The variant that these request fields select, fresh or not. */
  find(key: CacheKey, headers: Headers): Resident | null;
  /** Whether any variant of the key is here. */
  has(key: CacheKey): boolean;
  /** Keeps an entry, or not when it alone would take more than its share. Replaces the variant it equals. */
  keep(entry: Entry, body: Blob): Resident | null;
  /** Replaces the metadata of a resident, whose body stays (RFC 9111 §4.3.4). */
  update(resident: Resident, entry: Entry): Resident;
  drop(key: CacheKey): void;
  resize(limitBytes: number): void;
  readonly stats: MemoryStats;
}

export interface MemoryStats {
  readonly entries: number;
  readonly bytes: number;
  readonly limitBytes: number;
  readonly evicted: number;
}

export function memory(limit: number): Memory {
  const chains = new Map<CacheKey, Resident>();
  const queue = sieve<Resident>();
  const stats = { entries: 0, bytes: 0, limitBytes: limit, evicted: 0 };

  function unlink(resident: Resident): void {
    const { key } = resident.entry;
    const first = chains.get(key);
    if (first === resident) {
      if (resident.sibling) chains.set(key, resident.sibling);
      else chains.delete(key);
    } else {
      let before = first;
      while (before && before.sibling !== resident) before = before.sibling ?? undefined;
      if (before) before.sibling = resident.sibling;
    }
    queue.remove(resident);
    stats.entries--;
    stats.bytes -= resident.costBytes;
  }

  function shrink(): void {
    while (stats.bytes > stats.limitBytes) {
      const victim = queue.victim();
      if (!victim) return;
      unlink(victim);
      stats.evicted++;
    }
  }

  function keep(entry: Entry, body: Blob): Resident | null {
    const costBytes = entry.sizeBytes + fieldBytes(entry) + residentOverheadBytes;
    const replaced = sameVariant(chains.get(entry.key), entry);
    if (replaced) unlink(replaced);
    // One object never pushes out more than a quarter of everything else.
    if (costBytes > stats.limitBytes / 4) return null;
    const first = chains.get(entry.key) ?? null;
    const resident: Resident = {
      entry,
      body,
      costBytes,
      sibling: first,
      prepared: null,
      visited: false,
      older: null,
      newer: null,
    };
    if (first) dropLast(first);
    chains.set(entry.key, resident);
    queue.add(resident);
    stats.entries++;
    stats.bytes += costBytes;
    shrink();
    return resident;
  }

  function dropLast(first: Resident): void {
    let count = 1;
    let last = first;
    for (; last.sibling; last = last.sibling) count++;
    if (count >= maxVariants) unlink(last);
  }

  return {
    stats,
    keep,

    find(key, headers) {
      let resident = chains.get(key) ?? null;
      while (resident) {
        const { selecting } = resident.entry;
        if (selecting.length === 0 || selects(selecting, headers)) return resident;
        resident = resident.sibling;
      }
      return null;
    },

    has: (key) => chains.has(key),

    update(resident, entry) {
      const kept = keep(entry, resident.body);
      if (kept) kept.visited = true;
      return kept ?? resident;
    },

    drop(key) {
      for (let resident = chains.get(key); resident; resident = chains.get(key)) unlink(resident);
    },

    resize(limitBytes) {
      stats.limitBytes = limitBytes;
      shrink();
    },
  };
}

function sameVariant(first: Resident | undefined, entry: Entry): Resident | null {
  for (let resident = first ?? null; resident; resident = resident.sibling) {
    if (sameSelection(resident.entry, entry)) return resident;
  }
  return null;
}

function sameSelection(a: Entry, b: Entry): boolean {
  if (a.selecting.length !== b.selecting.length) return false;
  return a.selecting.every(([name, value], at) => {
    const other = b.selecting[at];
    return other !== undefined && other[0] === name && other[1] === value;
  });
}

function fieldBytes(entry: Entry): number {
  let bytes = entry.key.length;
  for (const [name, value] of entry.fields) bytes += name.length + value.length;
  return bytes;
}
