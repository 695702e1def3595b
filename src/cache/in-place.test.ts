/** What a parent has as a file of this node's own is sent from where it is, if it is long. */
import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import type { Answer } from '../entry.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { world } from './world.contract.ts';

const limit = 64 * 1024;

/** An answer whose body is in a file as well, and whether anybody let go of it unread. */
function filed(folder: string, bytes: Uint8Array<ArrayBuffer>, fields = maxAge(60)) {
  const path = join(folder, 'blob');
  writeFileSync(path, bytes);
  let cancelled = 0;
  const parent = (): Answer => {
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
        cancel() {
          cancelled++;
        },
      },
      { highWaterMark: 0 },
    );
    const { status, headers } = answerOf(null, { ...fields, 'content-length': String(bytes.length) });
    return { status, headers, body, file: Bun.file(path) };
  };
  return { parent, cancelled: () => cancelled };
}

test('a long file is not stored, and its stream is let go', async () => {
  using folder = temporary('in-place');
  await using here = await world({ disk: true, memoryObjectBytes: limit });
  const bytes = noise(limit + 1);
  const { parent, cancelled } = filed(folder.path, bytes);
  here.parent = parent;
  for (const times of [1, 2]) {
    const reply = await here.get();
    expect(reply.outcome).toBe('miss');
    expect(reply.served.forwarding).toMatchObject({ status: 200, detail: 'own-file' });
    expect(await reply.bytes()).toEqual(bytes);
    expect(here.asked).toHaveLength(times);
    expect(cancelled()).toBe(times);
  }
  const { memory, disk } = here.cache.stats;
  expect([memory.entries, disk?.entries]).toEqual([0, 0]);
});

test('a file that is larger than anything that may be stored is sent in the same way', async () => {
  using folder = temporary('in-place');
  await using here = await world({ memoryObjectBytes: limit });
  const bytes = noise(limit + 1);
  here.parent = filed(folder.path, bytes).parent;
  const reply = await here.get();
  expect(reply.served.source.from).toBe('disk');
  expect(await reply.bytes()).toEqual(bytes);
});

test('a short one is stored in memory', async () => {
  using folder = temporary('in-place');
  await using here = await world({ disk: true, memoryObjectBytes: limit });
  const bytes = noise(limit);
  here.parent = filed(folder.path, bytes).parent;
  expect(await (await here.get()).bytes()).toEqual(bytes);
  expect((await here.get()).outcome).toBe('hit');
  expect(here.asked).toHaveLength(1);
});

test('those who ask at the same time wait for one question, and read the file each for himself', async () => {
  using folder = temporary('in-place');
  await using here = await world({ disk: true, memoryObjectBytes: limit });
  const bytes = noise(limit + 1);
  const { parent } = filed(folder.path, bytes);
  const answered = Promise.withResolvers<void>();
  here.parent = () => answered.promise.then(parent);
  const all = [1, 2, 3].map(() => here.get());
  await here.quiet();
  answered.resolve();
  const replies = await Promise.all(all);
  expect(replies.map(({ outcome }) => outcome)).toEqual(['miss', 'miss', 'miss']);
  expect(replies.map(({ served }) => served.forwarding?.collapsed === true)).toEqual([false, true, true]);
  for (const reply of replies) expect(await reply.bytes()).toEqual(bytes);
  expect(here.asked).toHaveLength(1);
});

test('what may not be stored is for the one who asked, file or not', async () => {
  using folder = temporary('in-place');
  await using here = await world({ disk: true, memoryObjectBytes: limit });
  const bytes = noise(limit + 1);
  here.parent = filed(folder.path, bytes, { 'cache-control': 'no-store' }).parent;
  const reply = await here.get();
  expect(reply.served.forwarding?.detail).toBe('no-store');
  expect(await reply.bytes()).toEqual(bytes);
});
