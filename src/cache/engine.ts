/**
 * The cache's working parts, and the question that a request puts to them.
 */
import type { Clock } from '../clock.ts';
import type { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Outcome } from '../outcome.ts';
import type { Parent } from '../parent.ts';
import type { Resource } from '../resource.ts';
import type { Budget } from './budget.ts';
import type { Flights } from './flights.ts';
import type { Notes } from './remember.ts';
import type { Store } from './store.ts';

export interface Engine {
  readonly clock: Clock;
  readonly store: Store;
  readonly flights: Flights;
  /** Keys (see `kin.ts`) whose answers could not be shared: nobody waits for anybody there. */
  readonly uncollapsible: Notes<true>;
  /** Keys whose parent has just failed. */
  readonly failing: Notes<Failure>;
  /** Keys whose bytes were not what their digest promised. */
  readonly refused: Notes<MeridianError>;
  /** The request fields that select among a key's variants. */
  readonly vary: Notes<readonly string[]>;
  /** Memory for bodies on their way. */
  readonly budget: Budget;
  readonly maxFills: number;
  /** How long a request waits for another one's answer before it asks by itself. */
  readonly lockMs: number;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

/** What a request wants, for whom, and whom to ask. */
export interface Question {
  readonly resource: Resource;
  readonly exchange: Exchange;
  readonly parent: Parent;
  /** The client wants an answer that has been confirmed just now. */
  readonly reload: boolean;
  /** The request bears credentials or cookies, on which the answer may depend. */
  readonly personal: boolean;
  /** How the look-up ended, should the parent send a new response. */
  readonly outcome: Outcome;
}

/** Why there is no new response: an error, or a status of the parent that stands for one. */
export interface Failure {
  readonly error: MeridianError;
  readonly status?: number;
}
