/**
 * Which member of a group keeps what: a consistent-hash ring. Every member stands at many places of a circle of 2^64
 * positions; a key belongs to the member at the next place after its own position. So a member that comes takes its part
 * from all others, one that leaves gives its part to all others, and nothing else moves.
 *
 * Bounded: where chance gives a member more than `maxLoad` times its due, the surplus goes to the next member that has
 * room (consistent hashing with bounded loads, Mirrokni, Thorup and Zadimoghaddam 2016; here the load is the part of the
 * circle, which every process works out alike without asking anybody).
 */

export interface RingMember {
  /** Decides where the member stands: the same in every process. */
  readonly name: string;
  /** How much it takes compared to a member of capacity 1. */
  readonly capacity: number;
}

export interface RingOptions {
  /** Places of a member of capacity 1: 160 unless said. More spread the load better, and take longer to build. */
  readonly virtualNodes?: number;
  /** No member gets more than this times its due: 1.25 unless said. At least 1. */
  readonly maxLoad?: number;
}

export interface Ring {
  /** The member that keeps this key, as its place in the list of members. */
  ownerOf(key: string): number;
  /** The first `count` different members to ask for this key, its owner first; all of them when there are fewer. */
  ownersOf(key: string, count: number): readonly number[];
  /** The part of the circle that each member has, 0 to 1. */
  readonly shares: readonly number[];
}

const circle = 2 ** 64;

/** Fails with a `RangeError` without members, or with a capacity that is not positive. */
export function ring(
  members: readonly RingMember[],
  { virtualNodes = 160, maxLoad = 1.25 }: RingOptions = {},
): Ring {
  if (members.length === 0 || members.some(({ capacity }) => !(capacity > 0)))
    throw new RangeError('a ring needs members, each with a capacity above 0');
  const places = placesOf(members, virtualNodes);
  const positions = Float64Array.from(places, ({ position }) => position);
  const standing = Uint16Array.from(places, ({ member }) => member);
  const { owners, loads } = bounded(positions, standing, members, Math.max(maxLoad, 1));

  return {
    ownerOf: (key) => owners[next(positions, positionOf(key))] ?? 0,
    ownersOf(key, count) {
      const from = next(positions, positionOf(key));
      const found = [owners[from] ?? 0];
      const wanted = Math.min(count, members.length);
      for (let step = 0; step < places.length && found.length < wanted; step++) {
        const member = standing[(from + step) % places.length] ?? 0;
        if (!found.includes(member)) found.push(member);
      }
      return found.slice(0, count);
    },
    shares: loads.map((load) => load / circle),
  };
}

/** As a double: of 64 bits the upper 53 count. Rounding keeps the order, and doubles compare faster than bigints. */
function positionOf(text: string): number {
  return Number(Bun.hash.xxHash64(text));
}

interface Place {
  readonly position: number;
  readonly member: number;
}

function placesOf(members: readonly RingMember[], virtualNodes: number): Place[] {
  const places = members.flatMap(({ name, capacity }, member) => {
    const count = Math.max(1, Math.round(virtualNodes * capacity));
    return Array.from({ length: count }, (_, at) => ({ position: positionOf(`${name}#${at}`), member }));
  });
  const nameOf = ({ member }: Place) => members[member]?.name ?? '';
  return places.sort((a, b) => a.position - b.position || (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** The place at this position, or the next one after it; after the last comes the first. */
function next(positions: Float64Array, position: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low === positions.length ? 0 : low;
}

/** Who has the arc before each place, so that nobody has more than `maxLoad` times his due. */
function bounded(
  positions: Float64Array,
  standing: Uint16Array,
  members: readonly RingMember[],
  maxLoad: number,
): { readonly owners: Uint16Array; readonly loads: readonly number[] } {
  const owners = Uint16Array.from(standing);
  const loads: number[] = members.map(() => 0);
  const capacity = members.reduce((sum, member) => sum + member.capacity, 0);
  const bounds = members.map((member) => (maxLoad * circle * member.capacity) / capacity);
  const arc = (at: number) =>
    (positions[at] ?? 0) - (at === 0 ? (positions.at(-1) ?? 0) - circle : (positions[at - 1] ?? 0));
  const add = (member: number, size: number) => {
    loads[member] = (loads[member] ?? 0) + size;
  };
  const room = (member: number) => (bounds[member] ?? 0) - (loads[member] ?? 0);

  for (const [at, member] of standing.entries()) add(member, arc(at));
  // Whoever has too much gives up what lies last on the circle, until it is not too much.
  const surplus: number[] = [];
  for (let at = standing.length - 1; at >= 0; at--) {
    const member = standing[at] ?? 0;
    if (room(member) >= 0) continue;
    add(member, -arc(at));
    surplus.push(at);
  }
  for (const at of surplus) {
    const own = standing[at] ?? 0;
    let taker = own;
    for (let step = 1; step < standing.length && taker === own; step++) {
      const member = standing[(at + step) % standing.length] ?? 0;
      if (member !== own && room(member) >= arc(at)) taker = member;
    }
    owners[at] = taker;
    add(taker, arc(at));
  }
  return { owners, loads };
}
