/**
 * Who is a member of a ring, as one of its members sees it. Those of its own node always are. Others are expected, because the
 * config names their nodes, or make themselves known; they are members until they say that they leave, or have given no sign
 * of life for too long. Whoever merely restarts stays a member: it is passed over, and its keys stay its own.
 *
 * Two members may see this differently for a moment. Nothing breaks: whoever is asked answers.
 */
import type { Clock } from '../clock.ts';
import type { Peer } from './peers.ts';
import type { RingMember } from './ring.ts';

export interface Member extends Peer, RingMember {}

export interface Membership {
  /** By name. */
  readonly members: readonly Member[];
  /** Of other nodes: all that there is reason to look for, members or not. */
  readonly others: readonly Member[];
  /** Those that the config speaks of, from now on. */
  expect(members: readonly Member[]): void;
  /** A member has made itself known. `beat`: what changes each time that it does. */
  announced(member: Member, beat: number): void;
  /** It has said that it leaves, or was found gone by somebody else. */
  left(name: string): void;
  /** It has given a sign of life. */
  lives(name: string): void;
  /** Looks who has been silent for too long. Gives those that were known by their own word alone, and now are forgotten. */
  look(): readonly string[];
}

export interface MembershipOptions {
  /** Of one's own node. */
  readonly own: readonly Member[];
  readonly goneMs: number;
  readonly clock: Clock;
  /** The members are others than before. */
  readonly changed: () => void;
}

interface Known {
  member: Member;
  isExpected: boolean;
  /** Of what it has said last itself; `null`: nothing yet. */
  beat: number | null;
  /** `elapsed` of its last sign of life, or of when it became known. */
  signMs: number;
  hasLeft: boolean;
}

export function membership({ own, goneMs, clock, changed }: MembershipOptions): Membership {
  const known = new Map<string, Known>();
  const ownNames = new Set(own.map(({ name }) => name));
  let members = current();

  function current(): readonly Member[] {
    const oldestMs = clock.elapsed() - goneMs;
    const others = [...known.values()].filter(({ hasLeft, signMs }) => !hasLeft && signMs > oldestMs);
    return [...own, ...others.map(({ member }) => member)].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  function update(): void {
    const next = current();
    const isSame = next.length === members.length && next.every((member, at) => alike(member, members[at]));
    if (isSame) return;
    members = next;
    changed();
  }

  function noteOf(member: Member): Known {
    const note = known.get(member.name);
    if (note !== undefined) return note;
    const signMs = clock.elapsed();
    const made: Known = { member, isExpected: false, beat: null, signMs, hasLeft: false };
    known.set(member.name, made);
    return made;
  }

  return {
    get members() {
      return members;
    },
    get others() {
      return [...known.values()].map(({ member }) => member);
    },
    expect(expected) {
      for (const note of known.values()) note.isExpected = false;
      for (const member of expected) {
        if (ownNames.has(member.name)) continue;
        const note = noteOf(member);
        note.isExpected = true;
        if (note.beat === null) note.member = member;
      }
      for (const [name, { isExpected, beat }] of known) if (!isExpected && beat === null) known.delete(name);
      update();
    },
    announced(member, beat) {
      if (ownNames.has(member.name)) return;
      const note = noteOf(member);
      // What was written down may be old: only what changes is a sign of life.
      if (note.beat !== null && note.beat !== beat) note.signMs = clock.elapsed();
      if (note.beat !== beat) note.hasLeft = false;
      note.beat = beat;
      note.member = member;
      update();
    },
    left(name) {
      const note = known.get(name);
      if (note === undefined) return;
      note.hasLeft = true;
      if (!note.isExpected) known.delete(name);
      update();
    },
    lives(name) {
      const note = known.get(name);
      if (note === undefined) return;
      note.signMs = clock.elapsed();
      note.hasLeft = false;
      update();
    },
    look() {
      const oldestMs = clock.elapsed() - goneMs;
      const gone = [...known].filter(([, { signMs, beat }]) => signMs <= oldestMs && beat !== null);
      for (const [name, note] of gone) {
        if (!note.isExpected) known.delete(name);
        note.beat = null;
      }
      update();
      return gone.map(([name]) => name);
    },
  };
}

function alike(one: Member, other: Member | undefined): boolean {
  return one.name === other?.name && one.address === other.address && one.capacity === other.capacity;
}
