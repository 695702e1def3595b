/**
 * How a look-up ended, as one table: the type, the `Cache-Status` text (RFC 9211), the metric label
 * and the documentation come from the same row.
 */

/** Why a request went forward (RFC 9211 §2.2), or `null` for one that was answered from store. */
export type Forward =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial'
  | null;

export interface OutcomeRow {
  /** `hit` parameter: answered from store without going forward. */
  readonly hit: boolean;
  readonly forward: Forward;
  /** `detail` parameter, where the standard ones do not say it all. */
  readonly detail?: string;
  readonly meaning: string;
}

export const outcomes = {
  hit: { hit: true, forward: null, detail: 'memory', meaning: 'Fresh in memory.' },
  'hit-replica': {
    hit: true,
    forward: null,
    detail: 'replica',
    meaning: 'Fresh in memory, as a copy of what another worker keeps: it is asked for often.',
  },
  'hit-disk': { hit: true, forward: null, detail: 'disk', meaning: 'Fresh on disk.' },
  'hit-stale': {
    hit: true,
    forward: null,
    detail: 'stale-while-revalidate',
    meaning: 'Stale, served at once while one request revalidates it in the background (RFC 5861 §3).',
  },
  'hit-tolerated': {
    hit: true,
    forward: null,
    detail: 'max-stale',
    meaning: 'Stale, and the request accepts that (RFC 9111 §5.2.1.2).',
  },
  answer: { hit: false, forward: null, meaning: 'Answered by the node itself, without any cache.' },
  miss: { hit: false, forward: 'uri-miss', meaning: 'Nothing stored under this key.' },
  'vary-miss': {
    hit: false,
    forward: 'vary-miss',
    meaning: 'Stored, but not for these request fields (Vary).',
  },
  partial: {
    hit: false,
    forward: 'partial',
    meaning: 'Stored in part: what was missing of the bytes asked for came from the parent.',
  },
  expired: { hit: false, forward: 'stale', meaning: 'Stored but stale: the parent sent a new response.' },
  revalidated: { hit: false, forward: 'stale', meaning: 'Stored but stale: the parent confirmed it (304).' },
  'stale-on-error': {
    hit: false,
    forward: 'stale',
    detail: 'stale-if-error',
    meaning: 'Stored but stale, and the parent failed: served stale rather than not at all (RFC 5861 §4).',
  },
  reload: {
    hit: false,
    forward: 'request',
    meaning: 'The request asked for revalidation (Cache-Control, Pragma).',
  },
  relayed: {
    hit: false,
    forward: 'miss',
    detail: 'owner',
    meaning: 'Not in the memory of this worker: the worker that keeps it has answered. Recorded there.',
  },
  'relayed-to-replica': {
    hit: false,
    forward: 'miss',
    detail: 'replica',
    meaning: 'Not in the memory of this worker: one that keeps a copy has answered. Recorded there.',
  },
  absent: {
    hit: false,
    forward: null,
    detail: 'not-stored',
    meaning: 'A sibling asked for what is stored here, and it is not: nobody was asked for it.',
  },
  bypass: { hit: false, forward: 'bypass', meaning: 'The protocol or the route never stores this.' },
  method: { hit: false, forward: 'method', meaning: 'The method cannot be answered from store.' },
  error: { hit: false, forward: 'miss', meaning: 'The parent failed and nothing stored could stand in.' },
} as const satisfies Record<string, OutcomeRow>;

export type Outcome = keyof typeof outcomes;
