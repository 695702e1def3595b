/**
 * Small things to write that come at the same time are written together: a transaction for each would cost more than what is
 * in it.
 */
import { setImmediate } from 'node:timers/promises';

/** Written in one turn of the event loop, which nothing else can interrupt: one or two milliseconds. */
const maxItems = 16;
const maxBytes = 256 * 1024;
/** How long the first one waits for others, in turns. */
const maxTurns = 4;

export interface Batches<T> {
  /** Resolves with what became of it. The caller sees to it that not too many wait. */
  add(item: T): Promise<boolean>;
  /** Writes all that waits. */
  flush(): void;
}

/** @param write tells of each of them whether it was written. Does not throw. */
export function batches<T extends { readonly bytes: Uint8Array }>(
  write: (items: readonly T[]) => readonly boolean[],
): Batches<T> {
  const waiting: { readonly item: T; readonly tell: (isWritten: boolean) => void }[] = [];
  let bytes = 0;
  let isUnderWay = false;

  function writeSome(): void {
    let count = 0;
    let taken = 0;
    for (const { item } of waiting) {
      if (count >= maxItems || (count > 0 && taken + item.bytes.length > maxBytes)) break;
      taken += item.bytes.length;
      count++;
    }
    bytes -= taken;
    const batch = waiting.splice(0, count);
    const written = write(batch.map(({ item }) => item));
    for (const [at, { tell }] of batch.entries()) tell(written[at] === true);
  }

  async function writeSoon(): Promise<void> {
    isUnderWay = true;
    for (let turns = 1; waiting.length > 0; turns++) {
      await setImmediate();
      const isFull = waiting.length >= maxItems || bytes >= maxBytes;
      if (waiting.length === 0 || (!isFull && turns < maxTurns)) continue;
      writeSome();
      turns = 0;
    }
    isUnderWay = false;
  }

  return {
    add(item) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.push({ item, tell: resolve });
      bytes += item.bytes.length;
      if (!isUnderWay) void writeSoon();
      return promise;
    },
    flush() {
      while (waiting.length > 0) writeSome();
    },
  };
}
