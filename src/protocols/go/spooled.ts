/**
 * An archive on the disk while it is looked at: what a module's zip holds is written at its end, so it has to be whole before anybody can tell
 * whether it is the right one. The file has no name from the first moment, so a process that is killed leaves nothing.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeridianError } from '../../errors.ts';
import { fewAtOnce } from '../few-at-once.ts';
import { BadArchive } from './bad-archive.ts';

export interface Spooled {
  readonly fd: number;
  readonly sizeBytes: number;
  /** Of its bytes, in base64. */
  readonly sha256: string;
  /** From its first byte; may be read several times, one after the other. */
  stream(): ReadableStream<Uint8Array>;
}

/** As many are on the disk at once, and as many wait for that: those who ask for the same one are one. */
const turns = fewAtOnce(16, 1_000, 'archives of modules');
const pieceBytes = 256 * 1024;

/**
 * Writes it down, and has it looked at.
 * @param work its streams may be read after it has ended; then the file is let go of with the last of them.
 * @throws `BadArchive` beyond `maxBytes`, `overloaded`, and whatever reading fails with.
 */
export function withSpooled<Result>(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  work: (spooled: Spooled) => Promise<Result>,
): Promise<Result> {
  return turns(async () => {
    const file = await nameless();
    const users = counted(() => file.close());
    const end = users.begin();
    try {
      const { sizeBytes, sha256 } = await write(file, chunks, maxBytes);
      const stream = () => streamOf(file, sizeBytes, users.begin());
      return await work({ fd: file.fd, sizeBytes, sha256, stream });
    } finally {
      await end();
    }
  });
}

async function nameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `meridian-${crypto.randomUUID()}.zip`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function write(file: FileHandle, chunks: AsyncIterable<Uint8Array>, maxBytes: number) {
  const hasher = new Bun.CryptoHasher('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    if (sizeBytes + chunk.byteLength > maxBytes) {
      throw new BadArchive(`It has more than ${maxBytes} bytes.`);
    }
    hasher.update(chunk);
    await writeAll(file, chunk, sizeBytes);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha256: hasher.digest('base64') };
}

async function writeAll(file: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.byteLength - done, at + done);
    done += bytesWritten;
  }
}

function streamOf(file: FileHandle, sizeBytes: number, end: () => Promise<void>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(to) {
      const piece = new Uint8Array(Math.min(pieceBytes, sizeBytes - at));
      const { bytesRead } =
        piece.length === 0 ? { bytesRead: 0 } : await file.read(piece, 0, piece.length, at);
      at += bytesRead;
      if (bytesRead > 0) to.enqueue(piece.subarray(0, bytesRead));
      if (at < sizeBytes && bytesRead > 0) return;
      await end();
      if (at < sizeBytes)
        throw new MeridianError('internal', 'A file that was being looked at has become shorter.');
      to.close();
    },
    cancel: end,
  });
}

/** Calls `last` when everybody who has begun has ended. */
function counted(last: () => Promise<void>) {
  let users = 0;
  return {
    begin(): () => Promise<void> {
      users++;
      let hasEnded = false;
      return async () => {
        if (hasEnded) return;
        hasEnded = true;
        users--;
        if (users === 0) await last();
      };
    },
  };
}
