/** The packument worker as seen from the event loop. */
import { Thread, type ThreadOptions } from '../thread.ts';
import type { Job, JobResults } from './job.ts';

export type DeriverOptions = Partial<Omit<ThreadOptions, 'what'>>;

export class Deriver extends Thread<Job, JobResults> {
  constructor({ start = startWorker, ...options }: DeriverOptions = {}) {
    super({ what: 'packument worker', start, ...options });
  }
}

function startWorker(): Worker {
  return new Worker(new URL('./packument.worker.ts', import.meta.url));
}
