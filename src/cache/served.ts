/**
 * What the cache hands back for a request: how it was found, and where its head and bytes are.
 */
import type { Answer } from '../entry.ts';
import type { Outcome } from '../outcome.ts';
import type { FieldList } from '../resource.ts';
import type { Fill } from './fill.ts';
import type { Resident } from './memory.ts';
import type { Stored } from './store.ts';

/** What is known of the way to the parent, for `Cache-Status` and `Server-Timing`. */
export interface Forwarding {
  /** The parent's status. */
  readonly status?: number | undefined;
  /** The request waited for another one's answer. */
  readonly collapsed?: boolean;
  /** The response is being stored. */
  readonly stored?: boolean;
  /** Why it is not stored, or what failed. */
  readonly detail?: string | undefined;
  /** Fields that are not stored, for the one who asked alone. */
  readonly own?: FieldList | undefined;
  /** The parent's own account of the way beyond it. */
  readonly cacheStatus?: string | null;
  readonly serverTiming?: string | null;
}

/** A response to send. */
export interface Served {
  readonly outcome: Outcome;
  readonly source:
    | Stored
    | { readonly from: 'fill'; readonly fill: Fill }
    | { readonly from: 'parent'; readonly answer: Answer };
  readonly forwarding: Forwarding | null;
}

/** What a look-up in memory found: something fresh, something stale, or nothing. */
export type Found =
  | { readonly outcome: 'hit'; readonly resident: Resident }
  | { readonly outcome: 'miss'; readonly resident: Resident | null };
