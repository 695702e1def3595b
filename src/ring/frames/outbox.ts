/**
 * What is to be written to a socket: many frames in one write, which costs as much as for one. What the socket does not take
 * waits until it has room.
 */
export interface Outbox {
  /** To be written with the next `flush`. `false`: there is no room, and nothing has been taken. */
  push(frame: Uint8Array<ArrayBuffer>): boolean;
  flush(): void;
  /** With all else that this turn of the event loop has to say. */
  flushSoon(): void;
  /** The socket has room again. */
  drained(): void;
  readonly queuedBytes: number;
}

/**
 * @param mostBytes wait at once.
 * @param write gives how many of the bytes it has taken; nothing, or less than nothing, when it can take none just now.
 */
export function outbox(mostBytes: number, write: (bytes: Uint8Array<ArrayBuffer>) => number): Outbox {
  let queue: Uint8Array<ArrayBuffer>[] = [];
  let queuedBytes = 0;
  let isScheduled = false;
  let isFull = false;

  function flushed(): void {
    isScheduled = false;
    flush();
  }

  function flush(): void {
    const [first] = queue;
    if (isFull || first === undefined) return;
    const bytes = queue.length === 1 ? first : Buffer.concat(queue);
    const taken = Math.max(0, write(bytes));
    queuedBytes -= taken;
    isFull = taken < bytes.length;
    queue = isFull ? [bytes.subarray(taken)] : [];
  }

  return {
    push(frame) {
      if (queuedBytes + frame.length > mostBytes) return false;
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
    get queuedBytes() {
      return queuedBytes;
    },
  };
}
