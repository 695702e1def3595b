/**
 * A request's body on its way to an upstream, read as the connection takes it. The upstream has its time for an
 * answer after each piece; while the client is waited for, no time runs.
 */
import { MeridianError } from '../../errors.ts';
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import type { RequestFraming } from './head.ts';

/** A longer piece is not copied to stand in one write with the line before it: that costs as much as the connection itself. */
const copiedBytes = 16 * 1024;

export interface Upload {
  /** Fails as the body does, or with `request-malformed` when it is not as long as announced. */
  readonly done: Promise<void>;
  /** Nobody needs the rest. */
  cancel(reason: unknown): void;
}

/** @param permission settles when the body may follow the head. */
export function upload(
  body: ReadableStream<Uint8Array>,
  framing: NonNullable<RequestFraming>,
  permission: Promise<unknown>,
  connection: Connection,
  { late }: Call,
  firstByteMs: number,
): Upload {
  const reader = body.getReader();
  let sentBytes = 0;
  let cancelled = false;

  async function next(): Promise<Uint8Array | undefined> {
    late.rest();
    const { done, value } = await reader.read().catch(blameClient);
    late.wait(firstByteMs);
    return done ? undefined : value;
  }

  async function send(): Promise<void> {
    await permission;
    if (cancelled) return;
    for (let piece = await next(); piece !== undefined; piece = await next()) {
      if (cancelled) return;
      if (piece.length === 0) continue;
      if (framing.by === 'chunks') await sendChunk(piece);
      else if (sentBytes + piece.length > framing.bytes) throw notAsAnnounced();
      else await connection.write(piece);
      sentBytes += piece.length;
    }
    if (cancelled) return;
    if (framing.by === 'chunks') await connection.write(chunkLine(0, sentBytes));
    else if (sentBytes < framing.bytes) throw notAsAnnounced();
  }

  async function sendChunk(piece: Uint8Array): Promise<void> {
    const line = chunkLine(piece.length, sentBytes);
    if (piece.length <= copiedBytes) {
      await connection.write(Buffer.concat([line, piece]));
      return;
    }
    await connection.write(line);
    await connection.write(piece);
  }

  return {
    done: send(),
    cancel(reason) {
      if (cancelled) return;
      cancelled = true;
      reader.cancel(reason).catch(() => {}); // it has failed before, which was told then
    },
  };
}

/** Begins a chunk, and ends the one before it (RFC 9112 §7.1). One of no bytes is the last, and ends the body. */
function chunkLine(bytes: number, sentBytes: number): Uint8Array {
  const before = sentBytes > 0 ? '\r\n' : '';
  return Buffer.from(`${before}${bytes.toString(16)}\r\n${bytes === 0 ? '\r\n' : ''}`, 'latin1');
}

function blameClient(thrown: unknown): never {
  if (thrown instanceof MeridianError) throw thrown;
  throw new MeridianError('request-malformed', 'the request broke off within its body', { cause: thrown });
}

function notAsAnnounced(): MeridianError {
  return new MeridianError('request-malformed', 'the request’s body is not as long as announced');
}
