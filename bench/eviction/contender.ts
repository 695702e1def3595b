/** What takes part in a replay: a policy as memory has it, or one that wants to hear of every use. */
import type { Member, Policy } from '../../src/cache/eviction/policy.ts';

/** Something kept, in a replay: what a resident is in memory, without the response. */
export interface Piece extends Member {
  readonly object: number;
  /** Request in which the same content is asked for next: only the bounds look at it. */
  nextUse: number;
  older: Piece | null;
  newer: Piece | null;
}

export interface Contender extends Policy<Piece> {
  /** A hit. What the node uses does without: see `Member.uses`. */
  used?(piece: Piece): void;
  /** A reference, not a policy: it may look at `nextUse`, and turn away what comes. */
  readonly seesFuture?: true;
}

export interface ContenderRow {
  readonly name: string;
  readonly label: string;
  make(limitBytes: number): Contender;
}
