import { expect, test } from 'bun:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { frameEnd } from './zstd-frame.ts';

const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_windowLog } = constants;
const noise = crypto.getRandomValues(new Uint8Array(300_000));
const plain = [
  new Uint8Array(),
  Buffer.from('short'),
  new Uint8Array(200), // a block that repeats a byte
  Buffer.alloc(600_000, 'the same again and again, but for a while; '),
  noise, // blocks as they are
];

for (const checksum of [0, 1]) {
  for (const contentSize of [0, 1]) {
    const params = {
      [ZSTD_c_checksumFlag]: checksum,
      [ZSTD_c_contentSizeFlag]: contentSize,
      [ZSTD_c_windowLog]: 17,
    };
    test(`a frame is seen to its end, in pieces of any size (${checksum ? 'with' : 'without'} checksum, ${contentSize ? 'with' : 'without'} size)`, () => {
      for (const body of plain) {
        const frame = zstdCompressSync(body, { params });
        for (const piece of [1, 2, 3, 7, 1000, 65_536, frame.length]) {
          if (frame.length / piece > 20_000) continue;
          const end = frameEnd();
          for (let at = 0; at < frame.length; at += piece) {
            expect(end.isReached).toBe(false);
            const bytes = frame.subarray(at, at + piece);
            expect(end.read(bytes)).toBe(bytes.length);
          }
          expect(end.isReached).toBe(true);
        }
      }
    });
  }
}

test('a frame that is cut off has no end, wherever it was', () => {
  const frame = zstdCompressSync(Buffer.alloc(300_000, 'abcdefghij'));
  for (let length = 0; length < frame.length; length++) {
    const end = frameEnd();
    end.read(frame.subarray(0, length));
    expect(end.isReached).toBe(false);
  }
});

test('what follows a frame does not belong to it', () => {
  const frame = zstdCompressSync(Buffer.from('content'));
  const end = frameEnd();
  expect(end.read(Buffer.concat([frame, frame]))).toBe(frame.length);
  expect(end.read(frame)).toBe(0);
  expect(end.isReached).toBe(true);
});

test('what is no frame, or has no such blocks, is refused', () => {
  expect(() => frameEnd().read(Buffer.from('<html>'))).toThrow('no frame begins here');
  const frame = zstdCompressSync(Buffer.from('content'), { params: { [ZSTD_c_contentSizeFlag]: 0 } });
  const header = frame.subarray(0, 6);
  expect(() => frameEnd().read(Buffer.concat([header, Buffer.from([0b110, 0, 0])]))).toThrow(
    'no block begins here',
  );
});
