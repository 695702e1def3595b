/**
 * Files that have no name yet: what is being written, and uploads that arrive in pieces. Those of earlier processes that were
 * being written expire as uploads do; until then, they may be somebody's who is just about to stop.
 */
import { type FileHandle, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WriteOptions, WrittenBlob } from '../../store.ts';
import { isMissing } from '../file.ts';
import { hashing } from './hashing.ts';
import { type Streaming, streamIn } from './streaming-in.ts';

export interface Draft {
  readonly path: string;
  readonly written: WrittenBlob;
}

/**
 * Writes the chunks into a file of this folder, flushes it, and hands it to `keep`, which may move it away. Afterwards, it is
 * gone from here.
 */
export async function draft<Result>(
  folder: string,
  chunks: AsyncIterable<Uint8Array>,
  wanted: WriteOptions & Pick<Streaming, 'room'>,
  keep: (draft: Draft) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, crypto.randomUUID());
  try {
    const file = await open(path, 'wx');
    const written = await fill(file, chunks, wanted).finally(() => file.close());
    return await keep({ path, written });
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * The same for what is there as a whole, by one call to the system's threads instead of one for each step.
 *
 * @param keep moves it away.
 */
export async function draftWhole<Result>(
  folder: string,
  bytes: Uint8Array,
  wanted: WriteOptions,
  keep: (draft: Draft) => Promise<Result>,
): Promise<Result> {
  const hashes = hashing(wanted);
  hashes.update(bytes);
  const written = hashes.finish();
  const path = join(folder, crypto.randomUUID());
  try {
    await writeFile(path, bytes, { flag: 'wx', flush: true });
    return await keep({ path, written });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function fill(
  file: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  wanted: WriteOptions & Pick<Streaming, 'room'>,
): Promise<WrittenBlob> {
  const hashes = hashing(wanted);
  await streamIn(file, 0, chunks, { heard: hashes.update, room: wanted.room });
  return hashes.finish();
}

/** Removes what has not changed since then. */
export async function dropDrafts(folder: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const changedMs = await changed(path);
    if (changedMs !== null && changedMs < beforeMs) await rm(path, { force: true });
  }
}

async function changed(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
