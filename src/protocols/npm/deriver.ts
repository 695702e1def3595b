/**
 * The packument worker as seen from the event loop: jobs wait in a bounded queue and are done one after
 * another. The worker starts with the first job, is started again when it dies, and is let go when there
 * has been nothing to do for a while: what it needed for a large document goes with it.
 */
import { type Clock, systemClock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Job, JobResults, Reply, Request } from './job.ts';

/** Jobs that may wait. Beyond it new ones are refused with `overloaded`. */
const QUEUE_LENGTH = 512;
/** Longest time for one job. A worker that takes longer is stuck and gets replaced. */
const JOB_LIMIT_MS = 30_000;
const IDLE_MS = 60_000;

export interface DeriverOptions {
  readonly clock?: Clock;
  readonly queueLength?: number;
  readonly start?: () => Worker;
}

interface Waiting {
  readonly request: Request;
  readonly transfer: ArrayBuffer[];
  resolve(result: JobResults[keyof JobResults]): void;
  reject(error: MeridianError): void;
}

export class Deriver {
  readonly #clock: Clock;
  readonly #queueLength: number;
  readonly #start: () => Worker;
  readonly #queue: Waiting[] = [];
  #current: Waiting | null = null;
  #worker: Worker | null = null;
  /** Of the job's time limit, or of the worker's idle time. */
  #cancelTimer = () => {};
  #lastId = 0;
  #closed = false;

  constructor({ clock = systemClock, queueLength = QUEUE_LENGTH, start = startWorker }: DeriverOptions = {}) {
    this.#clock = clock;
    this.#queueLength = queueLength;
    this.#start = start;
  }

  /** @param transfer buffers of the job that the caller has no further use for. */
  run<J extends Job>(job: J, transfer: ArrayBuffer[] = []): Promise<JobResults[J['task']]> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#queue.length >= this.#queueLength) {
      const detail = 'Too many documents wait for being parsed.';
      return Promise.reject(new MeridianError('overloaded', detail, { retryAfterS: 2 }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({
        request: { id: ++this.#lastId, job },
        transfer,
        // A reply bears the id of its request, so its result is the one of that request's task.
        resolve: (result) => resolve(result as JobResults[J['task']]),
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
    for (const waiting of [this.#current, ...this.#queue.splice(0)]) waiting?.reject(closedError());
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
      waiting.reject(new MeridianError('internal', 'The packument worker got no job.', { cause }));
      this.#next();
    }
  }

  #hire(): Worker {
    const hired = this.#start();
    hired.unref();
    hired.addEventListener('message', (event: MessageEvent<Reply>) => {
      if (hired === this.#worker) this.#finish(event.data);
    });
    for (const sign of ['error', 'messageerror', 'close']) {
      hired.addEventListener(sign, () => {
        if (hired === this.#worker) this.#replace('died');
      });
    }
    return hired;
  }

  #finish(reply: Reply): void {
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
    this.#current?.reject(new MeridianError('internal', `The packument worker ${what}.`));
    this.#current = null;
    this.#next();
  }

  #dismiss(): void {
    const dismissed = this.#worker;
    this.#worker = null;
    dismissed?.terminate();
  }
}

function startWorker(): Worker {
  return new Worker(new URL('./packument.worker.ts', import.meta.url));
}

function closedError(): MeridianError {
  return new MeridianError('draining', 'The packument worker is closed.');
}
