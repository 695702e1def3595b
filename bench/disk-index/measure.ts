/**
 * What an index costs a process: run as one of its own, with the path and the number of entries; prints one line of
 * JSON.
 */
import { openDiskIndex } from '../../src/cache/disk/index.ts';
import { entryAt, keyAt } from './entries.ts';

const LOOKUPS = 20_000;
const USES = 2_000;
const PUTS = 2_000;
const DROPS = 50;
const SWEEPS = 400;
const MIB = 1024 * 1024;
const none = new Headers();

export interface Measured {
  readonly openMs: number;
  readonly findMicros: number;
  readonly touchMicros: number;
  readonly putMicros: number;
  readonly dropMicros: number;
  readonly sweepMicros: number;
  readonly residentMib: number;
}

if (import.meta.main)
  console.log(JSON.stringify(await measure(process.argv[2] ?? '', Number(process.argv[3]))));

async function measure(path: string, entries: number): Promise<Measured> {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  const opening = performance.now();
  const index = await openDiskIndex(path);
  const openMs = performance.now() - opening;
  if (index.totals.entries !== entries)
    throw new Error(`${index.totals.entries} entries instead of ${entries}`);

  // Spread over all of them, none twice.
  const stride = Math.max(1, Math.floor(entries / LOOKUPS));
  const keys = Array.from({ length: Math.min(LOOKUPS, entries) }, (_, n) =>
    keyAt((n * stride * 7919) % entries),
  );
  const used: number[] = [];
  const findMicros = perItem(keys.length, () => {
    for (const key of keys) {
      const found = index.find(key, none);
      if (!found) throw new Error(`${key} is not found`);
      if (used.length < USES) used.push(found.id);
    }
  });
  const touchMicros = perItem(used.length, () => {
    for (let at = 0; at < used.length; at += 64) {
      index.touch(used.slice(at, at + 64).map((id) => [id, Date.UTC(2027, 0, 1) + at]));
    }
  });
  const added = Array.from({ length: PUTS }, (_, n) => entryAt(entries + n));
  const putMicros = perItem(PUTS, () => {
    for (const entry of added) index.put([{ entry, bytes: null }], Date.UTC(2027, 0, 2));
  });
  let dropped = 0;
  const dropMicros =
    perItem(1, () => {
      for (let n = 0; n < DROPS; n++) dropped += index.dropOldest(Number.MAX_SAFE_INTEGER).length;
    }) / dropped;
  index.ledger.add({ selector: { by: 'tag', tag: 'nobody bears it' }, soft: false }, 0);
  let swept = 0;
  const sweepMicros =
    perItem(1, () => {
      const start = Math.floor(entries / 2);
      for (let from: number | null = start; from !== null && swept < SWEEPS * 500; swept += 500) {
        from = index.purgeSome(from).next;
      }
    }) / Math.max(1, swept);
  Bun.gc(true);
  const residentMib = (process.memoryUsage.rss() - before) / MIB;
  index.close();
  return { openMs, findMicros, touchMicros, putMicros, dropMicros, sweepMicros, residentMib };
}

/** Processor time of one of so many, in microseconds. */
function perItem(items: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / items;
}
