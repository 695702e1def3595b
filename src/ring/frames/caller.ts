/**
 * The connection over which one worker asks another of the same node for what that one has in memory: one for each pair, for
 * all requests at once. Whatever is wrong with it, who asks goes another way, at once: nothing depends on it but what a hit costs.
 */
import type { Socket } from 'bun';
import type { Clock } from '../../clock.ts';
import { frameReader, kinds, textFrame } from './frame.ts';
import { type Asking, answerIn, type Got, mostAnswerBytes, questionFrame } from './message.ts';
import { type Outbox, outbox } from './outbox.ts';

export interface Caller {
  /** The answer, or `null` for none. */
  ask(asking: Asking): Promise<Got | null> | null;
  /** Questions that have no answer yet. */
  readonly waiting: number;
  close(): void;
}

export interface CallerOptions {
  /** Of a socket. */
  readonly path: string;
  /** What is said first on each connection: see `FrameDoorOptions.admits`. */
  readonly hello: () => string;
  readonly clock: Clock;
}

/** Questions on one connection without an answer. */
export const mostWaiting = 1024;
/** Of questions that the socket has not taken yet. */
const mostQueuedBytes = 1024 * 1024;
/** An answer from memory takes microseconds. A worker that has none to give for so long is busy: `ring/peers.ts` finds out with what. */
export const answerWithinMs = 250;
/** How often it is looked who has waited for so long. */
const lookMs = 50;
/** For how long nothing is asked after a connection failed, or an answer was late. */
export const restMs = 1_000;

interface Line {
  readonly out: Outbox;
  cut(): void;
}

interface Waiting {
  readonly sinceMs: number;
  readonly settle: (got: Got | null) => void;
}

export function openCaller({ path, hello, clock }: CallerOptions): Caller {
  /** By number, the oldest first. */
  const waiting = new Map<number, Waiting>();
  let line: Line | null = null;
  let isConnecting = false;
  let isClosed = false;
  let isWatched = false;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  let lastId = 0;

  function rest(): void {
    restsUntilMs = clock.elapsed() + restMs;
  }

  function settle(id: number, got: Got | null): void {
    const one = waiting.get(id);
    // One that came too late: whoever asked has gone another way.
    if (one === undefined) return;
    waiting.delete(id);
    one.settle(got);
  }

  /** All who wait go another way now. */
  function lost(): void {
    line = null;
    isConnecting = false;
    rest();
    for (const id of [...waiting.keys()]) settle(id, null);
  }

  /** One timer for all who wait. */
  function watch(): void {
    if (isWatched) return;
    isWatched = true;
    clock.after(lookMs, look);
  }

  function look(): void {
    const oldestMs = clock.elapsed() - answerWithinMs;
    for (const [id, { sinceMs }] of waiting) {
      if (sinceMs > oldestMs) break;
      rest();
      settle(id, null);
    }
    isWatched = false;
    if (waiting.size > 0) watch();
  }

  /** @returns what to do with what the other one says. */
  function opened(socket: Socket): (bytes: Buffer) => boolean {
    const out = outbox(mostQueuedBytes, (bytes) => socket.write(bytes));
    line = { out, cut: () => socket.terminate() };
    isConnecting = false;
    out.push(textFrame(kinds.hello, 0, hello()));
    out.flush();
    let isSense = true;
    const read = frameReader(mostAnswerBytes, (kind, id, body) => {
      const got = isSense ? answerIn(kind, body) : null;
      if (got === null) isSense = false;
      else settle(id, got);
    });
    return (bytes) => read(bytes) && isSense;
  }

  function connect(): void {
    isConnecting = true;
    let read: (bytes: Buffer) => boolean = () => false;
    const socket = {
      open(made: Socket) {
        if (isClosed) made.terminate();
        else read = opened(made);
      },
      data(made: Socket, bytes: Buffer) {
        if (!read(bytes)) made.terminate();
      },
      drain: () => line?.out.drained(),
      close: lost,
      error: (made: Socket) => void made.terminate(),
      connectError: lost,
    };
    // Why it cannot be made does not matter here: HTTP finds the same, and says it.
    Bun.connect({ unix: path, socket }).catch(lost);
  }

  return {
    ask(asking) {
      const nowMs = clock.elapsed();
      if (isClosed || restsUntilMs > nowMs) return null;
      if (line === null) {
        if (!isConnecting) connect();
        return null;
      }
      if (waiting.size >= mostWaiting) return null;
      lastId = (lastId + 1) >>> 0;
      const frame = questionFrame(lastId, asking);
      if (frame === null || !line.out.push(frame)) return null;
      // Of a crowd, those of one turn go together; who is alone does not wait for others.
      if (waiting.size === 0) line.out.flush();
      else line.out.flushSoon();
      const { promise, resolve } = Promise.withResolvers<Got | null>();
      waiting.set(lastId, { sinceMs: nowMs, settle: resolve });
      watch();
      return promise;
    },
    get waiting() {
      return waiting.size;
    },
    close() {
      isClosed = true;
      line?.cut();
    },
  };
}
