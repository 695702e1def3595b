/**
 * A process that publishes, lets go and collects blobs until it is killed: `bun collecting.ts <folder> <seed>`. Prints `kept <name>` when a
 * reference is durable, `let go <name>` before one is given up. With `settle` for the seed, it finishes what is left, collects once more, and ends.
 */
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openFiles } from '../../src/origin/blobs/files.ts';
import { collect } from '../../src/origin/collection/collect.ts';
import { finishLeft } from '../../src/origin/collection/condemn.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';
import { blobReferenceKey, condemnedBlobKey } from '../../src/store.ts';

const [folder = '', seed = ''] = process.argv.slice(2);
const clock = systemClock;
const blobs = await openFiles({ path: join(folder, 'blobs'), clock });
const metadata = await openSqlite({ path: join(folder, 'metadata.db'), clock });
const stores = { blobs, metadata };
const day = 24 * 3600_000;

async function publishOn(lane: number): Promise<void> {
  for (let nth = 0; nth < 10_000; nth++) {
    // Some bytes are the same in every life, so that what a killed one has condemned is published again.
    const text = nth % 3 === 0 ? `shared ${nth % 30}` : `${seed} ${lane} ${nth}`;
    const { sha256 } = await blobs.write(new TextEncoder().encode(text.repeat(200)));
    const pin = blobReferenceKey(sha256, ['pin', crypto.randomUUID()]);
    const isPinned = await metadata.transact(async (transaction) => {
      if ((await transaction.get(condemnedBlobKey(sha256))) !== null) return false;
      await transaction.put(pin, { sinceMs: Date.now() });
      return true;
    });
    if (!isPinned) continue;
    const isThere = (await blobs.stat(sha256)) !== null;
    const reference = blobReferenceKey(sha256, ['test', seed, String(lane), String(nth)]);
    await metadata.transact(async (transaction) => {
      if (isThere) await transaction.put(reference, { sinceMs: Date.now() });
      await transaction.delete(pin);
    });
    if (!isThere) continue;
    const name = `${sha256} ${reference.slice(3).join(' ')}`;
    process.stdout.write(`kept ${name}\n`);
    if (nth % 2 === 0) continue;
    process.stdout.write(`let go ${name}\n`);
    await metadata.transact((transaction) => transaction.delete(reference));
  }
}

async function collectOn(): Promise<never> {
  for (;;) await once();
}

async function once(): Promise<void> {
  const signal = new AbortController().signal;
  await collect({
    ...{ stores, clock, by: 'origin', graceMs: -day, dryRun: false, signal },
    progress: () => {},
  });
  await Bun.sleep(0);
}

if (seed === 'settle') {
  await finishLeft({ stores, clock, writtenBeforeMs: Date.now() + day }, 0);
  await once();
  await metadata.close();
} else await Promise.all([publishOn(1), publishOn(2), publishOn(3), collectOn()]);
