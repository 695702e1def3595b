/**
 * A process that writes blobs until it is killed, or has written 400: `bun blob-writer.ts <engine> <options as JSON> <seed>`. Prints the name of each
 * once it has been acknowledged. What it writes tells nothing of its name in every other case.
 */
import { systemClock } from '../../src/clock.ts';
import { openFiles } from '../../src/origin/blobs/files.ts';
import { openS3 } from '../../src/origin/blobs/s3.ts';

const [engine, json = '', seed = ''] = process.argv.slice(2);
const options = { ...JSON.parse(json), clock: systemClock, random: Math.random, env: {} };
const store = engine === 'files' ? await openFiles(options) : await openS3(options);

let next = 0;
async function writeOn(): Promise<void> {
  // Bounded, so that a writer that outlives its test fills no disk.
  while (next < 400) {
    const number = next++;
    const sizeBytes = number % 5 === 0 ? 6 * 2 ** 20 : 3000 + number;
    const bytes = Buffer.alloc(sizeBytes, `${seed} ${number} `);
    const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
    await store.write(slowly(bytes), number % 2 === 0 ? { expect: { sha256 } } : {});
    process.stdout.write(`${sha256}\n`);
  }
}

/** In pieces, so that there is always one in the middle of it. */
function slowly(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(0);
      controller.enqueue(bytes.subarray(at, at + 256 * 1024));
      at += 256 * 1024;
      if (at >= bytes.length) controller.close();
    },
  });
}

await Promise.all(Array.from({ length: 3 }, writeOn));
