/**
 * A process that publishes, lets go and collects blobs until it is killed: `bun collecting.ts <place> <seed>`, where the place says in JSON
 * which engines there are. Prints `kept <name>` when a reference is durable, `let go <name>` before one is given up. With `settle` for
 * the seed, it finishes what is left, collects once more, and ends.
 */
import { systemClock } from '../../src/clock.ts';
import { collect } from '../../src/origin/collection/collect.ts';
import { finishLeft } from '../../src/origin/collection/condemn.ts';
import { blobReferenceKey, condemnedBlobKey, type Sha256 } from '../../src/store.ts';
import { openEngines, placeIn } from './engines.ts';

const [place = '', seed = ''] = process.argv.slice(2);
const clock = systemClock;
const stores = await openEngines(placeIn(place));
const { blobs, metadata } = stores;
const day = 24 * 3600_000;

async function publishOn(lane: number): Promise<void> {
  for (let nth = 0; nth < 10_000; nth++) {
    // Some bytes are the same in every life, so that what a killed one has condemned is published again.
    const text = nth % 3 === 0 ? `shared ${nth % 30}` : `${seed} ${lane} ${nth}`;
    const holder = crypto.randomUUID();
    const pinOf = (sha256: Sha256) => blobReferenceKey(sha256, ['pin', holder]);
    const isFree = { now: true };
    async function claim(sha256: Sha256): Promise<void> {
      await metadata.transact(async (transaction) => {
        isFree.now = (await transaction.get(condemnedBlobKey(sha256))) === null;
        if (isFree.now) await transaction.put(pinOf(sha256), { sinceMs: Date.now() });
      });
      // What a killed collection has condemned is finished later than this process lives.
      if (!isFree.now) throw new Error('condemned');
    }
    const written = await blobs
      .write(new TextEncoder().encode(text.repeat(200)), { claim })
      .catch((error) => {
        if (isFree.now) throw error;
        return null;
      });
    if (written === null) continue;
    const { sha256 } = written;
    const reference = blobReferenceKey(sha256, ['test', seed, String(lane), String(nth)]);
    await metadata.transact(async (transaction) => {
      await transaction.put(reference, { sinceMs: Date.now() });
      await transaction.delete(pinOf(sha256));
    });
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
