/**
 * The connection over which one worker asks another of the same node: one for each pair, for all requests at once. Whatever is wrong
 * with it before an answer has begun, who asks goes another way, at once.
 */
import type { Socket } from 'bun';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { EndOfWaiting, Waiting } from '../peers.ts';
import { emptyFrame, frameReader, kinds, textFrame, version } from './frame.ts';
import { brokenOff, flowing, gathering, type Incoming } from './incoming.ts';
import {
  type AnswerHead,
  type Asking,
  headIn,
  interimIn,
  mostAnswerBytes,
  questionFrame,
  roomFrame,
  windowBytes,
} from './message.ts';
import { type Outbox, outbox } from './outbox.ts';

export interface Got extends AnswerHead {
  /** All of it, in pieces; or pieces as they come, which have to be read or let go of; `null`: there is none. */
  readonly body: readonly Uint8Array[] | AsyncGenerator<Uint8Array> | null;
}

/** On whose behalf a question is asked. */
export interface Behalf {
  /** Aborted when he has left: then nobody asks for him any more, soon after. */
  readonly signal: AbortSignal;
  /** Hears what comes before the answer. */
  readonly inform?: ((status: number, headers: Headers) => void) | undefined;
}

export interface Caller {
  /**
   * `null`, at once or later: it is not answered over frames, and may be asked for otherwise. Fails with `upstream-timeout`,
   * `upstream-truncated`, or the reason of the abort; a body that streams may fail with the first two, too.
   */
  ask(asking: Asking, behalf: Behalf): Promise<Got | null> | null;
  /** Questions that have no whole answer yet. */
  readonly waiting: number;
  close(): void;
}

export interface CallerOptions {
  /** Of a socket. */
  readonly path: string;
  /** What is said first on each connection: see `FrameDoorOptions.admits`. */
  readonly hello: () => string;
  readonly clock: Clock;
  /** For the head of an answer, and for more of a body that somebody waits for. */
  readonly timeouts: () => { readonly firstByteMs: number; readonly betweenBytesMs: number };
  /** Somebody has been waiting for an answer for a while: see `Peers.await`. */
  readonly late: (waiting: Waiting) => EndOfWaiting;
}

/** Questions on one connection without a whole answer: each may have a window of its body here. */
export const mostWaiting = 1024;
/** Of questions that the socket has not taken yet. */
const mostQueuedBytes = 1024 * 1024;
/** How often it is looked who waits for long, or not any more. */
export const lookMs = 250;
/** For how long nothing is asked after a connection failed. */
export const restMs = 1_000;

interface Line {
  readonly out: Outbox;
  cut(): void;
}

interface Pending {
  readonly sinceMs: number;
  readonly behalf: Behalf;
  readonly settle: (got: Got | null) => void;
  readonly fail: (error: unknown) => void;
  /** Once its head has come. */
  body: Incoming | null;
  /** Once it is late. */
  endLate: EndOfWaiting | null;
}

export function openCaller({ path, hello, clock, timeouts, late }: CallerOptions): Caller {
  /** By number, the oldest first. */
  const waiting = new Map<number, Pending>();
  let line: Line | null = null;
  let isConnecting = false;
  let isClosed = false;
  let isWatched = false;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  let lastId = 0;

  /** Nothing more is expected for it. */
  function over(id: number): void {
    waiting.get(id)?.endLate?.(false);
    waiting.delete(id);
  }

  function fail(id: number, error: unknown): void {
    const one = waiting.get(id);
    over(id);
    if (one?.body) one.body.fail(error);
    else one?.fail(error);
  }

  /** The same, and who answers is told. */
  function giveUp(id: number, error: unknown): void {
    fail(id, error);
    leave(id);
  }

  function leave(id: number): void {
    over(id);
    if (line?.out.push(emptyFrame(kinds.leave, id, 0))) line.out.flushSoon();
  }

  /** All who wait go another way now, unless they have had the beginning of an answer. */
  function lost(): void {
    line = null;
    isConnecting = false;
    restsUntilMs = clock.elapsed() + restMs;
    for (const [id, { body, settle }] of [...waiting]) {
      if (body === null) {
        over(id);
        settle(null);
      } else {
        fail(id, brokenOff());
      }
    }
  }

  /** One timer for all who wait. */
  function watch(): void {
    if (isWatched) return;
    isWatched = true;
    clock.after(lookMs, look);
  }

  function look(): void {
    const nowMs = clock.elapsed();
    const { firstByteMs, betweenBytesMs } = timeouts();
    for (const [id, one] of [...waiting]) {
      const { behalf, body, sinceMs } = one;
      const waitsSinceMs = body === null ? sinceMs : body.waitingSinceMs;
      const most = body === null ? firstByteMs : betweenBytesMs;
      if (behalf.signal.aborted) giveUp(id, behalf.signal.reason);
      else if (waitsSinceMs !== null && nowMs - waitsSinceMs >= most) giveUp(id, tooLate());
      else if (body === null && nowMs - sinceMs >= lookMs)
        one.endLate ??= late({ sinceMs, dead: () => giveUp(id, noSign()) });
    }
    isWatched = false;
    if (waiting.size > 0) watch();
  }

  function begin(id: number, one: Pending, head: AnswerHead): void {
    const { sizeBytes } = head;
    one.endLate?.(true);
    one.endLate = null;
    if (sizeBytes === 0) {
      over(id);
      one.settle({ ...head, body: null });
    } else if (head.as !== 'stream' && sizeBytes !== null && sizeBytes <= windowBytes) {
      const whole = (body: readonly Uint8Array[]) => {
        over(id);
        one.settle({ ...head, body });
      };
      one.body = gathering(sizeBytes, clock.elapsed(), whole, one.fail);
    } else {
      const { incoming, pieces } = flowing({
        sizeBytes,
        now: () => clock.elapsed(),
        room: (bytes) => void (line?.out.push(roomFrame(id, bytes)) && line.out.flushSoon()),
        over: () => over(id),
        left: () => leave(id),
      });
      one.body = incoming;
      one.settle({ ...head, body: pieces });
    }
  }

  function headHeard(id: number, head: AnswerHead | null): boolean {
    const one = waiting.get(id);
    if (head === null || one?.body) return false;
    if (one !== undefined) begin(id, one, head);
    return true;
  }

  /** @returns whether that makes sense. */
  function heard(kind: number, id: number, bytes: Buffer): boolean {
    const one = waiting.get(id);
    switch (kind) {
      case kinds.hit:
        return headHeard(id, headIn('hit', bytes));
      case kinds.whole:
        return headHeard(id, headIn('whole', bytes));
      case kinds.stream:
        return headHeard(id, headIn('stream', bytes));
      case kinds.piece:
        return one === undefined || one.body?.take(bytes) === true;
      case kinds.end:
        return one === undefined || one.body?.end() === true;
      case kinds.broken:
        if (one !== undefined) fail(id, brokenOff());
        return true;
      case kinds.interim: {
        const interim = interimIn(bytes);
        if (interim !== null) one?.behalf.inform?.(interim.status, interim.headers);
        return interim !== null;
      }
      case kinds.otherwise:
        if (one?.body) return false;
        over(id);
        one?.settle(null);
        return true;
      default:
        return false;
    }
  }

  /** @returns what to do with what the other one says. */
  function opened(socket: Socket): (bytes: Buffer) => boolean {
    const out = outbox(mostQueuedBytes, (bytes) => socket.write(bytes));
    line = { out, cut: () => socket.terminate() };
    isConnecting = false;
    out.push(textFrame(kinds.hello, 0, `${version} ${hello()}`));
    out.flush();
    return frameReader(mostAnswerBytes, heard);
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
    ask(asking, behalf) {
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
      const isAlone = waiting.size === 0;
      const { promise, resolve, reject } = Promise.withResolvers<Got | null>();
      waiting.set(lastId, {
        sinceMs: nowMs,
        behalf,
        settle: resolve,
        fail: reject,
        body: null,
        endLate: null,
      });
      watch();
      // Of a crowd, those of one turn go together; who is alone does not wait for others.
      if (isAlone) line.out.flush();
      else line.out.flushSoon();
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

function tooLate(): MeridianError {
  return new MeridianError('upstream-timeout', 'another worker of this node took too long to answer');
}

function noSign(): MeridianError {
  return new MeridianError('upstream-timeout', 'another worker of this node gives no sign of life');
}
