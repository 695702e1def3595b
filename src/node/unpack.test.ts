import { expect, test } from 'bun:test';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Answer } from '../entry.ts';
import { packedBytes } from '../http/packing.ts';
import { unpacked } from './unpack.ts';

const short = Buffer.from(
  JSON.stringify(Array.from({ length: 500 }, (_, nth) => ({ nth, name: 'package' }))),
);
const long = Buffer.from(
  JSON.stringify(Array.from({ length: 50_000 }, (_, nth) => ({ nth: nth * 7919, name: 'package' }))),
);
const params = { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_windowLog]: 20 };
const frameOf = (plain: Uint8Array) => zstdCompressSync(plain, { params });

interface Sent {
  readonly packed: Uint8Array;
  /** As the answer says. */
  readonly plainBytes: number | '?';
  readonly piece?: number | undefined;
  readonly fields?: Record<string, string>;
}

/** As an answer that has come whole with its head where no size of pieces is given. */
function answerOf({ packed, plainBytes, piece, fields }: Sent): Answer {
  const headers = new Headers({
    'content-type': 'application/json',
    'content-encoding': 'zstd',
    'meridian-packed': String(plainBytes),
    ...fields,
  });
  if (piece === undefined) return { status: 200, headers, body: new Uint8Array(packed) };
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= packed.length) return controller.close();
      controller.enqueue(packed.slice(at, at + piece));
      at += piece;
    },
  });
  return { status: 200, headers, body };
}

const noMeter = { packed: () => undefined };
async function bytesOf(answer: Answer): Promise<Buffer> {
  return Buffer.from(await new Response(answer.body).bytes());
}

/** Whether it fails at once or as it is read. */
async function take(sent: Sent): Promise<Buffer> {
  return bytesOf(unpacked(answerOf(sent), noMeter));
}

test('what was packed is what it had been, short or long, whole or in pieces, of known length or not', async () => {
  for (const plain of [new Uint8Array(), short, long]) {
    for (const piece of [undefined, 10, 100_000]) {
      if (plain === long && piece === 10) continue;
      for (const plainBytes of [plain.length, '?'] as const) {
        const answer = unpacked(answerOf({ packed: frameOf(plain), plainBytes, piece }), noMeter);
        expect(answer.headers.get('content-length')).toBe(plainBytes === '?' ? null : String(plain.length));
        expect([answer.headers.has('content-encoding'), answer.headers.has('meridian-packed')]).toEqual([
          false,
          false,
        ]);
        expect((await bytesOf(answer)).equals(plain)).toBe(true);
      }
    }
  }
});

test('a short one that has come whole is there at once', () => {
  const packed = packedBytes(short);
  const counted: unknown[] = [];
  const answer = unpacked(answerOf({ packed, plainBytes: short.length }), {
    packed: (...args) => void counted.push(args),
  });
  expect(answer.body).toEqual(new Uint8Array(short));
  expect(counted).toEqual([['received', short.length, packed.length]]);
});

test('what a server has compressed itself is left as it is', async () => {
  const packed = frameOf(short);
  const answer = answerOf({ packed, plainBytes: '?' });
  answer.headers.delete('meridian-packed');
  const same = unpacked(answer, noMeter);
  expect(same).toBe(answer);
  expect((await bytesOf(same)).equals(packed)).toBe(true);
});

test('what is cut off is never whole, wherever it ends', async () => {
  for (const plainBytes of [short.length, '?'] as const) {
    const packed = frameOf(short);
    for (const length of [0, 1, 5, 100, packed.length - 4, packed.length - 1]) {
      for (const piece of [undefined, 64]) {
        const cut = packed.subarray(0, length);
        await expect(take({ packed: cut, plainBytes, piece })).rejects.toMatchObject({
          code: 'upstream-truncated',
        });
      }
    }
  }
  const packed = frameOf(long);
  await expect(
    take({ packed: packed.subarray(0, -1), plainBytes: '?', piece: 65_536 }),
  ).rejects.toMatchObject({ code: 'upstream-truncated' });
});

test('a wrong bit is found, whatever it is in', async () => {
  for (const plain of [short, long]) {
    for (const from of [0, 0.3, 0.6, 1]) {
      const packed = Buffer.from(frameOf(plain));
      const at = Math.round(from * (packed.length - 1));
      packed[at] = (packed[at] ?? 0) ^ 0x10;
      for (const piece of [undefined, 65_536]) {
        await expect(take({ packed, plainBytes: plain.length, piece })).rejects.toMatchObject({
          code: expect.stringMatching(/^upstream-(invalid|truncated)$/),
        });
      }
    }
  }
});

test('no more than was announced is unpacked, however little it was packed', async () => {
  const bomb = frameOf(Buffer.alloc(64 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(10_000);
  for (const piece of [undefined, 1000]) {
    let plainBytes = 0;
    const work = {
      packed(_: string, plain: number) {
        plainBytes += plain;
      },
    };
    const answer = answerOf({ packed: bomb, plainBytes: 400_000, piece });
    await expect(bytesOf(unpacked(answer, work))).rejects.toMatchObject({ code: 'upstream-invalid' });
    expect(plainBytes).toBeLessThan(600_000);
  }
  for (const plainBytes of [1000, 100_000])
    await expect(take({ packed: bomb, plainBytes })).rejects.toMatchObject({ code: 'upstream-invalid' });
});

test('what came whole and is not long is there at once', () => {
  const plain = long.subarray(0, 200_000);
  const answer = answerOf({ packed: frameOf(plain), plainBytes: plain.length });
  const { body } = unpacked(answer, { packed: () => {} });
  if (!(body instanceof Uint8Array)) throw new Error('it is a stream');
  expect(plain.equals(body)).toBe(true);
});

test('less than was announced is not all', async () => {
  for (const piece of [undefined, 100]) {
    await expect(take({ packed: frameOf(short), plainBytes: short.length + 1, piece })).rejects.toMatchObject(
      {
        code: 'upstream-truncated',
      },
    );
  }
});

test('something behind the frame, or a window beyond all bounds, is refused', async () => {
  const twice = Buffer.concat([frameOf(short), frameOf(short)]);
  const wide = zstdCompressSync(Buffer.alloc(40 * 1024 * 1024), {
    params: { [constants.ZSTD_c_windowLog]: 25 },
  });
  for (const packed of [twice, wide, Buffer.from('<html></html>')]) {
    await expect(take({ packed, plainBytes: '?', piece: 1000 })).rejects.toMatchObject({
      code: 'upstream-invalid',
    });
  }
});

test('a head that says it wrongly is refused, and the body given up', () => {
  const wrong: readonly Record<string, string>[] = [
    { 'meridian-packed': '-1' },
    { 'meridian-packed': 'lots' },
    { 'content-encoding': 'gzip' },
  ];
  for (const fields of wrong) {
    let cancelled = 0;
    const answer = answerOf({ packed: frameOf(short), plainBytes: '?', fields });
    const body = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ });
    expect(() => unpacked({ ...answer, body }, noMeter)).toThrow('is said to be packed, and is not');
    expect(cancelled).toBe(1);
  }
});

test('who gives up gives up the source', async () => {
  let cancelled = 0;
  const answer = answerOf({ packed: frameOf(long), plainBytes: long.length });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(frameOf(long)).subarray(0, 1000)),
    cancel: () => void cancelled++,
  });
  const { body: plain } = unpacked({ ...answer, body }, noMeter);
  if (!(plain instanceof ReadableStream)) throw new Error('it came whole');
  await plain.cancel();
  expect(cancelled).toBe(1);
});
