/**
 * Uploads that arrive in pieces, each a file named after its id: how long the file is says where the upload goes on, and when it
 * was changed, whether it has expired. So nothing else has to be written down, and a restart changes nothing.
 */
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MeridianError } from '../../errors.ts';
import type { Upload, Uploads, WrittenBlob } from '../../store.ts';
import { append, fileFailure, flushFolder, isMissing, piecesOf } from '../file.ts';
import type { Draft } from './drafts.ts';
import { hashing } from './hashing.ts';
import { chunksOf } from './source.ts';

/** Uploads that may be under way. */
const maxUploads = 10_000;

/** @param keep makes a blob of a whole file, which it may move away. */
export async function openUploads(
  folder: string,
  keep: (draft: Draft, signal: AbortSignal | undefined) => Promise<unknown>,
): Promise<Uploads> {
  await mkdir(folder, { recursive: true });
  /** Those that are being changed: one at a time. */
  const busy = new Set<string>();

  async function alone<Result>(id: string, work: (path: string) => Promise<Result>): Promise<Result> {
    if (busy.has(id)) throw new MeridianError('conflict', `upload ${id} is just being changed`);
    busy.add(id);
    try {
      return await work(pathOf(id));
    } catch (error) {
      throw isMissing(error) ? unknown(id) : fileFailure(error);
    } finally {
      busy.delete(id);
    }
  }

  function pathOf(id: string): string {
    if (!isId.test(id)) throw unknown(id);
    return join(folder, id);
  }

  async function find(id: string): Promise<Upload | null> {
    if (!isId.test(id)) return null;
    try {
      const { size, mtimeMs } = await stat(join(folder, id));
      return { id, offset: size, changedMs: mtimeMs };
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileFailure(error);
    }
  }

  return {
    find,

    async begin() {
      const id = crypto.randomUUID();
      try {
        if ((await readdir(folder)).length >= maxUploads) {
          throw new MeridianError('overloaded', `${maxUploads} uploads are under way`, { retryAfterS: 60 });
        }
        await (await open(join(folder, id), 'wx')).close();
        await flushFolder(folder);
      } catch (error) {
        throw fileFailure(error);
      }
      return (await find(id)) ?? lost(id);
    },

    async append(id, offset, source, maxBytes = Number.POSITIVE_INFINITY) {
      await alone(id, (path) =>
        using(path, 'r+', async (file) => {
          let at = (await file.stat()).size;
          if (at !== offset)
            throw new MeridianError('upload-offset', `it goes on at ${at}, not at ${offset}`);
          try {
            for await (const chunk of chunksOf(source, { maxBytes: maxBytes - at })) {
              await append(file, chunk, at);
              at += chunk.length;
            }
          } finally {
            await file.datasync();
          }
        }),
      );
      return (await find(id)) ?? lost(id);
    },

    finish: (id, options = {}) =>
      alone(id, async (path) => {
        try {
          const written = await using(path, 'r', async (file): Promise<WrittenBlob> => {
            const hashes = hashing(options);
            for await (const piece of piecesOf(file, (await file.stat()).size)) {
              options.signal?.throwIfAborted();
              hashes.update(piece);
            }
            return hashes.finish();
          });
          await options.claim?.(written.sha256);
          await keep({ path, written }, options.signal);
          await rm(path, { force: true });
          return written;
        } catch (error) {
          if (error instanceof MeridianError && error.code === 'blob-mismatch')
            await rm(path, { force: true });
          throw error;
        }
      }),

    async cancel(id) {
      if (await find(id)) await alone(id, (path) => rm(path, { force: true }));
    },

    async expire(beforeMs) {
      let expired = 0;
      for (const id of await readdir(folder)) {
        const upload = await find(id);
        if (upload === null || upload.changedMs >= beforeMs || busy.has(id)) continue;
        await alone(id, (path) => rm(path, { force: true }));
        expired++;
      }
      return expired;
    },
  };
}

const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function using<Result>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function unknown(id: string): MeridianError {
  return new MeridianError('upload-unknown', `there is no upload ${id}`);
}

function lost(id: string): never {
  throw unknown(id);
}
