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
import type { ObjectWriter } from './disk/writer.ts';
import { follow, pieces } from './follow.ts';
import { type Spool, type SpoolOptions, spool } from './spool.ts';

export interface Fill {
  readonly head: Head;
  /** All of the body, when it came with the head (`whole-fill.ts`); `null` while it may still be arriving. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** The length that the parent announced, in bytes, or `null`. */
  readonly announcedBytes: number | null;
  /** Settles when there are bytes to read, or when there will be none: see `error`. Never rejects. */
  readonly begun: Promise<void>;
  /** Settles when the fill is over: the stored entry, or `null` when nothing was kept. Never rejects. */
  readonly over: Promise<Entry | null>;
  /** Whether anybody may still join. */
  readonly alive: boolean;
  /** Bytes that have come so far. */
  readonly receivedBytes: number;
  /** Why it ended early, if it did. */
  readonly error: MeridianError | null;
  /** Bytes `from` (inclusive) to `to` (exclusive; the end when `null`), as they come, until the reader is `gone`. */
  follow(from: number, to: number | null, gone: AbortSignal): ReadableStream<Uint8Array>;
  /** The same as a sequence, each piece good until the next one is asked for. */
  pieces(from: number, to: number | null, gone: AbortSignal): AsyncGenerator<Uint8Array>;
}

export interface FillOptions {
  readonly head: Head;
  readonly announcedBytes: number | null;
  readonly source: ReadableStream<Uint8Array>;
  readonly spool: SpoolOptions;
  /** Stops the parent's response. */
  readonly stop: () => void;
  /**
   * Whether to go on although nobody follows any more, with so many bytes left to come; or, where nobody knows
   * how many are left, with so many come since the last one left.
   */
  readonly isWorthFinishing: (bytes: number) => boolean;
  /** Keeps a whole body that stayed in memory. */
  readonly keepBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<Entry | null>;
  /** Keeps a whole body that went to a file. */
  readonly keepFile: (file: ObjectWriter) => Promise<Entry | null>;
  readonly failed: (error: MeridianError) => void;
  /** The body was right, but there was no place to keep it. */
  readonly unkept: () => void;
}

export function startFill(options: FillOptions): Fill {
  const { head, announcedBytes } = options;
  const body = spool(options.spool);
  const source = options.source.getReader();
  const begun = Promise.withResolvers<void>();
  let givenUp = false;

  /** Nobody follows, and there is too much to come for nobody, or nowhere to keep it. */
  function giveUp(): void {
    givenUp = true;
    options.stop();
    // The parent's stream ends by itself as well, or there is nobody left to mind.
    source.cancel().catch(() => undefined);
  }

  /** What had come when the last one left. */
  let desertedAt: number | null = null;

  function considerGivingUp(): void {
    if (body.state !== 'open' || desertedAt === null) return;
    const bytes = announcedBytes === null ? body.length - desertedAt : announcedBytes - body.length;
    if (!body.keeping || !options.isWorthFinishing(bytes)) giveUp();
  }

  body.onDeserted(() => {
    desertedAt = body.length;
    considerGivingUp();
  });

  /** What was worth finishing when the last one left need not stay so: a body of unknown length may go on for ever. */
  function isGivenUp(): boolean {
    if (!givenUp && body.readers === 0) considerGivingUp();
    return givenUp;
  }

  async function run(): Promise<Entry | null> {
    let entry: Entry | null = null;
    try {
      await pump(source, body, announcedBytes, begun.resolve, isGivenUp);
      const whole = await body.finish();
      begun.resolve();
      if (whole) {
        entry = 'bytes' in whole ? await options.keepBytes(whole.bytes) : await options.keepFile(whole.file);
      } else {
        options.unkept();
      }
    } catch (thrown) {
      const error = asMeridianError(thrown);
      body.fail(error);
      // When it was given up, nobody is to blame.
      if (!givenUp) options.failed(error);
      begun.resolve();
      giveUp();
    }
    await body.dispose(entry !== null);
    return entry;
  }

  return {
    head,
    bytes: null,
    announcedBytes,
    begun: begun.promise,
    over: run(),
    get alive() {
      return !givenUp && body.joinable;
    },
    get receivedBytes() {
      return body.length;
    },
    get error() {
      return body.error;
    },
    pieces: (from, to, gone) => pieces(body, from, to, gone),
    follow: (from, to, gone) => follow(body, from, to, gone),
  };
}

/** The reader of the parent's stream. */
interface Source {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

async function pump(
  source: Source,
  body: Spool,
  announcedBytes: number | null,
  begun: () => void,
  givenUp: () => boolean,
): Promise<void> {
  let received = 0;
  let held: Uint8Array | null = null;
  for (;;) {
    const { done, value } = await source.read();
    if (done || !value || givenUp()) break;
    if (value.length === 0) continue;
    received += value.length;
    if (held) {
      const room = body.append(held);
      begun();
      await room;
    }
    held = value;
  }
  if (givenUp())
    throw new MeridianError('upstream-truncated', 'given up, since nobody waited for it any more');
  if (announcedBytes !== null && received !== announcedBytes) {
    throw new MeridianError('upstream-truncated', `${received} of ${announcedBytes} bytes came`);
  }
  if (held) await body.append(held);
}
