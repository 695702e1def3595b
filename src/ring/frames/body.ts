/**
 * The body of an answer as who gives it has it: all at once, in memory, or as a stream that is read no faster than it is taken.
 */

export interface Body {
  /** In bytes; `null`: not known before the end. */
  readonly sizeBytes: number | null;
  /**
   * The next bytes, `most` of them at most, good until the next call. `none`: there are none just now, and `changed` is called when
   * that has changed. `end`: that was all. `broken`: no more will come, though that was not all.
   */
  next(most: number, changed: () => void): Uint8Array | 'none' | 'end' | 'broken';
  /** Nobody wants the rest. */
  stop(): void;
}

/** One that is in memory, and lent. */
export function bodyOfBytes(bytes: Uint8Array): Body {
  let at = 0;
  return {
    sizeBytes: bytes.length,
    next(most) {
      if (at === bytes.length) return 'end';
      const piece = bytes.subarray(at, at + most);
      at += piece.length;
      return piece;
    },
    stop() {},
  };
}

/** One that is in memory, and never copied as a whole. */
export function bodyOfBlob(blob: Blob): Body {
  const { size } = blob;
  let at = 0;
  return {
    sizeBytes: size,
    next(most) {
      if (at === size) return 'end';
      const end = Math.min(size, at + most);
      const piece = Bun.peek((at === 0 && end === size ? blob : blob.slice(at, end)).bytes());
      if (piece instanceof Promise) return 'broken'; // never seen: what is in memory is there at once
      at = end;
      return piece;
    },
    stop() {},
  };
}

export function bodyOfStream(stream: ReadableStream<Uint8Array>, sizeBytes: number | null): Body {
  const reader = stream.getReader();
  let state: 'open' | 'end' | 'broken' = 'open';
  let isReading = false;
  let have: Uint8Array = nothing;
  let come = 0;

  async function read(changed: () => void): Promise<void> {
    isReading = true;
    try {
      const { done, value } = await reader.read();
      if (done) state = sizeBytes === null || come === sizeBytes ? 'end' : 'broken';
      else have = value;
      come += have.length;
      if (sizeBytes !== null && come > sizeBytes) state = 'broken';
    } catch {
      state = 'broken'; // whoever could not get the bytes has told about it
    }
    isReading = false;
    changed();
  }

  return {
    sizeBytes,
    next(most, changed) {
      if (state === 'broken') return 'broken';
      if (have.length > 0) {
        const piece = have.subarray(0, most);
        have = have.subarray(piece.length);
        return piece;
      }
      if (state === 'end') return 'end';
      if (!isReading) void read(changed);
      return 'none';
    },
    stop() {
      reader.cancel().catch(() => {}); // nobody minds any more
    },
  };
}

const nothing = new Uint8Array();
