/** What comes first, held to see whether it is all. */
import type { Chunks } from './s3/cut.ts';

export interface Gathered {
  /** Everything, if there was no more than that. */
  readonly all: readonly Uint8Array[] | null;
  /** Everything again, from the start. */
  readonly chunks: Chunks;
}

export async function gathered(chunks: Chunks, atMostBytes: number): Promise<Gathered> {
  const held: Uint8Array[] = [];
  for (let bytes = 0; bytes <= atMostBytes; ) {
    const { done, value } = await chunks.next();
    if (done || value === undefined) return { all: held, chunks: from(held, null) };
    held.push(value);
    bytes += value.length;
  }
  return { all: null, chunks: from(held, chunks) };
}

async function* from(held: readonly Uint8Array[], rest: Chunks | null): Chunks {
  try {
    yield* held;
    if (rest) yield* rest;
  } finally {
    await rest?.return();
  }
}
