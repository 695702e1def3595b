/**
 * How much room there is on the disks of a store, and a blob store that takes nothing in while there is too little: a disk that
 * is full stops everything that writes, one that is nearly full stops publishers alone.
 */
import { statfs } from 'node:fs/promises';
import { MeridianError } from '../errors.ts';
import type { BlobSource, BlobStore, OwnUploads, WriteOptions } from '../store.ts';
import { fileFailure } from './file.ts';

/** The file system that a folder is on. */
export interface DiskSpace {
  readonly path: string;
  /** For those who are not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export type Measure = (path: string) => Promise<DiskSpace>;

export async function measure(path: string): Promise<DiskSpace> {
  try {
    const { bsize, bavail, blocks } = await statfs(path);
    return { path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    throw fileFailure(error);
  }
}

export interface Floor {
  /** Folders that are written to. */
  readonly folders: readonly string[];
  /** Less than this is too little; as it is now. */
  readonly minFreeBytes: () => number;
  readonly inWords: (bytes: number) => string;
  readonly measure: Measure;
}

/** Fails with `store-full` where so many bytes more would go below the floor. */
export type RefuseBelow = (sizeBytes: number) => Promise<void>;

export function refusingBelow({ folders, minFreeBytes, inWords, measure }: Floor): RefuseBelow {
  return async (sizeBytes) => {
    const least = minFreeBytes();
    if (least === 0) return;
    for (const { path, freeBytes } of await Promise.all(folders.map(measure))) {
      if (freeBytes - sizeBytes >= least) continue;
      const detail = `${inWords(freeBytes)} are free at ${path}, and ${inWords(least)} have to stay free`;
      throw new MeridianError('store-full', detail);
    }
  };
}

/**
 * What writes fails with `store-full` below the floor, before anything is written; the rest is as ever. While a long blob comes,
 * the engine asks again.
 */
export function aboveFloor(blobs: BlobStore, refuseBelow: RefuseBelow): BlobStore {
  /** The source is let go of by whoever gave it: nobody has begun to read it. */
  async function write(source: BlobSource, options: WriteOptions = {}) {
    await refuseBelow(options.expect?.sizeBytes ?? 0);
    return blobs.write(source, options);
  }

  return {
    ...blobs,
    write,
    uploads: {
      of: (owner) => uploadsAbove(blobs.uploads.of(owner), refuseBelow),
      expire: (beforeMs) => blobs.uploads.expire(beforeMs),
      get underWay() {
        return blobs.uploads.underWay;
      },
    },
  };
}

function uploadsAbove(uploads: OwnUploads, refuseBelow: RefuseBelow): OwnUploads {
  return {
    ...uploads,
    async begin(options) {
      await refuseBelow(0);
      return uploads.begin(options);
    },
    async append(id, offset, source, maxBytes) {
      await refuseBelow(0);
      return uploads.append(id, offset, source, maxBytes);
    },
  };
}
