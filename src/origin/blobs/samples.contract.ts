/** What the contracts of blobs are told with: blobs, as bytes and as streams, and how writing and reading them went. */
import { MeridianError } from '../../errors.ts';
import { asSha256, type BlobSource, type BlobStore, type OpenBlob, type Sha256 } from '../../store.ts';

/** The code of the error that it fails with; the value it has otherwise. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error instanceof MeridianError ? error.code : error;
  }
}

export function sha256Of(bytes: Uint8Array): Sha256 {
  return asSha256(hashOf('sha256', bytes))!;
}

export async function read(store: BlobStore, sha256: Sha256): Promise<Uint8Array> {
  const opened = await store.open(sha256);
  if (!opened) throw new Error(`${sha256} is not there`);
  return bytesOf(opened);
}

export function bytesOf({ body }: OpenBlob): Promise<Uint8Array> {
  return new Response(body).bytes();
}

export function hashOf(name: 'md5' | 'sha1' | 'sha256' | 'sha512', bytes: Uint8Array): string {
  return new Bun.CryptoHasher(name).update(bytes).digest('hex');
}

/** In pieces; with `failing`, it fails where its end would be. */
export function streamOf(bytes: Uint8Array, { failing }: { failing?: Error } = {}): BlobSource {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + 300_000));
        else if (failing) controller.error(failing);
        else controller.close();
        at += 300_000;
      },
    },
    { highWaterMark: 0 },
  );
}

export function known(bytes: Uint8Array) {
  return { expect: { sha256: sha256Of(bytes) } };
}

/** Failing is one of the things that may happen there. */
export function failed(): null {
  return null;
}
