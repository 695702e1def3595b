/**
 * What waits to be published, in the order of the calls. It is sent batch by batch, one at a time, so that a batch that has to be
 * sent again does not overtake the next; and nobody waits for longer than the time-out, whatever becomes of the connection.
 */
import type { Position } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import { backoff } from './backoff.ts';
import { unreachable } from './unreachable.ts';

/** Events that wait; beyond it, one more is refused. */
const maxWaiting = 65_536;
/** Length of their texts together, in UTF-16 units. */
const maxWaitingLength = 64 * 2 ** 20;
const maxBatchLength = 4 * 2 ** 20;
/** Between two attempts to send. */
const againMs = { first: 20, last: 1000 };

export interface Letter {
  readonly subject: string;
  readonly text: string;
  /** The same in every attempt, and nobody else's. */
  readonly id: string;
}

export interface Outbox {
  publish(subject: string, text: string): Promise<Position>;
  /** The connection is back: what waits is sent at once. */
  wake(): void;
  /** What still waits fails. */
  close(): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** For a publication, from the call to the answer. */
  readonly timeoutMs: number;
  /** Events sent at once. */
  readonly maxBatch: number;
  /** Begins every id; of this outbox alone. */
  readonly instance: string;
  /** Puts all in the log, in order. When it rejects, they are sent again: some may then be there twice. */
  send(letters: readonly Letter[]): readonly Position[] | Promise<readonly Position[]>;
}

interface Waiting extends Letter {
  readonly dueMs: number;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: MeridianError) => void;
  isSettled: boolean;
}

export function outbox({ clock, timeoutMs, maxBatch, instance, send }: OutboxOptions): Outbox {
  const tooLate = `the bus has not taken the event within ${timeoutMs} ms; it may hold it all the same`;
  let queue: Waiting[] = [];
  let length = 0;
  let count = 0;
  let isClosed = false;
  let isSending = false;
  /** Until the next attempt. */
  let isPausing = false;
  const pause = backoff(againMs.first, againMs.last);
  let lastError: unknown;
  let cancelAgain = () => {};
  let cancelExpiry: (() => void) | null = null;

  function settle(waiting: Waiting, how: () => void): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    length -= waiting.text.length;
    how();
  }

  /** The oldest is the first to expire. */
  function expire(): void {
    cancelExpiry = null;
    const nowMs = clock.elapsed();
    const late = queue.filter(({ dueMs }) => dueMs <= nowMs);
    for (const waiting of late) settle(waiting, () => waiting.reject(unreachable(tooLate, lastError)));
    // What is on its way stays in the queue until it is known what has become of it.
    if (!isSending) queue = queue.filter(({ isSettled }) => !isSettled);
    watchExpiry();
  }

  function watchExpiry(): void {
    const first = queue.find(({ isSettled }) => !isSettled);
    if (first === undefined || cancelExpiry !== null) return;
    cancelExpiry = clock.after(Math.max(1, first.dueMs - clock.elapsed()), expire);
  }

  async function drain(): Promise<void> {
    cancelAgain();
    while (queue.length > 0 && !isClosed) {
      const batch = takeBatch(queue, maxBatch);
      try {
        const positions = await send(batch);
        for (const [index, waiting] of batch.entries()) {
          const position = positions[index];
          if (position === undefined)
            throw new Error(`${positions.length} places for ${batch.length} events`);
          settle(waiting, () => waiting.resolve(position));
        }
        queue = queue.slice(batch.length);
        pause.reset();
        lastError = undefined;
      } catch (error) {
        lastError = error;
        queue = queue.filter(({ isSettled }) => !isSettled);
        isPausing = queue.length > 0;
        if (isPausing) cancelAgain = clock.after(pause.next(), start);
        break;
      }
    }
    isSending = false;
  }

  function start(): void {
    if (isSending || isClosed) return;
    isSending = true;
    isPausing = false;
    // What is published in the same breath goes in the same batch.
    queueMicrotask(drain);
  }

  return {
    publish(subject, text) {
      if (isClosed) return Promise.reject(unreachable('the bus has been closed', lastError));
      if (queue.length >= maxWaiting || length + text.length > maxWaitingLength) {
        const detail = `${queue.length} events already wait to be published`;
        return Promise.reject(new MeridianError('bus-overloaded', detail, { cause: lastError }));
      }
      return new Promise<Position>((resolve, reject) => {
        const dueMs = clock.elapsed() + timeoutMs;
        const id = `${instance}-${++count}`;
        queue.push({ subject, text, id, dueMs, resolve, reject, isSettled: false });
        length += text.length;
        watchExpiry();
        // One that has to be tried again is: those who come later do not make it happen sooner.
        if (!isPausing) start();
      });
    },
    wake: start,
    close() {
      isClosed = true;
      cancelAgain();
      cancelExpiry?.();
      for (const waiting of queue)
        settle(waiting, () => waiting.reject(unreachable('the bus has been closed', lastError)));
      queue = [];
    },
  };
}

function takeBatch(queue: readonly Waiting[], maxBatch: number): Waiting[] {
  let length = 0;
  let count = 0;
  for (const { text } of queue) {
    length += text.length;
    if (count === maxBatch || (count > 0 && length > maxBatchLength)) break;
    count++;
  }
  return queue.slice(0, count);
}
