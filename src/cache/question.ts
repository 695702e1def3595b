/**
 * The question that a request puts to the cache.
 */
import type { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Outcome } from '../outcome.ts';
import type { Parent } from '../parent.ts';
import type { Resource } from '../resource.ts';
import type { InHand } from './arrivals.ts';

/** What a request wants, for whom, and whom to ask. */
export interface Question {
  readonly resource: Resource;
  readonly exchange: Exchange;
  readonly parent: Parent;
  /** The client wants an answer that has been confirmed just now. */
  readonly reload: boolean;
  /**
   * What is stored will not do, either, until the parent has confirmed it, because the tier that asks knows of purges that
   * this one has not heard of: which, as text; `null` when it does not.
   */
  readonly confirm: string | null;
  /** Only the head of the answer is wanted (HEAD). */
  readonly bodiless: boolean;
  /** The request bears credentials or cookies, on which the answer may depend. */
  readonly personal: boolean;
  /** Whether what was found stored may still be used if nothing else comes; `null` when nothing was found. */
  readonly inHand: InHand | null;
  /** How the look-up ended, should the parent send a new response. */
  readonly outcome: Outcome;
}

/** Why there is no new response: an error, or a status of the parent that stands for one. */
export interface Failure {
  readonly error: MeridianError;
  readonly status?: number;
}
