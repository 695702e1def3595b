/**
 * Keeps the disk tier within its bound: counts what there is and what is growing, and drops what was used
 * least recently.
 */
import type { Clock } from '../../clock.ts';
import type { Entry } from '../../entry.ts';
import type { Guard } from './guard.ts';
import type { DiskIndex, Orphan } from './index.ts';
import { variantOf } from './row.ts';
import type { ObjectWriter } from './writer.ts';

/** Times of last use that wait to be written down. */
const maxUses = 256;
/** When the next entries are dropped, if dropping some did not make room enough. */
const nextDropMs = 10;

export interface Room {
  limitBytes: number;
  /** Notes that an entry is being used. */
  used(entry: Entry): void;
  saveUses(): void;
  /** Counts a file that is being written, until it has ended. */
  grows(writer: ObjectWriter): void;
  /** Drops entries until there is room. */
  make(): void;
  close(): void;
}

export interface RoomOptions {
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly index: DiskIndex;
  readonly guard: Guard;
  readonly orphaned: (orphans: readonly Orphan[]) => void;
}

export function room({ clock, index, guard, orphaned, limitBytes }: RoomOptions): Room {
  const uses = new Map<string, { readonly entry: Entry; readonly usedMs: number }>();
  /** Files that the index does not count yet. */
  const growing = new Set<ObjectWriter>();
  let cancelNext: (() => void) | null = null;

  function saveUses(): void {
    if (uses.size > 0) guard.run(undefined, () => index.touch(uses.values()));
    uses.clear();
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
    used(entry) {
      uses.set(`${entry.key} ${variantOf(entry)}`, { entry, usedMs: clock.now() });
      if (uses.size >= maxUses) saveUses();
    },
    saveUses,
    grows: (writer) => void growing.add(writer),
    make: () => guard.run(undefined, drop),
    close() {
      cancelNext?.();
      saveUses();
    },
  };
  return self;
}
