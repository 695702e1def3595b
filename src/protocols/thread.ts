/**
 * A worker as seen from the event loop: jobs wait in a bounded queue and are done one after another. The worker starts with the first job, is
 * started again when it dies, and is let go when there has been nothing to do for a while: what it needed for a large document
 * goes with it.
 */
import { type Clock, systemClock } from '../clock.ts';
import { type ErrorCode, MeridianError } from '../errors.ts';

/** Jobs that may wait. Beyond it new ones are refused with `overloaded`. */
const QUEUE_LENGTH = 512;
/** Longest time for one job. A worker that takes longer is stuck and gets replaced. */
const JOB_LIMIT_MS = 30_000;
const IDLE_MS = 60_000;

export interface ThreadRequest<Job> {
  readonly id: number;
  readonly job: Job;
}

export type ThreadReply<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly detail: string } };

export interface ThreadOptions {
  /** For messages: `packument worker`. */
  readonly what: string;
  readonly start: () => Worker;
  readonly clock?: Clock | undefined;
  readonly queueLength?: number | undefined;
}

interface Waiting<Job, Result> {
  readonly request: ThreadRequest<Job>;
  readonly transfer: ArrayBuffer[];
  resolve(result: Result): void;
  reject(error: MeridianError): void;
}

/** @typeParam Results of each task, by its name. */
export class Thread<Job extends { readonly task: keyof Results }, Results extends object> {
  readonly #clock: Clock;
  readonly #queueLength: number;
  readonly #start: () => Worker;
  readonly #what: string;
  readonly #queue: Waiting<Job, Results[keyof Results]>[] = [];
  #current: Waiting<Job, Results[keyof Results]> | null = null;
  #worker: Worker | null = null;
  /** Of the job's time limit, or of the worker's idle time. */
  #cancelTimer = () => {};
  #lastId = 0;
  #closed = false;

  constructor({ what, start, clock = systemClock, queueLength = QUEUE_LENGTH }: ThreadOptions) {
    this.#what = what;
    this.#clock = clock;
    this.#queueLength = queueLength;
    this.#start = start;
  }

  /** @param transfer buffers of the job that the caller has no further use for. */
  run<J extends Job>(job: J, transfer: ArrayBuffer[] = []): Promise<Results[J['task']]> {
    if (this.#closed) return Promise.reject(this.#closedError());
    if (this.#queue.length >= this.#queueLength) {
      const detail = 'Too many documents wait for being parsed.';
      return Promise.reject(new MeridianError('overloaded', detail, { retryAfterS: 2 }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({
        request: { id: ++this.#lastId, job },
        transfer,
        // A reply bears the id of its request, so its result is the one of that request's task.
        resolve: (result) => resolve(result as Results[J['task']]),
        reject,
      });
      this.#next();
    });
  }

  /** Fails what waits with `draining`. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#dismiss();
    for (const waiting of [this.#current, ...this.#queue.splice(0)]) waiting?.reject(this.#closedError());
    this.#current = null;
  }

  #next(): void {
    if (this.#current !== null) return;
    this.#cancelTimer();
    const waiting = this.#queue.shift();
    if (waiting === undefined) {
      this.#cancelTimer = this.#clock.after(IDLE_MS, () => this.#dismiss());
      return;
    }
    this.#current = waiting;
    this.#cancelTimer = this.#clock.after(JOB_LIMIT_MS, () =>
      this.#replace(`took longer than ${JOB_LIMIT_MS} ms`),
    );
    try {
      this.#worker ??= this.#hire();
      this.#worker.postMessage(waiting.request, waiting.transfer);
    } catch (cause) {
      this.#current = null;
      waiting.reject(new MeridianError('internal', `The ${this.#what} got no job.`, { cause }));
      this.#next();
    }
  }

  #hire(): Worker {
    const hired = this.#start();
    hired.unref();
    hired.addEventListener('message', (event: MessageEvent<ThreadReply<Results[keyof Results]>>) => {
      if (hired === this.#worker) this.#finish(event.data);
    });
    for (const sign of ['error', 'messageerror', 'close']) {
      hired.addEventListener(sign, () => {
        if (hired === this.#worker) this.#replace('died');
      });
    }
    return hired;
  }

  #finish(reply: ThreadReply<Results[keyof Results]>): void {
    const done = this.#current;
    if (done?.request.id !== reply.id) return;
    this.#current = null;
    if ('result' in reply) done.resolve(reply.result);
    else done.reject(new MeridianError(reply.error.code, reply.error.detail));
    this.#next();
  }

  /** The job at hand may be what broke it, so that one is not tried again; the others are. */
  #replace(what: string): void {
    this.#dismiss();
    this.#current?.reject(new MeridianError('internal', `The ${this.#what} ${what}.`));
    this.#current = null;
    this.#next();
  }

  #dismiss(): void {
    const dismissed = this.#worker;
    this.#worker = null;
    dismissed?.terminate();
  }

  #closedError(): MeridianError {
    return new MeridianError('draining', `The ${this.#what} is closed.`);
  }
}
