/**
 * Blobs as files, each named after its SHA-256, in 256 folders. A file appears under its name only when it is whole and
 * flushed, and the write is acknowledged when its folder is flushed as well: what was acknowledged survives a power cut.
 */
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
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
import { fileFailure, flushFolder, isMissing } from '../file.ts';
import { type Draft, draft, draftWhole } from './drafts.ts';
import { openFile } from './open-file.ts';
import { chunksOf } from './source.ts';
import { unbounded } from './upload-ledger.ts';
import { openUploads } from './uploads.ts';
import { checkedBody, partOf } from './whole.ts';

export interface FilesOptions {
  /** Of its own, on one file system. */
  readonly path: string;
  readonly clock: Clock;
  /** As they are now; without it, uploads are not bounded. */
  readonly uploadBounds?: () => UploadBounds;
  /** Fails when there is too little room; asked while a long blob comes. */
  readonly room?: () => Promise<void>;
}

export async function openFiles({
  path,
  clock,
  uploadBounds: bounds = () => unbounded,
  room = async () => {},
}: FilesOptions): Promise<BlobStore> {
  const folder = { blobs: join(path, 'blobs'), drafts: join(path, 'drafts'), uploads: join(path, 'uploads') };
  const pathOf = (sha256: Sha256) => join(folder.blobs, sha256.slice(0, 2), sha256);
  await guarded(async () => {
    await makeShelves(folder.blobs);
    await mkdir(folder.drafts, { recursive: true });
  });

  async function keep({ path, written }: Draft): Promise<WrittenBlob> {
    const name = pathOf(written.sha256);
    await rename(path, name);
    await flushFolder(dirname(name));
    return written;
  }

  async function write(source: BlobSource, options: WriteOptions): Promise<WrittenBlob> {
    const chunks = chunksOf(source, options);
    const claimed = async (whole: Draft) => {
      await options.claim?.(whole.written.sha256);
      return keep(whole);
    };
    if (!(source instanceof Uint8Array)) return draft(folder.drafts, chunks, { ...options, room }, claimed);
    await chunks.next(); // Refuses what is too long.
    return draftWhole(folder.drafts, source, options, claimed);
  }

  return {
    engine: 'files',
    uploads: await guarded(() =>
      openUploads({ folder: folder.uploads, drafts: folder.drafts, clock, bounds, room, keep }),
    ),

    write: (source, options = {}) => guarded(() => write(source, options)),

    open: (sha256, range) =>
      unlessMissing(async () => {
        const file = await openFile(pathOf(sha256));
        const part = partOf(range, file.sizeBytes);
        if (part === undefined) {
          await file.close();
          return null;
        }
        const body = checkedBody(file.stream(part.from, part.to + 1), sha256, part, file.sizeBytes);
        const whole = range === undefined && { file: Bun.file(pathOf(sha256)) };
        return { sizeBytes: file.sizeBytes, range: part, body, ...whole };
      }),

    stat: (sha256) => unlessMissing(() => statOf(pathOf(sha256), sha256)),

    delete: (sha256) =>
      guarded(async () => {
        await rm(pathOf(sha256), { force: true });
      }),

    list: (after, limit) =>
      guarded(async () => {
        const found: BlobStat[] = [];
        for (const shelf of shelves) {
          if (found.length >= limit) break;
          if (after !== null && shelf < after.slice(0, 2)) continue;
          const names = (await readdir(join(folder.blobs, shelf))).sort();
          for (const sha256 of names.map(asSha256)) {
            if (sha256 === undefined || (after !== null && sha256 <= after) || found.length >= limit)
              continue;
            const blob = await unlessMissing(() => statOf(pathOf(sha256), sha256));
            if (blob) found.push(blob);
          }
        }
        return found;
      }),

    url: () => null,
    check: () => guarded(() => access(folder.drafts, constants.W_OK)),
    close: async () => {},
  };
}

const shelves = Array.from({ length: 256 }, (_, number) => number.toString(16).padStart(2, '0'));

/** All at once, so that no write has to make one, and flush the folder above it too. */
async function makeShelves(folder: string): Promise<void> {
  const last = join(folder, shelves.at(-1) ?? '');
  if ((await unlessMissing(() => stat(last))) !== null) return;
  for (const shelf of shelves) await mkdir(join(folder, shelf), { recursive: true });
  await flushFolder(folder);
  await flushFolder(dirname(folder));
}

async function statOf(path: string, sha256: Sha256): Promise<BlobStat> {
  const { size, mtimeMs } = await stat(path);
  return { sha256, sizeBytes: size, writtenMs: mtimeMs };
}

async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw fileFailure(error);
  }
}

async function unlessMissing<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileFailure(error);
  }
}
