/**
 * Blobs in a bucket of S3, or of a server that speaks its protocol, each an object named after its SHA-256. An object appears
 * only when its upload is complete, in parts or in one piece, so there is nothing partial to see.
 *
 * Where the name is known beforehand, the source streams to the bucket in parts, hashed on the way, and the upload is completed
 * only if the hash is right. Where it is not, a short blob is held in memory and a long one on the origin's disk until it is.
 * An `ETag` is never taken for a digest: it is none where an object came in parts, or is encrypted.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseHttpDate } from '../../http/date.ts';
import {
  asSha256,
  type BlobSource,
  type BlobStat,
  type BlobStore,
  type Sha256,
  type UploadBounds,
  type WriteOptions,
  type WrittenBlob,
} from '../../store.ts';
import { fileFailure } from '../file.ts';
import { gate } from '../gate.ts';
import { type Draft, draft } from './drafts.ts';
import { gathered } from './gathered.ts';
import { hashing } from './hashing.ts';
import { type BucketOptions, openBucket } from './s3/bucket.ts';
import type { Chunks } from './s3/cut.ts';
import { listObjects } from './s3/list.ts';
import { openObject } from './s3/object.ts';
import type { Protection } from './s3/protection.ts';
import { put } from './s3/put.ts';
import { isNotThere } from './s3/refusal.ts';
import { chunksOf } from './source.ts';
import { unbounded } from './upload-ledger.ts';
import { openUploads } from './uploads.ts';

/** Uploads to the bucket at once; others wait. Each holds a few parts in memory. */
const maxPuts = 16;
/** Writes that may wait for their turn. */
const maxWaiting = 1000;
/** A shorter blob whose name is not known is held in memory until it is. */
const shortBytes = 4 * 2 ** 20;

export interface S3Options extends BucketOptions, Protection {
  /** Before the names of objects, such as `meridian/`. */
  readonly prefix: string;
  /** Whether clients may be sent to the bucket itself, with a signed address. */
  readonly redirect: boolean;
  /** Where long blobs wait for their name, and uploads that arrive in pieces are kept. */
  readonly spool: string;
  /** As they are now; without it, uploads are not bounded. */
  readonly uploadBounds?: () => UploadBounds;
  /** Fails when there is too little room there; asked while a long blob comes. */
  readonly room?: () => Promise<void>;
}

export async function openS3(options: S3Options): Promise<BlobStore> {
  const { spool, clock, prefix, uploadBounds: bounds = () => unbounded, room = async () => {} } = options;
  const folder = { drafts: join(spool, 'drafts'), uploads: join(spool, 'uploads') };
  const bucket = openBucket(options);
  const puts = gate(maxPuts, maxWaiting);
  const keyOf = (sha256: Sha256) => `${prefix}sha256/${sha256}`;

  async function stat(sha256: Sha256): Promise<BlobStat | null> {
    try {
      return await bucket.ask({ method: 'HEAD', key: keyOf(sha256) }, ({ headers }) => ({
        sha256,
        sizeBytes: Number(headers.get('content-length')),
        writtenMs: parseHttpDate(headers.get('last-modified') ?? '') ?? 0,
      }));
    } catch (error) {
      if (isNotThere(error)) return null;
      throw error;
    }
  }

  /** The next objects, of which those that bear no SHA-256 are somebody else's. */
  async function listed(limit: number, after: string | undefined) {
    const folder = `${prefix}sha256/`;
    const { objects, more } = await listObjects(bucket, { prefix: folder, after, limit });
    const blobs = objects.flatMap(({ key, ...rest }): BlobStat[] => {
      const sha256 = asSha256(key.slice(folder.length));
      return sha256 === undefined ? [] : [{ sha256, ...rest }];
    });
    return { blobs, more, last: objects.at(-1)?.key };
  }

  /** Uploads what the source holds under a name that it turns out to have, or not at all. */
  function store(sha256: Sha256, chunks: Chunks, wanted: WriteOptions, ending: AbortController) {
    const target = { bucket, key: keyOf(sha256), protection: options };
    return puts.through(() => put(target, chunks, wanted, ending));
  }

  /** Keeps the file's bytes, unless the bucket has them already. */
  async function keep({ path, written }: Draft, signal: AbortSignal | undefined): Promise<void> {
    const { sha256, sizeBytes } = written;
    if ((await stat(sha256))?.sizeBytes === sizeBytes) return;
    const wanted = { expect: { sha256, sizeBytes } };
    await untilEnded(Bun.file(path).stream(), { ...wanted, ...(signal && { signal }) }, (chunks, ending) =>
      store(sha256, chunks, wanted, ending),
    );
  }

  async function write(chunks: Chunks, wanted: WriteOptions, ending: AbortController): Promise<WrittenBlob> {
    const announced = asSha256(wanted.expect?.sha256?.toLowerCase() ?? '');
    if (announced !== undefined) {
      await wanted.claim?.(announced);
      return store(announced, chunks, wanted, ending);
    }
    const start = await gathered(chunks, shortBytes);
    if (start.all) {
      const hashes = hashing(wanted);
      for (const chunk of start.all) hashes.update(chunk);
      const { sha256 } = hashes.finish();
      await wanted.claim?.(sha256);
      return store(sha256, start.chunks, wanted, ending);
    }
    try {
      return await draft(folder.drafts, start.chunks, { ...wanted, room }, async (whole) => {
        await wanted.claim?.(whole.written.sha256);
        await keep(whole, wanted.signal);
        return whole.written;
      });
    } catch (error) {
      throw fileFailure(error);
    }
  }

  try {
    await mkdir(folder.drafts, { recursive: true });
  } catch (error) {
    throw fileFailure(error);
  }
  return {
    engine: 's3',
    uploads: await openUploads({
      ...{ folder: folder.uploads, drafts: folder.drafts },
      ...{ clock, bounds, room, keep },
    }),
    stat,
    write: (source, wanted = {}) =>
      untilEnded(source, wanted, (chunks, ending) => write(chunks, wanted, ending)),
    open: (sha256, range) => openObject(bucket, keyOf(sha256), sha256, range),

    async delete(sha256) {
      try {
        await bucket.ask({ method: 'DELETE', key: keyOf(sha256) }, () => {});
      } catch (error) {
        if (!isNotThere(error)) throw error;
      }
    },

    async list(after, limit) {
      const found: BlobStat[] = [];
      let last = after === null ? undefined : keyOf(after);
      for (let more = true; more && found.length < limit; ) {
        const page = await listed(limit - found.length, last);
        found.push(...page.blobs);
        last = page.last;
        more = page.more && last !== undefined;
      }
      return found;
    },

    url: (sha256, expiresS) => (options.redirect ? bucket.url(keyOf(sha256), expiresS) : null),

    async check() {
      await listObjects(bucket, { prefix: `${prefix}sha256/`, after: undefined, limit: 1, once: true });
    },
    close: async () => {},
  };
}

/** Reads a source for `work`, which may end it; so may whoever wants it no more. */
async function untilEnded<Result>(
  source: BlobSource,
  { maxBytes, signal }: WriteOptions,
  work: (chunks: Chunks, ending: AbortController) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    return await work(chunksOf(source, { maxBytes, signal: ending.signal }), ending);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
