/**
 * Which response to drop when memory is full: the one whose past uses are worth least for the room that it takes.
 *
 * - **Merit** is uses times what a use is worth per byte of room. A hit saves a fixed cost (a trip to disk or to a
 *   parent) and a cost per byte, so that a small response earns more for its room than a large one, but a large
 *   one never next to nothing, as in GDSF, which would give all bytes away for objects.
 * - **Merit fades.** A rank is merit on top of the rank of what was dropped last; so what is no longer used is
 *   overtaken by what comes, without anything being counted down.
 * - **A newcomer has to show itself**: it counts for a fraction of a use. A crawler that walks through everything
 *   once displaces other newcomers, and not what is in use. What comes back soon after it was dropped is known
 *   again (`ghosts.ts`) and gets its count back.
 *
 * A heap has the lowest rank on top. Uses are counted on the member and looked at only when it gets there: then
 * it is ranked again, instead of dropped. So a hit costs an increment; keeping and dropping O(log n).
 *
 * Measured against other policies in docs/decisions/0005-eviction.md. Grown from GDSF (Cherkasova 1998), with
 * ghosts as in ARC and S3-FIFO, and use marks as in CLOCK and SIEVE.
 */
import { ghosts } from './ghosts.ts';
import { heap } from './heap.ts';
import { type Member, maxUses, type Policy } from './policy.ts';

/** What a response counts for that was never served since it came. */
const newcomer = 0.15;
/** The fixed cost of a miss, as the cost of so many bytes: this many times the mean size of what is kept. */
const fixedCostSizes = 1.5;
/** How much more a frequent use is worth: merit goes with this power of the count. */
const frequencyPower = 1.3;
/** Names remembered for each member. More would know everything again, and so tell nothing. */
const ghostsPerMember = 0.5;
/** Members ranked again in search of one to drop. Then whatever is on top has to go: nobody waits for a tidy heap. */
const looksPerDrop = 16;

export function merit<Kept extends Member>(): Policy<Kept> {
  const byRank = heap<Kept>();
  const dropped = ghosts();
  let bytes = 0;
  /** The rank of what was dropped last. It only rises, by less than 10^6 at a time: a double holds that for ages. */
  let base = 0;

  function rankOf(member: Kept): number {
    const fixedCost = (fixedCostSizes * bytes) / (byRank.size || 1);
    return base + worth[member.served]! * (1 + fixedCost / member.costBytes);
  }

  function remove(member: Kept): void {
    byRank.remove(member);
    bytes -= member.costBytes;
  }

  return {
    add(member, former) {
      const known = former ? former.served + former.uses : dropped.recall(member.mark);
      member.served = known === null ? 0 : Math.min(maxUses, known + 1);
      byRank.push(member, rankOf(member));
      bytes += member.costBytes;
      dropped.resize(byRank.size * ghostsPerMember);
    },

    remove,

    evict() {
      let least = byRank.top;
      for (let looks = 0; least && least.uses > 0 && looks < looksPerDrop; looks++) {
        least.served = Math.min(maxUses, least.served + least.uses);
        least.uses = 0;
        byRank.move(least, rankOf(least));
        least = byRank.top;
      }
      if (!least) return null;
      base = Math.max(base, byRank.topRank);
      remove(least);
      dropped.remember(least.mark, least.served);
      return least;
    },

    get ownBytes() {
      return dropped.bytes + byRank.bytes;
    },
  };
}

/** By count, so that no power is computed for each. */
const worth = Float64Array.from({ length: maxUses + 1 }, (_, uses) =>
  uses === 0 ? newcomer : uses ** frequencyPower,
);
