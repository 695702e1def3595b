/**
 * Compresses a body while it streams, on the runtime's own threads: the event loop only hands pieces over.
 *
 * What has come is sent on as soon as the source pauses, at the price of a few bytes: a page that is written
 * slowly is read as it is written.
 */
import {
  type BrotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  type Gzip,
  type ZstdCompress,
} from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { Coding } from './encoding.ts';

export type MadeCoding = Exclude<Coding, 'identity'>;

/** Handed over at a time, so that what comes in one piece does not wait in memory as another copy of it. */
const pieceBytes = 64 * 1024;
/** A source that sends nothing for so long makes no block complete soon. */
const pauseMs = 20;

/**
 * Settings by which each coding is about as fast as a disk, with windows that bound what one body takes of the
 * memory: gzip under 1 MB, zstd 2 MB, brotli 4 MB, as measured.
 */
const makers: Readonly<Record<MadeCoding, () => Compressor>> = {
  gzip: () => createGzip({ level: 6 }),
  zstd: () =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 20 },
    }),
  br: () =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 18 },
    }),
};

type Compressor = Gzip | ZstdCompress | BrotliCompress;

const flushBy: Readonly<Record<MadeCoding, number>> = {
  gzip: constants.Z_SYNC_FLUSH,
  zstd: constants.ZSTD_e_flush,
  br: constants.BROTLI_OPERATION_FLUSH,
};

/** @param ended is called once: no more work is done for this body. */
export function compress(
  body: ReadableStream<Uint8Array>,
  coding: MadeCoding,
  clock: Clock,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  const compressor = makers[coding]();
  let isOver = false;
  /** Called when the compressor takes more, or nothing any more. */
  let go = () => {};
  compressor.on('drain', () => go());

  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    compressor.destroy();
    go();
    ended();
    return true;
  }

  function write(piece: Uint8Array): Promise<void> | undefined {
    if (compressor.write(piece)) return undefined;
    return new Promise((resolve) => {
      go = resolve;
    });
  }

  /** The next bytes of the source. While they do not come, those before them go on their way. */
  async function next(isDirty: boolean): Promise<Uint8Array | null> {
    const flush = () => compressor.flush(flushBy[coding]);
    const cancel = isDirty ? clock.after(pauseMs, flush) : () => undefined;
    try {
      const { done, value } = await source.read();
      return done ? null : value;
    } finally {
      cancel();
    }
  }

  async function feed(): Promise<void> {
    for (let isDirty = false; !isOver; isDirty = true) {
      const bytes = await next(isDirty);
      if (bytes === null) break;
      for (let at = 0; at < bytes.length && !isOver; at += pieceBytes) {
        await write(bytes.subarray(at, at + pieceBytes));
      }
    }
    if (!isOver) compressor.end();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (error: unknown) => {
          if (!finish()) return;
          controller.error(error);
          // It has failed itself, or nobody wants the rest of it.
          source.cancel(error).catch(() => undefined);
        };
        compressor.on('data', (bytes: Uint8Array) => {
          if (isOver) return;
          controller.enqueue(bytes);
          if ((controller.desiredSize ?? 0) <= 0) compressor.pause();
        });
        compressor.on('end', () => {
          if (finish()) controller.close();
        });
        compressor.on('error', fail);
        compressor.pause();
        feed().catch(fail);
      },
      pull() {
        compressor.resume();
      },
      async cancel(reason) {
        finish();
        await source.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
