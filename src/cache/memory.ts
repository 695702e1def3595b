/**
 * The memory tier: whole responses by key, bounded in bytes. A look-up is one map access; the variants of
 * a key (RFC 9111 §4.1) hang on each other as a short chain.
 */
import type { Entry } from '../entry.ts';
import { selects } from '../http/vary.ts';
import { isRestricted } from '../identity.ts';
import type { CacheKey, FieldList } from '../resource.ts';
import { sameSelection } from './arrivals.ts';
import type { Gone } from './eviction/evictions.ts';
import { countUse, type Member, type Policy } from './eviction/policy.ts';
import { freshUntilMs } from './freshness.ts';
import { judged } from './purge/judge.ts';
import { type Ledger, openLedger } from './purge/ledger.ts';
import { layoutOf } from './slices/layout.ts';

/** What a resident takes beside body and text: objects, map slot, prepared head. As measured, resident memory of Bun 1.4. */
const residentOverheadBytes = 2048;
/** What a field takes beside its text, stored and prepared. */
const fieldOverheadBytes = 224;

/** One object takes at most a quarter of everything: `1 / largestShare`. */
export const largestShare = 4;

/** Variants of one key kept at once; the oldest gives way. */
const maxVariants = 16;

/** The head of a response as it is sent again and again within a second. */
export interface PreparedHead {
  readonly second: number;
  readonly headers: Headers;
  /** What its `Server-Timing` says by now. */
  timing: string;
  /** How often it was sent, and nobody has written that down yet. */
  hits: number;
}

/** An entry that lives in memory, ready to be sent. */
export interface Resident extends Member {
  readonly entry: Entry;
  /** The newest purge that it has been compared with. */
  judgedAt: number;
  /** Shared by every response that sends it: no copy per hit. */
  readonly body: Blob;
  /** What a look-up needs of the entry, so that it need not look there: `selecting`, or `null` when it is empty. */
  readonly selecting: FieldList | null;
  /** For those only who have the right by name: who asks has to be found out before it is served. */
  readonly isRestricted: boolean;
  /** Until when it is fresh, ms since the epoch. Never: minus infinity. */
  readonly freshUntilMs: number;
  /** In how many of the last periods it was used, recent ones counting more (see `warmth.ts`). */
  heat: number;
  /** The next variant of the same key. */
  sibling: Resident | null;
  /** Hits, modulo `hitsPerCount` (see `countHit`). */
  hits: number;
  /** A copy of what another worker keeps (see `replica.ts`). */
  readonly isReplica: boolean;
  /** When it was last used, ms since the epoch, other than by plain hits, which leave their trace in `prepared`. */
  usedMs: number;
  /** The response head, rebuilt when its second has passed (`Age` and `ttl` count in seconds). */
  prepared: PreparedHead | null;
}

export interface Memory {
  /** The variant that these request fields select, fresh or not. Nothing that is purged. */
  find(key: CacheKey, headers: Headers): Resident | null;
  /** The same variant of the same key, unless it is purged. */
  variant(entry: Entry): Resident | null;
  /** Keeps an entry, or not when it alone would take more than its share. Replaces the variant it equals. */
  keep(entry: Entry, body: Blob, isReplica?: boolean): Resident | null;
  /**
   * Replaces the metadata of a resident, whose body stays (RFC 9111 §4.3.4). One that has been dropped or
   * replaced stays out.
   */
  update(resident: Resident, entry: Entry): Resident;
  /** @param cause a purge of the key (unless said), or a newer response that has its place elsewhere. */
  drop(key: CacheKey, cause?: 'purged' | 'replaced'): void;
  /** Drops one variant, which the parent has withdrawn. */
  forget(entry: Entry): void;
  /** All of them, while others come and go; each may be dropped when it is its turn. */
  all(): Iterable<Resident>;
  /** Compares one with the purges since it was last compared: it may be dropped, or replaced by a stale one. */
  judge(resident: Resident): void;
  resize(limitBytes: number): void;
  /** The largest body that is kept, in bytes: one never pushes out more than a quarter of all others. */
  readonly objectLimitBytes: number;
  readonly stats: MemoryStats;
}

export interface MemoryStats {
  readonly entries: number;
  readonly bytes: number;
  /** What the policy takes of the limit for itself. */
  readonly policyBytes: number;
  readonly limitBytes: number;
  readonly evicted: number;
}

/**
 * @param policy says what goes when something has to.
 * @param gone told of each resident that goes, but not of one whose metadata alone are replaced.
 */
export function memory(
  limit: number,
  policy: Policy<Resident>,
  ledger: Ledger = openLedger(),
  gone: (gone: Gone) => void = () => undefined,
): Memory {
  const chains = new Map<CacheKey, Resident>();
  const stats = {
    entries: 0,
    bytes: 0,
    get policyBytes() {
      return policy.ownBytes;
    },
    limitBytes: limit,
    evicted: 0,
  };

  function unchain(resident: Resident): void {
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
  }

  /** @param cause `null`: it stays, under another description. */
  function unlink(resident: Resident, cause: Gone['cause'] | null): void {
    unchain(resident);
    policy.remove(resident);
    discount(resident);
    if (cause !== null) tell(resident, cause);
  }

  function tell({ entry, costBytes, served, uses }: Resident, cause: Gone['cause']): void {
    const { receivedMs } = entry.freshness;
    gone({ key: entry.key, cause, bytes: costBytes, receivedMs, uses: served + uses });
  }

  function discount(resident: Resident): void {
    stats.entries--;
    stats.bytes -= resident.costBytes;
  }

  /** Room is made before something comes, so that it is there when it has been kept. */
  function makeRoom(coming?: Resident): void {
    const neededBytes = coming?.costBytes ?? 0;
    while (stats.bytes + stats.policyBytes + neededBytes > stats.limitBytes) {
      const victim = policy.evict(coming);
      if (!victim) return;
      unchain(victim);
      discount(victim);
      stats.evicted++;
      tell(victim, 'space');
    }
  }

  function keep(entry: Entry, body: Blob, isReplica = false): Resident | null {
    const replaced = same(entry);
    if (replaced) unlink(replaced, replaced.body === body ? null : 'replaced');
    const resident = residentOf(entry, body, isReplica);
    if (resident.costBytes > stats.limitBytes / largestShare) return null;
    makeRoom(resident);
    const first = chains.get(entry.key) ?? null;
    resident.sibling = first;
    if (first) dropLast(first);
    chains.set(entry.key, resident);
    policy.add(resident, replaced);
    stats.entries++;
    stats.bytes += resident.costBytes;
    return resident;
  }

  function judge(resident: Resident): void {
    const { entry } = resident;
    if (same(entry) !== resident) return;
    const now = judged(entry, ledger, resident.judgedAt);
    if (now === null) unlink(resident, 'purged');
    else if (now.freshness !== entry.freshness) update(resident, now, resident.isReplica);
    else resident.judgedAt = ledger.sequence;
  }

  /** What was a copy is this worker's own once it has confirmed it itself; not so when it has only been purged. */
  function update(resident: Resident, entry: Entry, isReplica = false): Resident {
    const kept = same(resident.entry) === resident ? keep(entry, resident.body, isReplica) : null;
    if (!kept) return residentOf(entry, resident.body, isReplica);
    countUse(kept);
    kept.heat = resident.heat;
    kept.usedMs = resident.usedMs;
    return kept;
  }

  function same(entry: Entry): Resident | null {
    for (let each = chains.get(entry.key) ?? null; each; each = each.sibling) {
      if (sameSelection(each.entry.selecting, entry.selecting)) return each;
    }
    return null;
  }

  function dropLast(first: Resident): void {
    let count = 1;
    let last = first;
    for (; last.sibling; last = last.sibling) count++;
    if (count >= maxVariants) unlink(last, 'variants');
  }

  return {
    stats,
    get objectLimitBytes() {
      return Math.floor(stats.limitBytes / largestShare);
    },
    keep,

    find(key, headers) {
      let resident = chains.get(key) ?? null;
      while (resident) {
        const { selecting } = resident;
        if (selecting === null || selects(selecting, headers)) {
          if (resident.judgedAt === ledger.sequence) return resident;
          judge(resident);
          resident = chains.get(key) ?? null;
        } else resident = resident.sibling;
      }
      return null;
    },

    variant(entry) {
      const found = same(entry);
      if (found === null || found.judgedAt === ledger.sequence) return found;
      judge(found);
      return same(entry);
    },

    update: (resident, entry) => update(resident, entry),
    judge,

    *all() {
      for (const first of chains.values()) {
        for (let each: Resident | null = first; each; ) {
          const next: Resident | null = each.sibling;
          yield each;
          each = next;
        }
      }
    },

    drop(key, cause = 'purged') {
      for (let resident = chains.get(key); resident; resident = chains.get(key)) unlink(resident, cause);
    },

    forget(entry) {
      const found = same(entry);
      if (found) unlink(found, 'withdrawn');
    },

    resize(limitBytes) {
      stats.limitBytes = limitBytes;
      makeRoom();
    },
  };
}

/** What an entry takes of the limit. */
export function costOf(entry: Entry): number {
  return entry.sizeBytes + fieldBytes(entry) + residentOverheadBytes;
}

function residentOf(entry: Entry, body: Blob, isReplica = false): Resident {
  return {
    entry,
    judgedAt: entry.asOf,
    heat: 0,
    body,
    costBytes: costOf(entry),
    selecting: entry.selecting.length > 0 ? entry.selecting : null,
    isRestricted: isRestricted(entry.fields),
    // A layout has no body to hit: it takes the way of a miss (`slices/`).
    freshUntilMs: layoutOf(entry) ? Number.NEGATIVE_INFINITY : freshUntilMs(entry.freshness),
    hits: 0,
    isReplica,
    usedMs: 0,
    prepared: null,
    sibling: null,
    mark: markOf(entry),
    uses: 0,
    served: 0,
    place: 0,
  };
}

/** By key and variant: what comes back after it was dropped is to be known again. */
function markOf({ key, selecting }: Entry): number {
  const name = selecting.length === 0 ? key : `${key}\n${selecting.join('\n')}`;
  return Bun.hash.xxHash32(name);
}

function fieldBytes(entry: Entry): number {
  let bytes = entry.key.length;
  for (const [name, value] of entry.fields) bytes += name.length + value.length + fieldOverheadBytes;
  return bytes;
}
