/**
 * The body of an answer as it comes in: gathered, where all of it is there and comes without a word from here; else in pieces, of which no more is
 * under way than its reader has room for. What breaks off is never taken for whole.
 */
import { MeridianError } from '../../errors.ts';
import { windowBytes } from './message.ts';

export interface Incoming {
  /** @param bytes are kept as they are. `false`: more than there may be. */
  take(bytes: Buffer): boolean;
  /** That was all, by word of who sends it. `false`: it cannot be. */
  end(): boolean;
  fail(error: unknown): void;
  /** Somebody has been waiting for its next bytes since then; `null`: nobody does. By the clock that is given to `flowing`. */
  readonly waitingSinceMs: number | null;
}

/** @param whole is called with all of it, or `failed` with why there is none. */
export function gathering(
  sizeBytes: number,
  nowMs: number,
  whole: (pieces: readonly Uint8Array[]) => void,
  failed: (error: unknown) => void,
): Incoming {
  const pieces: Uint8Array[] = [];
  let come = 0;
  return {
    take(bytes) {
      come += bytes.length;
      if (come > sizeBytes) return false;
      pieces.push(bytes);
      if (come === sizeBytes) whole(pieces);
      return true;
    },
    end: () => false,
    fail: failed,
    waitingSinceMs: nowMs,
  };
}

export interface Flow {
  /** `null`: not known. */
  readonly sizeBytes: number | null;
  readonly now: () => number;
  /** The reader takes so many bytes more. */
  readonly room: (bytes: number) => void;
  /** It is over: all has come, or it has failed. */
  readonly over: () => void;
  /** The reader wants no more. */
  readonly left: () => void;
}

/** Taken before anybody says that there is room again: a part of the window, so that some is always under way. */
const worthwhileBytes = windowBytes / 4;

export function flowing(flow: Flow): {
  readonly incoming: Incoming;
  readonly pieces: AsyncGenerator<Uint8Array>;
} {
  const { sizeBytes, now } = flow;
  const waiting: Uint8Array[] = [];
  let come = 0;
  /** Of what the other side has been told that there is room for, not yet come. */
  let roomBytes = windowBytes;
  let takenBytes = 0;
  let state: 'open' | 'whole' | 'failed' = 'open';
  let error: unknown = null;
  let waitingSinceMs: number | null = null;
  let wanted: (() => void) | null = null;

  function news(): void {
    waitingSinceMs = null;
    wanted?.();
    wanted = null;
  }

  function settle(as: 'whole' | 'failed'): void {
    if (state !== 'open') return;
    state = as;
    flow.over();
    news();
  }

  function taken(bytes: number): void {
    takenBytes += bytes;
    if (takenBytes < worthwhileBytes || state !== 'open') return;
    roomBytes += takenBytes;
    flow.room(takenBytes);
    takenBytes = 0;
  }

  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = waiting.shift();
        if (piece !== undefined) {
          yield piece;
          taken(piece.length);
        } else if (state === 'open') {
          waitingSinceMs = now();
          await new Promise<void>((resolve) => {
            wanted = resolve;
          });
        } else {
          if (state === 'failed') throw error;
          return;
        }
      }
    } finally {
      waiting.length = 0;
      if (state === 'open') flow.left();
      state = 'failed';
    }
  }

  const incoming: Incoming = {
    take(bytes) {
      come += bytes.length;
      roomBytes -= bytes.length;
      if (roomBytes < 0 || (sizeBytes !== null && come > sizeBytes)) return false;
      waiting.push(worthKeeping(bytes));
      if (come === sizeBytes) settle('whole');
      else news();
      return true;
    },
    end() {
      if (sizeBytes !== null) return false;
      settle('whole');
      return true;
    },
    fail(thrown) {
      waiting.length = 0; // on its way to a reader who may not have it whole
      error = thrown;
      settle('failed');
    },
    get waitingSinceMs() {
      return waitingSinceMs;
    },
  };
  return { incoming, pieces: pieces() };
}

/** What is kept for long holds no more memory than twice its own length: it may be a small part of what came with others. */
function worthKeeping(bytes: Buffer): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes;
}

export function brokenOff(): MeridianError {
  return new MeridianError('upstream-truncated', 'another worker of this node broke off within its answer');
}
