/**
 * What memory asks of an eviction policy: it is told what comes and what goes, and says what has to make room.
 *
 * Of a hit it is told nothing. Whoever serves a member counts that on the member (`uses`), and the policy reads
 * the count when it looks for room: so a hit costs one increment, and moves and allocates nothing.
 */

/** What a policy knows of something that is kept. It belongs to one policy at a time. */
export interface Member {
  /** What it takes of the limit. */
  readonly costBytes: number;
  /** A hash of its name, 32 bits: by it a policy knows again what it had to drop. */
  readonly mark: number;
  /** How often it was served since the policy last looked, at most `maxUses`: see `countUse`. */
  uses: number;
  /** The policy's own: uses that it has taken into account, and where it has put the member. */
  served: number;
  place: number;
}

/** More uses than this tell nothing new, and a former favourite would take too long to be forgotten. */
export const maxUses = 31;

/** The only thing that a hit does for eviction. */
export function countUse(member: Member): void {
  if (member.uses < maxUses) member.uses++;
}

export interface Policy<Kept extends Member> {
  /** @param former what stood under the same name until now, and has been removed: its uses still count. */
  add(member: Kept, former: Kept | null): void;
  /** It went for a reason of its own (purged, replaced), which says nothing against its name. */
  remove(member: Kept): void;
  /**
   * Takes out what is worth least, the newest not excepted. `null` when there is nothing.
   *
   * @param coming what room is made for, if anything in particular.
   */
  evict(coming?: Kept): Kept | null;
  /** What the policy takes beside its members. Bounded, whatever comes. */
  readonly ownBytes: number;
}
