/**
 * Bytes on disk, each a file named after the SHA-256 of its bytes: the same tarball under two addresses
 * is stored once.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isMissing, type ObjectWriter, openWriter } from './writer.ts';

export interface Objects {
  path(sha256: string): string;
  /** To be sent. */
  file(sha256: string): Blob;
  /** Where to write something else first, apart from all earlier runs. */
  temporary(name: string): string;
  /** A new file to write a body to, from the start, in order. `sha256`: see `openWriter`. */
  create(sha256?: string | null): Promise<ObjectWriter>;
  /**
   * Whether the file is there and as long as it should be. Looked up on this thread, as the runtime does with a file that it
   * is about to send: that takes microseconds, and the way to another thread and back ten times as long. Only what is
   * not found so is looked at more closely.
   */
  present(sha256: string, sizeBytes: number): boolean | Promise<boolean>;
  /** Reads the whole file and compares it with its name. `false` when it differs or is gone. */
  intact(sha256: string, sizeBytes: number): Promise<boolean>;
  /** The whole file, compared with its name; `null` when it differs or is gone. */
  bytes(sha256: string, sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | null>;
  remove(sha256: string): Promise<void>;
  /** Deletes what earlier runs left unfinished, and hands every whole file to `check`, until `stopped`. */
  sweep(check: (sha256: string) => Promise<void>, stopped: () => boolean): Promise<void>;
}

/** Bytes per read when a file is checked: large enough to be fast, small enough not to block others. */
const checkChunkBytes = 256 * 1024;

/** Names that are looked up in one go: about a quarter of a millisecond. */
const checkedAtOnce = 32;

const isShelf = /^[0-9a-f]{2}$/;
const isSha256 = /^[0-9a-f]{64}$/;

export async function openObjects(folder: string): Promise<Objects> {
  const temporary = join(folder, 'tmp');
  const objects = join(folder, 'objects');
  await mkdir(temporary, { recursive: true });
  await mkdir(objects, { recursive: true });
  const run = `${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  let created = 0;

  const path = (sha256: string) => join(objects, sha256.slice(0, 2), sha256);

  return {
    path,
    file: (sha256) => Bun.file(path(sha256)),
    temporary: (name) => join(temporary, `${run}-${name}`),
    create: (sha256 = null) => openWriter(join(temporary, `${run}-${created++}`), path, sha256),

    present: (sha256, sizeBytes) =>
      Bun.file(path(sha256)).size === sizeBytes ||
      unlessMissing(false, async () => (await stat(path(sha256))).size === sizeBytes),

    intact: (sha256, sizeBytes) =>
      unlessMissing(false, async () => {
        const file = await open(path(sha256), 'r');
        try {
          return (await file.stat()).size === sizeBytes && (await hashOf(file)) === sha256;
        } finally {
          await file.close();
        }
      }),

    bytes: (sha256, sizeBytes) =>
      unlessMissing(null, async () => {
        const bytes = await readFile(path(sha256));
        const right = bytes.length === sizeBytes && sha256Of(bytes) === sha256;
        return right ? (bytes as Uint8Array<ArrayBuffer>) : null;
      }),

    remove: (sha256) => rm(path(sha256), { force: true }),

    async sweep(check, stopped) {
      for (const name of await readdir(temporary)) {
        if (stopped()) return;
        if (!name.startsWith(`${run}-`)) await rm(join(temporary, name), { recursive: true, force: true });
      }
      let checked = 0;
      for (const shelf of await readdir(objects)) {
        if (!isShelf.test(shelf)) continue;
        for (const name of await readdir(join(objects, shelf))) {
          if (stopped()) return;
          if (isSha256.test(name) && name.startsWith(shelf)) await check(name);
          else await rm(join(objects, shelf, name), { recursive: true, force: true });
          // A check that finds nothing wrong waits for nothing, and a million of them for nobody.
          if (++checked % checkedAtOnce === 0) await setImmediate();
        }
      }
    },
  };
}

export function sha256Of(bytes: Uint8Array): string {
  return Bun.CryptoHasher.hash('sha256', bytes, 'hex');
}

async function hashOf(file: FileHandle): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256');
  const chunk = new Uint8Array(checkChunkBytes);
  for (let total = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, total);
    if (bytesRead === 0) return hash.digest('hex');
    total += bytesRead;
    hash.update(chunk.subarray(0, bytesRead));
  }
}

async function unlessMissing<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
