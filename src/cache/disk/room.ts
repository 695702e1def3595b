/**
 * Keeps the disk tier within its bound: counts what there is and what is growing, and drops what was used
 * least recently; and before that, what nobody wants.
 */
import type { Clock } from '../../clock.ts';
import type { CacheKey } from '../../resource.ts';
import type { Guard } from './guard.ts';
import type { DiskIndex, Kept, Orphan } from './index.ts';
import type { Unused } from './unused.ts';
import type { ObjectWriter } from './writer.ts';

/** Times of last use that wait to be written down: about 2 ms. */
const maxUses = 64;
/** Less full than this, nobody is going to be dropped soon, and no use is written down. */
const plentyShare = 3 / 4;
/**
 * A use is written down when the last one that was is longer ago than this share of all the time that is told apart: who
 * was used least recently is known well enough, and what is used all the time costs no writing.
 */
const toldApart = 1 / 8;
/** When the next entries are dropped, if dropping some did not make room enough, or set back, or the next room is given back. */
const nextDropMs = 10;
/** Keys whose entries are set back in one go: about 1 ms. */
const maxSetBack = 64;

export interface Room {
  limitBytes: number;
  /** Notes that an entry is being used. */
  used(kept: Kept): void;
  /** The same of one that somebody only looks at: one that has been set back stays so. */
  lookedAt(kept: Kept): void;
  /** Nobody has come for these: they go before all else until somebody does. */
  setBack(keys: readonly CacheKey[]): void;
  /** Notes that memory has answered with it, as far as that matters for what is unused. */
  usedInMemory(kept: Kept, atMs: number): void;
  saveUses(): void;
  /** Counts a file that is being written, until it has ended. */
  grows(writer: ObjectWriter): void;
  /** Drops entries until there is room. */
  make(): void;
  /** Writes down uses, makes room, and gives back what has long been free. */
  keepUp(): void;
  close(): void;
}

export interface RoomOptions {
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly index: DiskIndex;
  readonly guard: Guard;
  readonly unused: Unused;
  readonly orphaned: (orphans: readonly Orphan[]) => void;
}

export function room({ clock, index, guard, unused, orphaned, limitBytes }: RoomOptions): Room {
  /** By the number of the entry's row. */
  const uses = new Map<number, number>();
  /** When the entry was used that was used least recently, a while ago. */
  let leastUsedMs: number | null = null;
  /** Files that the index does not count yet. */
  const growing = new Set<ObjectWriter>();
  let cancelNext: (() => void) | null = null;
  let cancelTrim: (() => void) | null = null;
  let unwanted: { readonly keys: readonly CacheKey[]; readonly sinceMs: number }[] = [];
  let cancelSetBack: (() => void) | null = null;

  function saveUses(): void {
    if (uses.size > 0) guard.run(undefined, () => index.touch(uses));
    uses.clear();
  }

  function note(id: number, atMs: number): void {
    uses.set(id, atMs);
    if (uses.size >= maxUses) saveUses();
  }

  function trim(): void {
    cancelTrim = guard.run(false, index.trim) ? clock.after(nextDropMs, trim) : null;
  }

  function setSomeBack(): void {
    cancelSetBack = null;
    const [next, ...later] = unwanted;
    if (next === undefined) return;
    guard.run(undefined, () => index.setBack(next.keys.slice(0, maxSetBack), next.sinceMs));
    const rest = next.keys.slice(maxSetBack);
    unwanted = rest.length === 0 ? later : [{ ...next, keys: rest }, ...later];
    if (unwanted.length > 0) cancelSetBack = clock.after(nextDropMs, setSomeBack);
  }

  function usedBytes(): number {
    let bytes = index.totals.bytes;
    for (const writer of growing) {
      if (writer.ended) growing.delete(writer);
      else bytes += writer.sizeBytes;
    }
    return bytes;
  }

  function drop(): void {
    const excess = usedBytes() - self.limitBytes;
    if (excess <= 0 || index.totals.entries === 0) return;
    saveUses();
    // A little more than is needed, so that a full cache does not do this for every object.
    orphaned(index.dropOldest(excess + Math.floor(self.limitBytes / 50)));
    if (usedBytes() > self.limitBytes) cancelNext ??= clock.after(nextDropMs, next);
  }

  function next(): void {
    cancelNext = null;
    self.make();
  }

  const self: Room = {
    limitBytes,
    used(kept) {
      const { id, usedMs } = kept;
      const nowMs = clock.now();
      if (usedMs < 0 || unused.isNews(kept, nowMs)) note(id, nowMs);
      if (index.totals.bytes < self.limitBytes * plentyShare) return;
      leastUsedMs ??= index.leastUsedMs ?? nowMs;
      if (nowMs - usedMs <= (nowMs - leastUsedMs) * toldApart) return;
      note(id, nowMs);
    },
    lookedAt(kept) {
      if (kept.usedMs >= 0) self.used(kept);
    },
    setBack(keys) {
      if (keys.length === 0) return;
      unwanted.push({ keys, sinceMs: clock.now() });
      cancelSetBack ??= clock.after(0, setSomeBack);
    },
    usedInMemory(kept, atMs) {
      if (unused.isNews(kept, atMs)) note(kept.id, atMs);
    },
    saveUses,
    grows: (writer) => void growing.add(writer),
    make: () => guard.run(undefined, drop),
    keepUp() {
      saveUses();
      self.make();
      leastUsedMs = null;
      if (!cancelTrim) trim();
    },
    close() {
      cancelNext?.();
      cancelSetBack?.();
      cancelTrim?.();
      saveUses();
    },
  };
  return self;
}
