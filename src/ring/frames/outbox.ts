/**
 * What is to be written to a socket: many frames in one write, which costs as much as for one. What the socket does not take
 * waits until it has room, and nothing else is written meanwhile.
 */
export interface Outbox {
  /** To be written with the next `flush`. `false`: there is no room, and nothing has been taken. */
  push(frame: Uint8Array<ArrayBuffer>): boolean;
  flush(): void;
  /** With all else that this turn of the event loop has to say. */
  flushSoon(): void;
  /** The socket has room again. */
  drained(): void;
  /** All that was written has been taken. */
  readonly isEmpty: boolean;
}

/** Where writes are put together: of all outboxes, since none keeps anything there. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024);

/** Adds whole frames at `at`, as many as there is room for; some where there is room for all of it. @returns where they end. */
export type Fill = (into: Buffer, at: number) => number;

const nothing: Fill = (_, at) => at;

/**
 * @param mostBytes wait at once of what was pushed.
 * @param write gives how many of the bytes it has taken; nothing, or less than nothing, when it can take none just now.
 * @param fill what else there is to write, made when the socket may have room for it.
 */
export function outbox(
  mostBytes: number,
  write: (bytes: Uint8Array<ArrayBuffer>) => number,
  fill = nothing,
): Outbox {
  let queue: Uint8Array<ArrayBuffer>[] = [];
  let queuedBytes = 0;
  /** What the socket has not taken. */
  let rest: Uint8Array<ArrayBuffer> | null = null;
  let isScheduled = false;
  let isFull = false;

  function flushed(): void {
    isScheduled = false;
    flush();
  }

  /** @returns whether the socket has taken all of it. */
  function send(bytes: Uint8Array<ArrayBuffer>): boolean {
    const taken = Math.max(0, write(bytes));
    isFull = taken < bytes.length;
    if (!isFull) rest = null;
    else rest = bytes === rest ? rest.subarray(taken) : new Uint8Array(bytes.subarray(taken));
    return !isFull;
  }

  /** What is next, in `scratch`. @returns how long it is. */
  function assemble(): number {
    let at = 0;
    let taken = 0;
    for (const frame of queue) {
      if (at + frame.length > scratch.length) break;
      scratch.set(frame, at);
      at += frame.length;
      taken++;
    }
    queue = taken === queue.length ? [] : queue.slice(taken);
    queuedBytes -= at;
    return queue.length > 0 ? at : fill(scratch, at);
  }

  function flush(): void {
    if (isFull || (rest !== null && !send(rest))) return;
    for (;;) {
      const length = assemble();
      if (length === 0 || !send(scratch.subarray(0, length))) return;
    }
  }

  return {
    push(frame) {
      if (queuedBytes + frame.length > mostBytes || frame.length > scratch.length) return false;
      queue.push(frame);
      queuedBytes += frame.length;
      return true;
    },
    flush,
    flushSoon() {
      if (isScheduled || isFull) return;
      isScheduled = true;
      setImmediate(flushed);
    },
    drained() {
      isFull = false;
      flush();
    },
    get isEmpty() {
      return rest === null && queue.length === 0;
    },
  };
}
