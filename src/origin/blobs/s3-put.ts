/**
 * One upload to a bucket, from chunks that are hashed as they are handed over. Bun's client cuts it into parts, sends a few of
 * them at once, asks for more when there is room, and gives up the upload when the stream fails: which it does, instead of
 * ending, where the hash is not as expected.
 */
import type { S3Client } from 'bun';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { WriteOptions, WrittenBlob } from '../../store.ts';
import { hashing } from './hashing.ts';
import { s3Failure } from './s3-failure.ts';

export type Chunks = AsyncGenerator<Uint8Array, void, void>;

/** Of one part. The protocol takes 10,000, so a blob whose size is not known ends at 80 GB. */
const part = { leastBytes: 8 * 2 ** 20, atMost: 10_000, atOnce: 3 } as const;
/** How long the bucket may take until it wants more, or has completed the upload. */
const stallMs = 120_000;
/** Of each part, before the upload fails. */
const retries = 3;

export async function put(
  client: S3Client,
  key: string,
  chunks: Chunks,
  wanted: Pick<WriteOptions, 'expect' | 'hash'>,
  clock: Clock,
): Promise<WrittenBlob> {
  const hashes = hashing(wanted);
  const stalled = Promise.withResolvers<never>();
  let stopWaiting = () => {};
  let failure: { readonly reason: unknown } | null = null;
  let written: WrittenBlob | null = null;

  function waitForBucket(): void {
    stopWaiting = clock.after(stallMs, () => {
      stalled.reject(new MeridianError('store-unavailable', `the bucket took nothing for ${stallMs} ms`));
    });
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        stopWaiting();
        try {
          const { done, value } = await chunks.next();
          if (done || value === undefined) {
            written = hashes.finish();
            controller.close();
          } else {
            hashes.update(value);
            controller.enqueue(value);
          }
        } catch (reason) {
          failure = { reason };
          throw reason;
        } finally {
          waitForBucket();
        }
      },
      cancel: async () => {
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );

  waitForBucket();
  const partSize = partBytes(wanted.expect?.sizeBytes ?? 0);
  const upload = client.write(key, new Response(body), { partSize, queueSize: part.atOnce, retry: retries });
  try {
    await Promise.race([upload, stalled.promise]);
  } catch (error) {
    throw failureIn(failure) ?? s3Failure(error);
  } finally {
    stopWaiting();
    await chunks.return();
  }
  if (written === null) throw new MeridianError('store-unavailable', 'the bucket did not take all of it');
  return written;
}

/** The source's own failure, or the mismatch, whatever the client makes of it. */
function failureIn(failure: { readonly reason: unknown } | null): unknown {
  return failure?.reason;
}

function partBytes(sizeBytes: number): number {
  return Math.max(part.leastBytes, Math.ceil(sizeBytes / part.atMost));
}
