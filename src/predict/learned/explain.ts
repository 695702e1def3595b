/**
 * Which habits a session is made of. One client's session is of one habit mostly; of several, where many clients share an address;
 * of none, when it is the first of its kind.
 */
import type { Habit } from './habit.ts';

export interface Explained {
  readonly habits: readonly Habit[];
  /** For each name of the session the habit that explains it, as its place in `habits`. -1: none does. */
  readonly owners: Int16Array;
}

/** So much of what a habit expects has to be there. */
const leastShare = 0.5;
/** So much of it must be explained by no other: else it is a part of what the other is. */
const leastOwn = 0.25;
/** That many habits are looked at, and names that are in more habits tell none from another. */
const mostLookedAt = 24;
const mostTelling = 256;

/** Names of the session, by their numbers. -1: one that is not known. */
export type Explain = (ids: Int32Array) => Explained;

/**
 * @param habitsOf the habits that a name is a member of.
 * @param end all numbers of names are below it.
 */
export function openExplain(habitsOf: (id: number) => readonly Habit[], end: () => number): Explain {
  /** Number of a name → its place in the session, from 1. 0 between two sessions: kept, as it is large. */
  let places = new Int32Array(0);

  return (ids) => {
    if (places.length < end()) places = new Int32Array(end() * 2);
    for (const [at, id] of ids.entries()) if (id >= 0) places[id] = at + 1;
    const owners = new Int16Array(ids.length).fill(-1);
    const habits: Habit[] = [];
    for (const { habit, overlap } of candidates(ids, habitsOf, places)) {
      const own = sum(habit, (id) => places[id]! > 0 && owners[places[id]! - 1] === -1);
      if (own < leastOwn * overlap) continue;
      for (const id of habit.ids) {
        const at = places[id]! - 1;
        if (at >= 0 && owners[at] === -1) owners[at] = habits.length;
      }
      habits.push(habit);
    }
    for (const id of ids) if (id >= 0) places[id] = 0;
    return { habits, owners };
  };
}

interface Candidate {
  readonly habit: Habit;
  /** How many of the names that it expects are there. */
  readonly overlap: number;
}

/** Those that explain most first. */
function candidates(
  ids: Int32Array,
  habitsOf: (id: number) => readonly Habit[],
  places: Int32Array,
): readonly Candidate[] {
  const touched: Habit[] = [];
  for (const id of ids) {
    const having = id >= 0 ? habitsOf(id) : [];
    if (having.length > mostTelling) continue;
    for (const habit of having) {
      if (habit.mark++ === 0) touched.push(habit);
    }
  }
  touched.sort((a, b) => b.mark - a.mark || a.serial - b.serial);
  const found = touched.slice(0, mostLookedAt).flatMap((habit) => {
    const overlap = sum(habit, (id) => places[id]! > 0);
    const expected = sum(habit, () => true);
    return habit.mark >= 2 && overlap >= leastShare * expected ? [{ habit, overlap }] : [];
  });
  for (const habit of touched) habit.mark = 0;
  return found.sort((a, b) => b.overlap - a.overlap || a.habit.serial - b.habit.serial);
}

function sum(habit: Habit, counts: (id: number) => boolean): number {
  let total = 0;
  for (let at = 0; at < habit.ids.length; at++) if (counts(habit.ids[at]!)) total += habit.odds[at]!;
  return total;
}
