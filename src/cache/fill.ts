/**
 * One fill in flight for a key: the parent's response being written to store while any number of readers
 * follow behind it.
 *
 * Readers never wait for the whole body: each sees bytes as soon as they are there, except the newest
 * chunk, which is held back until the next one or a proper end has come. So a response that turns out wrong
 * or cut off at its end never reaches anyone whole.
 */
import type { Entry, Head } from '../entry.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import type { ObjectWriter } from './disk/objects.ts';
import type { Spool } from './spool.ts';

/** With so many bytes left to come, a fill that nobody follows any more is finished all the same. */
const worthFinishingBytes = 64 * 1024 * 1024;

export interface Fill {
  readonly head: Head;
  /** The length that the parent announced, in bytes, or `null`. */
  readonly announcedBytes: number | null;
  /** Settles when the fill is over: the stored entry, or `null` when nothing was kept. Never rejects. */
  readonly over: Promise<Entry | null>;
  /** Whether anybody may still join. */
  readonly alive: boolean;
  /** Bytes `from` (inclusive) to `to` (exclusive; the end when `null`), as they come, until the reader is `gone`. */
  follow(from: number, to: number | null, gone: AbortSignal): ReadableStream<Uint8Array>;
}

export interface FillOptions {
  readonly head: Head;
  readonly announcedBytes: number | null;
  readonly source: ReadableStream<Uint8Array>;
  readonly spool: Spool;
  /** Stops the parent's response. */
  readonly stop: () => void;
  /** Keeps a whole body that stayed in memory. */
  readonly keepBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<Entry | null>;
  /** Keeps a whole body that went to a file. */
  readonly keepFile: (file: ObjectWriter) => Promise<Entry | null>;
  readonly failed: (error: MeridianError) => void;
}

export function startFill(options: FillOptions): Fill {
  const { head, announcedBytes, spool } = options;
  let stopped = false;

  spool.onDeserted = () => {
    if (spool.state !== 'open' || announcedBytes === null) return;
    if (announcedBytes - spool.length <= worthFinishingBytes) return;
    stopped = true;
    options.stop();
  };

  return {
    head,
    announcedBytes,
    over: run(options, () => stopped),
    get alive() {
      return !stopped && spool.complete;
    },
    follow: (from, to, gone) => follow(spool, from, to, gone),
  };
}

async function run(options: FillOptions, stopped: () => boolean): Promise<Entry | null> {
  const { spool } = options;
  let entry: Entry | null = null;
  try {
    await pump(options);
    const whole = await spool.finish();
    if (whole)
      entry = 'bytes' in whole ? await options.keepBytes(whole.bytes) : await options.keepFile(whole.file);
  } catch (thrown) {
    const error = stopped()
      ? new MeridianError('upstream-truncated', 'given up, since nobody waited for it any more')
      : asMeridianError(thrown);
    spool.fail(error);
    if (!stopped()) options.failed(error);
  }
  await spool.dispose(entry !== null);
  return entry;
}

async function pump({ source, spool, announcedBytes }: FillOptions): Promise<void> {
  const reader = source.getReader();
  let received = 0;
  let held: Uint8Array | null = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value.length === 0) continue;
    received += value.length;
    if (held) await spool.append(held);
    held = value;
  }
  if (announcedBytes !== null && received !== announcedBytes) {
    throw new MeridianError('upstream-truncated', `${received} of ${announcedBytes} bytes came`);
  }
  if (held) await spool.append(held);
}

function follow(
  spool: Spool,
  from: number,
  to: number | null,
  gone: AbortSignal,
): ReadableStream<Uint8Array> {
  const cursor = spool.attach(from);
  // A response whose client left before it began is never read, hence never cancelled.
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();

  function leave(): void {
    gone.removeEventListener('abort', leave);
    spool.detach(cursor);
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = cursor.offset === to ? null : await spool.read(cursor);
        if (piece) {
          const rest = to === null ? piece.length : Math.min(piece.length, to - cursor.offset);
          spool.advance(cursor, rest);
          controller.enqueue(rest === piece.length ? piece : piece.subarray(0, rest));
          if (cursor.offset !== to) return;
        }
        leave();
        // An error without a reason resets the connection and prints nothing; the fill has reported it.
        if (spool.state === 'failed' && cursor.offset !== to) controller.error();
        else controller.close();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
