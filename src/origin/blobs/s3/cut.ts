/** Cuts what a source gives into parts of one size, each in a buffer. */
export type Chunks = AsyncGenerator<Uint8Array, void, void>;

export interface Part {
  readonly bytes: Uint8Array;
  /** Whether the source has ended with it. One that has ended with the part before gives an empty one. */
  readonly last: boolean;
}

/** Fills the buffer, or a larger one in its place, with the next part. */
export type Cut = (buffer: Uint8Array) => Promise<Part>;

/** What a first buffer holds, where nobody has said how much there will be. */
const firstBytes = 64 * 1024;

/** @param heard is told of each chunk once. */
export function cut(chunks: Chunks, partBytes: number, heard: (chunk: Uint8Array) => void): Cut {
  let rest: Uint8Array = new Uint8Array();

  /** Whether there is some. */
  async function more(): Promise<boolean> {
    while (rest.length === 0) {
      const { done, value } = await chunks.next();
      if (done || value === undefined) return false;
      heard(value);
      rest = value;
    }
    return true;
  }

  return async (given) => {
    let buffer = given;
    let filled = 0;
    while (filled < partBytes) {
      if (!(await more())) return { bytes: buffer.subarray(0, filled), last: true };
      if (filled === buffer.length) buffer = grown(buffer, partBytes);
      const piece = rest.subarray(0, buffer.length - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
    }
    return { bytes: buffer, last: false };
  };
}

export function firstBuffer(sizeBytes: number | undefined, partBytes: number): Uint8Array {
  return new Uint8Array(Math.min(partBytes, sizeBytes ?? firstBytes));
}

function grown(buffer: Uint8Array, partBytes: number): Uint8Array {
  const larger = new Uint8Array(Math.min(partBytes, Math.max(firstBytes, buffer.length * 4)));
  larger.set(buffer);
  return larger;
}
