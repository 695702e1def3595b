/**
 * Warm restarts: notes now and then which residents of memory are hot, and brings those of the last process back from
 * disk, the hottest bytes first, while this one already serves.
 *
 * A hit only prepares its head once a second (`Resident.prepared`); that trace is all that is looked at here, so the
 * hit path does nothing for it.
 */
import type { Clock } from '../clock.ts';
import type { Entry } from '../entry.ts';
import type { Disk } from './disk/disk.ts';
import type { Hot } from './disk/hot.ts';
import { variantOf } from './disk/row.ts';
import { costOf, type Memory, type Resident } from './memory.ts';
import type { Store } from './store.ts';

/** How often it is noted who was used. */
const periodMs = 30_000;
/** The list is written every so many periods, and at the end. */
const periodsPerSave = 10;
/** Entries on the list. */
const maxHot = 50_000;
/** What a period counts after another one. */
const fading = 0.5;
/** Heat of what memory keeps although nobody has asked for it of late. */
const leastHeat = 0.01;

/** After the start, so that the first requests come first. */
const warmAfterMs = 100;
/** Read in one go, and what comes between: at most 80 MiB or 5,000 entries a second. */
const burstBytes = 4 * 1024 * 1024;
const burstEntries = 256;
const pauseMs = 50;
/** Memory is filled so far; the rest is for what is asked for now. */
const filledShare = 0.9;

export interface Warmth {
  /** Writes the list for the next process. */
  close(): Promise<void>;
}

export interface WarmthOptions {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly store: Store;
  readonly disk: Disk;
  /** An entry is back in memory. */
  readonly warmed: (entry: Entry) => void;
}

export function warmth({ clock, memory, store, disk, warmed }: WarmthOptions): Warmth {
  let periods = 0;
  let isClosed = false;
  let cancelWarming: (() => void) | null = null;
  let wake: (() => void) | null = null;
  /** The list is being written: another one at the same time would be written into the same file. */
  let saving: Promise<void> | null = null;
  let cancelPeriod = clock.after(periodMs, endPeriod);

  function endPeriod(): void {
    const since = Math.floor((clock.now() - periodMs) / 1000);
    for (const resident of memory.all()) {
      const isUsed = resident.prepared !== null && resident.prepared.second >= since;
      resident.heat = resident.heat * fading + (isUsed ? 1 : 0);
    }
    if (++periods % periodsPerSave === 0 && saving === null) void save();
    cancelPeriod = clock.after(periodMs, endPeriod);
  }

  async function save(): Promise<void> {
    saving = disk.saveHot(hottest(memory.all()));
    await saving;
    saving = null;
  }

  /** Settles after a while, or at the end of everything. */
  function pause(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
      cancelWarming = clock.after(forMs, resolve);
    });
  }

  async function warm(): Promise<void> {
    await pause(warmAfterMs);
    if (isClosed) return;
    let [entries, bytes] = [0, 0];
    for (const { heat, key, variant } of await disk.loadHot()) {
      if (entries >= burstEntries || bytes >= burstBytes) {
        await pause(pauseMs);
        [entries, bytes] = [0, 0];
      }
      if (isClosed || !hasRoomFor(memory, 0)) return;
      const kept = disk.variant(key, variant);
      entries++;
      // What has to make room would be something hotter.
      if (!kept || !hasRoomFor(memory, costOf(kept.entry))) continue;
      const resident = await store.warm(kept);
      bytes += resident?.costBytes ?? 0;
      if (!resident) continue;
      resident.heat = Math.max(resident.heat, heat);
      warmed(resident.entry);
    }
  }

  const warming = warm();

  return {
    async close() {
      isClosed = true;
      cancelPeriod();
      cancelWarming?.();
      wake?.();
      await warming;
      await saving;
      await save();
    },
  };
}

function hasRoomFor({ stats }: Memory, bytes: number): boolean {
  return stats.bytes + stats.policyBytes + bytes <= stats.limitBytes * filledShare;
}

/** By heat per byte, roughly: to a power of two, as sorting a million would hold up everybody. */
function hottest(residents: Iterable<Resident>): Hot[] {
  const shelves = new Map<number, Resident[]>();
  for (const resident of residents) {
    const shelf = Math.round(Math.log2((resident.heat + leastHeat) / resident.costBytes));
    const others = shelves.get(shelf);
    if (others) others.push(resident);
    else shelves.set(shelf, [resident]);
  }
  const list: Hot[] = [];
  for (const shelf of [...shelves.keys()].sort((a, b) => b - a)) {
    for (const { entry, heat } of shelves.get(shelf) ?? []) {
      if (list.length >= maxHot) return list;
      list.push({ heat, key: entry.key, variant: variantOf(entry) });
    }
  }
  return list;
}
