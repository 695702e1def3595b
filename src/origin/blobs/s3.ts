/**
 * Blobs in a bucket of S3, or of a server that speaks its protocol, each an object named after its SHA-256. An object appears
 * only when its upload is complete, in parts or in one piece, so there is nothing partial to see.
 *
 * Where the name is known beforehand, the source streams to the bucket in parts, hashed on the way, and the upload is completed
 * only if the hash is right. Where it is not, a short blob is held in memory and a long one on the origin's disk until it is.
 * An `ETag` is never taken for a digest: it is none where an object came in parts, or is encrypted.
 */
import { join } from 'node:path';
import { S3Client } from 'bun';
import type { Clock } from '../../clock.ts';
import { asSha256, type BlobStat, type BlobStore, type Sha256, type WrittenBlob } from '../../store.ts';
import { fileFailure } from '../file.ts';
import { gate } from '../gate.ts';
import { type Draft, draft, openDrafts } from './drafts.ts';
import { gathered } from './gathered.ts';
import { hashing } from './hashing.ts';
import { answering, isNotThere, s3Failure } from './s3-failure.ts';
import { openObject } from './s3-object.ts';
import { type Chunks, put } from './s3-put.ts';
import { chunksOf } from './source.ts';
import { openUploads } from './uploads.ts';

/** Uploads to the bucket at once; others wait. Each holds a few parts in memory. */
const maxPuts = 16;
/** Writes that may wait for their turn. */
const maxWaiting = 1000;
/** A shorter blob whose name is not known is held in memory until it is. */
const shortBytes = 4 * 2 ** 20;

export interface S3Options {
  readonly bucket: string;
  /** `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:9000`; without it, Amazon's for the region. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Before the names of objects, such as `meridian/`. */
  readonly prefix: string;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Whether the bucket is named by the host and not by the path. */
  readonly virtualHostedStyle: boolean;
  /** Whether clients may be sent to the bucket itself, with a signed address. */
  readonly redirect: boolean;
  /** Where long blobs wait for their name, and uploads that arrive in pieces are kept. */
  readonly spool: string;
  readonly clock: Clock;
}

export async function openS3(options: S3Options): Promise<BlobStore> {
  const { spool, clock, prefix } = options;
  const folder = { drafts: join(spool, 'drafts'), uploads: join(spool, 'uploads') };
  const client = new S3Client(credentials(options));
  const puts = gate(maxPuts, maxWaiting);
  const keyOf = (sha256: Sha256) => `${prefix}sha256/${sha256}`;
  const ask = <Result>(call: () => Promise<Result>) => answering(clock, call);

  async function stat(sha256: Sha256): Promise<BlobStat | null> {
    try {
      const { size, lastModified } = await ask(() => client.stat(keyOf(sha256)));
      return { sha256, sizeBytes: size, writtenMs: lastModified.getTime() };
    } catch (error) {
      if (isNotThere(error)) return null;
      throw s3Failure(error);
    }
  }

  /** The next objects, of which those that bear no SHA-256 are somebody else's. */
  async function listed(limit: number, after: string | undefined) {
    const start = after === undefined ? {} : { startAfter: after };
    const wanted = { prefix: `${prefix}sha256/`, maxKeys: limit, ...start };
    try {
      const { contents = [], isTruncated = false } = await ask(() => client.list(wanted));
      const blobs = contents.flatMap(({ key, size, lastModified }): BlobStat[] => {
        const sha256 = asSha256(key.slice(wanted.prefix.length));
        if (sha256 === undefined) return [];
        return [{ sha256, sizeBytes: size ?? 0, writtenMs: Date.parse(lastModified ?? '') }];
      });
      return { blobs, more: isTruncated, last: contents.at(-1)?.key };
    } catch (error) {
      throw s3Failure(error);
    }
  }

  /** Uploads what the source holds under a name that it turns out to have, or not at all. */
  const store = (sha256: Sha256, chunks: Chunks, wanted: Parameters<typeof put>[3]) =>
    puts.through(() => put(client, keyOf(sha256), chunks, wanted, clock));

  /** Keeps the file's bytes, unless the bucket has them already. */
  async function keep({ path, written }: Draft, signal: AbortSignal | undefined): Promise<void> {
    const { sha256, sizeBytes } = written;
    if ((await stat(sha256))?.sizeBytes === sizeBytes) return;
    const source = Bun.file(path).stream();
    await store(sha256, chunksOf(source, { signal }), { expect: { sha256, sizeBytes } });
  }

  try {
    await openDrafts(folder.drafts, clock);
  } catch (error) {
    throw fileFailure(error);
  }
  return {
    engine: 's3',
    uploads: await openUploads(folder.uploads, keep),
    stat,

    async write(source, wanted = {}): Promise<WrittenBlob> {
      const chunks = chunksOf(source, wanted);
      const announced = asSha256(wanted.expect?.sha256?.toLowerCase() ?? '');
      if (announced !== undefined) return store(announced, chunks, wanted);
      const start = await gathered(chunks, shortBytes);
      if (start.all) {
        const hashes = hashing(wanted);
        for (const chunk of start.all) hashes.update(chunk);
        return store(hashes.finish().sha256, start.chunks, wanted);
      }
      try {
        return await draft(folder.drafts, start.chunks, wanted, async (whole) => {
          await keep(whole, wanted.signal);
          return whole.written;
        });
      } catch (error) {
        throw fileFailure(error);
      }
    },

    open: (sha256, range) => openObject(client, keyOf(sha256), sha256, range, clock),

    async delete(sha256) {
      try {
        await ask(() => client.delete(keyOf(sha256)));
      } catch (error) {
        if (!isNotThere(error)) throw s3Failure(error);
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

    url: (sha256, expiresS) =>
      options.redirect ? client.presign(keyOf(sha256), { expiresIn: expiresS, method: 'GET' }) : null,

    async check() {
      await listed(1, undefined);
    },
    close: async () => {},
  };
}

function credentials(options: S3Options): Bun.S3Options {
  const { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken, virtualHostedStyle } =
    options;
  return {
    bucket,
    virtualHostedStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
    ...(secretAccessKey === undefined ? {} : { secretAccessKey }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}
