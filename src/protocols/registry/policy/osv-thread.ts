/** The worker for advisories as seen from the event loop. It is there only while a feed is read. */
import type { Clock } from '../../../clock.ts';
import { Thread } from '../../thread.ts';
import type { FeedFile, FeedPart } from './feed-job.ts';

export interface OsvJob {
  readonly task: 'feed';
  readonly files: readonly FeedFile[];
  /** As records call it: `PyPI`. */
  readonly ecosystem: string;
}

export function openOsvThread(clock: Clock): Thread<OsvJob, { readonly feed: FeedPart }> {
  const start = () => new Worker(new URL('./osv.worker.ts', import.meta.url));
  return new Thread({ what: 'worker for advisories', start, clock });
}
