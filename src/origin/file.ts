/** The calls on files that durability is made of, and what their failures mean. */
import { type FileHandle, open } from 'node:fs/promises';
import { MeridianError } from '../errors.ts';

/** Bytes per read: large enough to be fast, small enough not to hold much. */
const readBytes = 256 * 1024;

/** A short write is how a full disk often shows itself first: what is missing is tried once more, which then says why. */
export async function append(file: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done);
    if (bytesWritten === 0) throw new MeridianError('store-full', 'the system takes no more bytes');
    done += bytesWritten;
  }
}

/** The file's bytes up to `sizeBytes`, over one buffer: each piece is gone when the next one is asked for. */
export async function* piecesOf(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array, void, void> {
  const buffer = new Uint8Array(Math.min(readBytes, Math.max(1, sizeBytes)));
  for (let at = 0; at < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - at), at);
    if (bytesRead === 0) throw new Error(`the file ends at ${at}, before ${sizeBytes}`);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** A new name is durable only when its folder is (fsync(2)). */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The system's own failures in our terms; everything else as it is. */
export function fileFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof MeridianError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new MeridianError(isFull ? 'store-full' : 'store-unavailable', `the file system says ${code}`, {
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
