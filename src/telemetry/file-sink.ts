/**
 * A log file that does not grow without bound: at `maxBytes` it becomes `<path>.1`, the one before it
 * `<path>.2`, and so on for `keep` files; the oldest is removed.
 */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LineSink } from './line-buffer.ts';

export interface FileSinkOptions {
  readonly maxBytes?: number;
  readonly keep?: number;
}

/** The file is opened at the first line, and its folder made then. */
export function openFileSink(path: string, options: FileSinkOptions = {}): LineSink {
  const { maxBytes = 64 * 1024 * 1024, keep = 2 } = options;
  let file: FileHandle | null = null;
  let sizeBytes = 0;
  let stale = false;

  async function opened(): Promise<FileHandle> {
    if (stale) await closeFile();
    if (file !== null) return file;
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, 'a', 0o640);
    sizeBytes = (await file.stat()).size;
    return file;
  }

  async function closeFile(): Promise<void> {
    const closing = file;
    file = null;
    stale = false;
    await closing?.close();
  }

  /** Several processes may write to one file; whoever comes second opens the new one, and leaves it where it is. */
  async function wasRotated(): Promise<boolean> {
    const [there, own] = await Promise.all([
      stat(path).catch((error: unknown) => absent(error)),
      file?.stat(),
    ]);
    return there === null || there.ino !== own?.ino;
  }

  async function rotate(): Promise<void> {
    const isDone = await wasRotated();
    await closeFile();
    if (isDone) return;
    for (let age = keep - 1; age >= 1; age--) await renameIfThere(`${path}.${age}`, `${path}.${age + 1}`);
    await renameIfThere(path, `${path}.1`);
  }

  return {
    async append(bytes) {
      await opened();
      if (sizeBytes > 0 && sizeBytes + bytes.length > maxBytes) await rotate();
      const target = await opened();
      for (let from = 0; from < bytes.length; ) {
        const { bytesWritten } = await target.write(bytes, from);
        from += bytesWritten;
        sizeBytes += bytesWritten;
      }
    },
    reopen() {
      stale = true;
    },
    close: closeFile,
  };
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    absent(error);
  }
}

function absent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
