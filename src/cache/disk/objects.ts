/**
 * Bodies on disk, each a file named after the SHA-256 of its bytes: the same tarball under two addresses
 * is stored once. A file appears under its name only when it is whole: written under a temporary name,
 * flushed to the disk, renamed, and the folder flushed as well.
 */
import * as fs from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Objects {
  path(sha256: string): string;
  /** A new file to write a body to, from the start, in order. */
  create(): Promise<ObjectWriter>;
  /** Whether the file is there and as long as it should be. */
  present(sha256: string, sizeBytes: number): Promise<boolean>;
  /** Reads the whole file and compares it with its name. `false` when it differs or is gone. */
  intact(sha256: string, sizeBytes: number): Promise<boolean>;
  remove(sha256: string): Promise<void>;
  /** Deletes what earlier runs left: unfinished files, and whole ones that `known` does not know. */
  sweep(known: (sha256: string) => boolean): Promise<{ deleted: number }>;
}

export interface ObjectWriter {
  readonly sizeBytes: number;
  /** Appends; resolves when the operating system has taken the bytes. One call at a time. */
  append(chunks: readonly Uint8Array[]): Promise<void>;
  /** Reads back what has been appended. `into` is filled as far as the file goes; returns the bytes read. */
  read(into: Uint8Array, from: number): Promise<number>;
  /** Makes the file durable under its name and returns that name. Reading goes on to work. */
  commit(): Promise<string>;
  /** Ends writing without keeping the file. Reading goes on to work. */
  discard(): Promise<void>;
  /** No more reads. */
  close(): Promise<void>;
}

/** Bytes per read when a file is checked: large enough to be fast, small enough not to block others. */
const checkChunkBytes = 256 * 1024;

export async function openObjects(folder: string): Promise<Objects> {
  const temporary = join(folder, 'tmp');
  const objects = join(folder, 'objects');
  await mkdir(temporary, { recursive: true });
  await mkdir(objects, { recursive: true });
  const run = `${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  let created = 0;

  const folderOf = (sha256: string) => join(objects, sha256.slice(0, 2));
  const path = (sha256: string) => join(folderOf(sha256), sha256);

  async function place(from: string, sha256: string): Promise<void> {
    const home = folderOf(sha256);
    await mkdir(home, { recursive: true });
    await rename(from, path(sha256));
    const directory = await open(home, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  return {
    path,

    async create() {
      const name = join(temporary, `${run}-${created++}`);
      const descriptor = await asked<number>((done) => fs.open(name, 'wx+', done));
      return objectWriter(descriptor, name, place);
    },

    async present(sha256, sizeBytes) {
      try {
        return (await stat(path(sha256))).size === sizeBytes;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },

    async intact(sha256, sizeBytes) {
      let file: FileHandle;
      try {
        file = await open(path(sha256), 'r');
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
      try {
        const hash = new Bun.CryptoHasher('sha256');
        const chunk = new Uint8Array(checkChunkBytes);
        let total = 0;
        for (;;) {
          const { bytesRead } = await file.read(chunk, 0, chunk.length, total);
          if (bytesRead === 0) break;
          total += bytesRead;
          hash.update(chunk.subarray(0, bytesRead));
        }
        return total === sizeBytes && hash.digest('hex') === sha256;
      } finally {
        await file.close();
      }
    },

    remove: (sha256) => rm(path(sha256), { force: true }),

    async sweep(known) {
      let deleted = 0;
      for (const name of await readdir(temporary)) {
        if (name.startsWith(`${run}-`)) continue;
        await rm(join(temporary, name), { force: true });
        deleted++;
      }
      for (const shelf of await readdir(objects)) {
        for (const name of await readdir(join(objects, shelf))) {
          if (known(name)) continue;
          await rm(join(objects, shelf, name), { force: true });
          deleted++;
        }
      }
      return { deleted };
    },
  };
}

/**
 * Works on a plain descriptor: readers may hold on to it for as long as they like, and the runtime treats a
 * `FileHandle` that is collected before it was closed as a fatal error.
 */
function objectWriter(
  descriptor: number,
  name: string,
  place: (from: string, sha256: string) => Promise<void>,
): ObjectWriter {
  const hash = new Bun.CryptoHasher('sha256');
  let sizeBytes = 0;
  let placed = false;
  let closed = false;

  return {
    get sizeBytes() {
      return sizeBytes;
    },

    async append(chunks) {
      let wanted = 0;
      for (const chunk of chunks) wanted += chunk.length;
      const written = await asked<number>((done) => fs.writev(descriptor, chunks, sizeBytes, done));
      if (written !== wanted) throw shortWrite(written, wanted);
      for (const chunk of chunks) hash.update(chunk);
      sizeBytes += wanted;
    },

    read: (into, from) => asked<number>((done) => fs.read(descriptor, into, 0, into.length, from, done)),

    async commit() {
      await asked<void>((done) => fs.fdatasync(descriptor, done));
      const sha256 = hash.digest('hex');
      await place(name, sha256);
      placed = true;
      return sha256;
    },

    async discard() {
      if (!placed) await rm(name, { force: true });
    },

    async close() {
      if (closed) return;
      closed = true;
      await asked<void>((done) => fs.close(descriptor, done));
    },
  };
}

/** A callback of the file system as a promise of its first result. */
function asked<T>(call: (done: (error: Error | null | undefined, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

/** A short write is how a full disk often shows itself first. */
function shortWrite(written: number, wanted: number): Error {
  return Object.assign(new Error(`wrote ${written} of ${wanted} bytes`), { code: 'ENOSPC' });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
