/** Parses files of advisories away from the event loop: a batch has four megabytes. Started by `osv-thread.ts`; one job at a time. */
import { parentPort } from 'node:worker_threads';
import type { ThreadReply, ThreadRequest } from '../../thread.ts';
import { type FeedPart, readFeed } from './feed-job.ts';
import { NotOsv, readOsv } from './osv.ts';
import type { OsvJob } from './osv-thread.ts';

parentPort?.on('message', ({ id, job }: ThreadRequest<OsvJob>) => {
  parentPort?.postMessage(replyTo(id, job));
});

function replyTo(id: number, { files, ecosystem }: OsvJob): ThreadReply<FeedPart> {
  try {
    return { id, result: readFeed(files, (text) => readOsv(text, ecosystem)) };
  } catch (thrown) {
    if (thrown instanceof NotOsv) return { id, error: { code: 'policy-unready', detail: thrown.message } };
    return { id, error: { code: 'internal', detail: `The worker for advisories failed: ${String(thrown)}` } };
  }
}
