/** What every driver is given. */
import type { Clock } from '../clock.ts';
import type { BusLog } from './tell.ts';

export interface BusDependencies {
  readonly clock: Clock;
  readonly log: BusLog;
  /** Names this node to the others; no other may have the same. */
  readonly publisher: string;
}

/** How much of a subject's log is kept. */
export interface Retention {
  /** Events. */
  readonly events: number;
  /** Older ones are dropped. */
  readonly ageMs: number;
}
