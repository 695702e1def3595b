/**
 * Large documents are worked on in pieces, with a turn for everybody else after each: what is in memory
 * comes without a pause of its own, and would hold up every other request.
 */
import type { Clock } from '../clock.ts';

/** A fraction of a millisecond's worth of copying, or a millisecond's of compressing. */
export const PIECE_BYTES = 64 * 1024;

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** ms of work, between two turns of everybody else. */
const longestMs = 4;
/** Steps after which whoever goes on has come to his work, or to the end of it, as a rule. */
const steps = 10;

const restsBy = new WeakMap<Clock, () => Promise<void>>();

/**
 * For long work in small steps: to be called before each. Lets everybody else have a turn, where the steps since the last one have been long: those of
 * all that work so, together, as their turns would add up. Whoever has waited longest goes on first.
 */
export function restOf(clock: Clock): () => Promise<void> {
  const rest = restsBy.get(clock) ?? openRest(clock);
  restsBy.set(clock, rest);
  return rest;
}

function openRest(clock: Clock): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let sinceMs = clock.elapsed();
  const isLong = () => clock.elapsed() - sinceMs >= longestMs;

  async function letOn(): Promise<void> {
    while (waiting.length > 0) {
      await turn();
      sinceMs = clock.elapsed();
      while (waiting.length > 0 && !isLong()) {
        waiting[0]?.();
        for (let step = 0; step < steps; step++) await null;
        waiting.shift();
      }
    }
  }

  return async () => {
    if (waiting.length === 0 && !isLong()) return;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) void letOn();
    });
  };
}

/** A copy in buffers of its own, which can be transferred to a worker. */
export async function copyInPieces(bytes: Uint8Array, pieceBytes = 16 * PIECE_BYTES): Promise<ArrayBuffer[]> {
  const pieces: ArrayBuffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    if (at > 0) await turn();
    pieces.push(new Uint8Array(bytes.subarray(at, at + pieceBytes)).buffer);
  }
  return pieces;
}
