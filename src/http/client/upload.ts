/**
 * A request's body on its way to an upstream, read as the connection takes it. The upstream has its time for an
 * answer after each piece; while the client is waited for, no time runs.
 */
import { MeridianError } from '../../errors.ts';
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import type { RequestFraming } from './head.ts';

const crlf = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

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
      sentBytes += piece.length;
      if (framing.by === 'length' && sentBytes > framing.bytes) throw notAsAnnounced();
      await connection.write(framing.by === 'length' ? piece : chunk(piece));
    }
    if (cancelled) return;
    if (framing.by === 'chunks') await connection.write(lastChunk);
    else if (sentBytes < framing.bytes) throw notAsAnnounced();
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

function chunk(piece: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, crlf]);
}

function blameClient(thrown: unknown): never {
  if (thrown instanceof MeridianError) throw thrown;
  throw new MeridianError('request-malformed', 'the request broke off within its body', { cause: thrown });
}

function notAsAnnounced(): MeridianError {
  return new MeridianError('request-malformed', 'the request’s body is not as long as announced');
}
