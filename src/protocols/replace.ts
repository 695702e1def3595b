/**
 * Replaces a string of bytes in a stream of them, wherever chunks end. Nothing is decoded, and no more is
 * held back than what might be the beginning of the next occurrence.
 */
export interface Replacer {
  /** What is certain by now, in order; possibly empty. */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What was held back. */
  end(): Uint8Array<ArrayBuffer>;
}

export function replacer(needle: Uint8Array, replacement: Uint8Array): Replacer {
  let held: Buffer<ArrayBuffer> = Buffer.alloc(0);

  return {
    push(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : asBuffer(chunk);
      const parts: Uint8Array[] = [];
      let from = 0;
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, from)) {
        parts.push(bytes.subarray(from, at), replacement);
        from = at + needle.length;
      }
      const rest = bytes.subarray(from);
      const certain = rest.length - beginningAtEnd(rest, needle);
      held = Buffer.from(rest.subarray(certain));
      return Buffer.concat([...parts, rest.subarray(0, certain)]);
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
  };
}

/** How many bytes at the end could be the beginning of the needle. */
function beginningAtEnd(bytes: Buffer, needle: Uint8Array): number {
  for (let length = Math.min(bytes.length, needle.length - 1); length > 0; length--) {
    if (bytes.compare(needle, 0, length, bytes.length - length) === 0) return length;
  }
  return 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
