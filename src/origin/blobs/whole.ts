/** A stored blob on its way out: as long as it should be and, if it is the whole of it, what its name says. */
import { MeridianError } from '../../errors.ts';
import { verified } from '../../http/digest.ts';
import type { BlobRange, Sha256 } from '../../store.ts';

export function checkedBody(
  body: ReadableStream<Uint8Array>,
  sha256: Sha256,
  { from, to }: BlobRange,
  sizeBytes: number,
): ReadableStream<Uint8Array> {
  const counted = body.pipeThrough(exactly(to - from + 1, sha256));
  if (from > 0 || to < sizeBytes - 1) return counted;
  const value = Buffer.from(sha256, 'hex').toString('base64');
  return verified(counted, { algorithm: 'sha256', value }, () => damaged(sha256, 'has other bytes'));
}

/** The part of the range that the blob has; `undefined` where it has nothing of it. */
export function partOf(range: BlobRange | undefined, sizeBytes: number): BlobRange | undefined {
  if (range === undefined) return { from: 0, to: sizeBytes - 1 };
  const to = Math.min(range.to, sizeBytes - 1);
  return range.from >= 0 && range.from <= to ? { from: range.from, to } : undefined;
}

function exactly(bytes: number, sha256: Sha256): TransformStream<Uint8Array, Uint8Array> {
  let passed = 0;
  return new TransformStream({
    transform(chunk, controller) {
      passed += chunk.length;
      controller.enqueue(chunk);
    },
    flush() {
      if (passed !== bytes) throw damaged(sha256, `has ended after ${passed} of ${bytes} bytes`);
    },
  });
}

function damaged(sha256: Sha256, how: string): MeridianError {
  return new MeridianError('blob-damaged', `the blob ${sha256} ${how}`);
}
