/** The member of lowest rank, in O(log n). Members know their place, so that any of them can be taken out. */

interface Ranked {
  rank: number;
  place: number;
}

export interface Heap<Kept extends Ranked> {
  readonly top: Kept | null;
  readonly size: number;
  push(member: Kept): void;
  remove(member: Kept): void;
  /** Its rank has changed. */
  moved(member: Kept): void;
}

export function heap<Kept extends Ranked>(): Heap<Kept> {
  const members: Kept[] = [];

  function put(member: Kept, at: number): void {
    members[at] = member;
    member.place = at;
  }

  function up(member: Kept): void {
    let at = member.place;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = members[above];
      if (!parent || parent.rank <= member.rank) break;
      put(parent, at);
      at = above;
    }
    put(member, at);
  }

  function down(member: Kept): void {
    let at = member.place;
    for (;;) {
      const below = 2 * at + 1;
      const left = members[below];
      const right = members[below + 1];
      const least = right && left && right.rank < left.rank ? right : left;
      if (!least || least.rank >= member.rank) break;
      const next = least.place;
      put(least, at);
      at = next;
    }
    put(member, at);
  }

  function moved(member: Kept): void {
    up(member);
    down(member);
  }

  return {
    get top() {
      return members[0] ?? null;
    },
    get size() {
      return members.length;
    },
    push(member) {
      put(member, members.length);
      up(member);
    },
    moved,
    remove(member) {
      const last = members.pop();
      if (!last || last === member) return;
      put(last, member.place);
      moved(last);
    },
  };
}
