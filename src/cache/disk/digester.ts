/**
 * The SHA-256 of a long body, made by a thread of its own that reads the file behind whoever writes it. Hashing takes
 * longer than receiving and sending together: on the event loop, everybody else would wait for it, the body's own
 * clients first. They do not need it; the body's name does, once it is whole.
 *
 * One thread for all files of the process, started with the first and kept.
 */
import { availableParallelism } from 'node:os';
import type { DigestReply, DigestRequest } from './digest.worker.ts';

export interface Digesting {
  /** The file has so many bytes by now, of which none changes any more. */
  written(bytes: number): void;
  /** Of so many bytes, as lower-case hexadecimal digits. Fails when the file cannot be read, or was given up. */
  digest(bytes: number): Promise<string>;
  /** Nobody wants it any more. */
  cancel(): void;
}

/**
 * Bytes between two messages to the thread: with each of them it wakes up. With a single processor, only the whole file is
 * worth one: before, it would take its turns from those who answer.
 */
const strideBytes = availableParallelism() > 1 ? 4 * 1024 * 1024 : Number.POSITIVE_INFINITY;

/** Begins to hash a file, from its start. */
export type Digester = (path: string) => Digesting;

export function digester(start: () => Worker = startThread): Digester {
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  let thread: Worker | null = null;
  let lastId = 0;

  function ask(request: DigestRequest): void {
    thread ??= hire();
    thread.postMessage(request);
  }

  function hire(): Worker {
    const hired = start();
    hired.unref();
    hired.addEventListener('message', ({ data }: MessageEvent<DigestReply>) => settle(data));
    for (const sign of ['error', 'messageerror', 'close']) {
      hired.addEventListener(sign, () => {
        if (hired === thread) lost();
      });
    }
    return hired;
  }

  function settle(reply: DigestReply): void {
    const result = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('sha256' in reply) result?.resolve(reply.sha256);
    else result?.reject(reply.error);
  }

  /** What it has hashed so far is lost with it; the next file gets another thread. */
  function lost(): void {
    thread?.terminate();
    thread = null;
    const error = new Error('the thread that hashes long bodies has died');
    for (const result of waiting.values()) result.reject(error);
    waiting.clear();
  }

  return (path) => {
    const id = ++lastId;
    const result = Promise.withResolvers<string>();
    result.promise.catch(() => {}); // whoever asks for it is told as well
    waiting.set(id, result);
    let toldBytes = 0;

    function tell(bytes: number, isWhole: boolean): void {
      toldBytes = bytes;
      if (waiting.has(id)) ask({ id, path, bytes, isWhole });
    }

    return {
      written(bytes) {
        if (bytes - toldBytes >= strideBytes) tell(bytes, false);
      },
      digest(bytes) {
        tell(bytes, true);
        return result.promise;
      },
      cancel() {
        if (!waiting.delete(id)) return;
        result.reject(new Error('the file was given up'));
        if (toldBytes > 0) ask({ id, path: null });
      },
    };
  };
}

function startThread(): Worker {
  return new Worker(new URL('./digest.worker.ts', import.meta.url));
}
