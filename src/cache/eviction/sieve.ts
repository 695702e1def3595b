/**
 * SIEVE: which entry to drop when memory is full. One queue in order of arrival and a hand that walks it
 * from the oldest to the newest: an entry that was used since the hand last passed is spared once, the
 * first that was not is dropped. A hit only sets a flag, so the hit path moves nothing.
 *
 * Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
 */

/** The links that a member carries for the queue. A member belongs to one queue at a time. */
export interface Queued {
  /** Set by whoever serves the member. */
  visited: boolean;
  older: this | null;
  newer: this | null;
}

export interface Sieve<Member extends Queued> {
  add(member: Member): void;
  remove(member: Member): void;
  /** The member to drop next, or `null` when the queue is empty. It stays queued until it is removed. */
  victim(): Member | null;
}

export function sieve<Member extends Queued>(): Sieve<Member> {
  let newest: Member | null = null;
  let oldest: Member | null = null;
  let hand: Member | null = null;

  return {
    add(member) {
      member.visited = false;
      member.newer = null;
      member.older = newest;
      if (newest) newest.newer = member;
      else oldest = member;
      newest = member;
    },

    remove(member) {
      if (hand === member) hand = member.newer;
      if (member.older) member.older.newer = member.newer;
      else oldest = member.newer;
      if (member.newer) member.newer.older = member.older;
      else newest = member.older;
      member.older = null;
      member.newer = null;
    },

    victim() {
      let member = hand ?? oldest;
      // Ends within two rounds: the first clears every flag that it meets.
      while (member?.visited) {
        member.visited = false;
        member = member.newer ?? oldest;
      }
      hand = member;
      return member;
    },
  };
}
