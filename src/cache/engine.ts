/**
 * The cache's working parts.
 */
import type { Clock } from '../clock.ts';
import type { MeridianError } from '../errors.ts';
import type { Budget } from './budget.ts';
import type { Demand } from './demand.ts';
import type { Equivalents } from './equivalents.ts';
import type { Flights } from './flights.ts';
import type { Failure } from './question.ts';
import type { Notes } from './remember.ts';
import type { Store } from './store.ts';

/** In bytes. */
export interface SliceSizes {
  /** A range of an object that is larger does not bring in the whole. */
  readonly fromBytes: number;
  readonly bytes: number;
}

/** What an operator may set. */
export interface Tuning {
  /** How long a request waits for the first byte of another one's answer before it asks by itself. */
  readonly lockMs: number;
  /** Requests to the parent under way, with the fills that came of them. */
  readonly maxFills: number;
  /** A fill that nobody follows any more goes on when no more bytes than this are left … */
  readonly finishBytes: number;
  /** … or so many requests asked for it lately. */
  readonly finishRequests: number;
  /** How long what nobody asks for stays on disk, in ms by route; other routes' stays as long as there is room. */
  readonly keepUnusedMs?: ReadonlyMap<string, number>;
}

export interface Engine {
  readonly clock: Clock;
  readonly store: Store;
  readonly flights: Flights;
  /** Keys (see `kin.ts`) whose answers could not be shared: nobody waits for anybody there. */
  readonly uncollapsible: Notes<true>;
  /** The same, of which nothing could be kept in parts: their ranges are asked for as the clients do. */
  readonly unsliceable: Notes<true>;
  /** Keys whose parent has just failed. */
  readonly failing: Notes<Failure>;
  /** Keys whose bytes were not what their digest promised. */
  readonly refused: Notes<MeridianError>;
  /** The request fields that select among a key's variants. */
  readonly vary: Notes<readonly string[]>;
  /** What `No-Vary-Search` has told of a path's addresses. */
  readonly equivalents: Equivalents;
  /** Memory for bodies on their way. */
  readonly budget: Budget;
  /** When large objects are fetched in slices. */
  slices: SliceSizes;
  readonly demand: Demand;
  /** Replaced when the node's config is. */
  tuning: Tuning;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  /** Told how each request to the parent ended. */
  readonly ended: (ended: Ended) => void;
}

/** See `telemetry/metrics/work.ts`. */
export interface Ended {
  /** The first word of the key. */
  readonly route: string;
  readonly end: 'stored' | 'confirmed' | 'unshared' | 'unkept' | 'refused' | 'failed';
  readonly durationMs: number;
  /** Of the body, as far as it came. */
  readonly bytes: number;
}
