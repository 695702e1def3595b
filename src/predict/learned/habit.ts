/**
 * A habit: what clients ask for together, again and again, such as the packages of one project. It is what is left of all sessions
 * that were like it, as odds that each name is in the next one, and about where in it.
 *
 * Takes 20 bytes for each member, beside the name.
 */

export interface Habit {
  /** Told to no other habit, ever. */
  readonly serial: number;
  /** Members, as numbers of names. */
  ids: Uint32Array<ArrayBuffer>;
  /** 0 to 1: whether a session that is of this habit asks for this member. */
  odds: Float32Array<ArrayBuffer>;
  /** How many members come before it, in the mean. */
  ranks: Float32Array<ArrayBuffer>;
  /** How many sessions were of this habit. */
  seen: number;
  /** The same, with less weight for those that are long ago, as of `lastMs`. */
  weight: number;
  lastMs: number;
  /** When the latest began: seconds since the epoch, oldest first. */
  starts: number[];
  /** By serial: whether a session is followed by one of that habit, soon, by the same client; 0 to 1. */
  readonly nexts: Map<number, number>;
  /** For whoever goes through many habits, while he does. */
  mark: number;
}

/** A session counts half as much after this long. */
const halfLifeMs = 7 * 86_400_000;
/** What a session says counts so much against all that was before, at least: so that it is soon forgotten what is asked for no more. */
const leastNews = 0.3;
/** What is less likely is no member any more. */
const leastOdds = 0.04;
export const mostMembers = 4_096;
const mostStarts = 128;
const mostNexts = 8;
/** Two sessions that begin within so many seconds are one beginning. */
const sameStartS = 60;
/** Beside the members. */
const overheadBytes = 1_600;
const memberBytes = 20;

export function bytesOf(habit: Habit): number {
  return overheadBytes + habit.ids.length * memberBytes;
}

/** What it has taken in as of now. */
export function weightAt({ weight, lastMs }: Habit, nowMs: number): number {
  return weight * 2 ** (-Math.max(0, nowMs - lastMs) / halfLifeMs);
}

export function newHabit(serial: number, ids: Uint32Array<ArrayBuffer>, startMs: number): Habit {
  return {
    serial,
    ids,
    odds: new Float32Array(ids.length).fill(1),
    ranks: Float32Array.from(ids, (_, at) => at),
    seen: 1,
    weight: 1,
    lastMs: startMs,
    starts: [Math.floor(startMs / 1000)],
    nexts: new Map(),
    mark: 0,
  };
}

/** What of a session concerns one habit. */
export interface Seen {
  readonly startMs: number;
  /** Number of a name → how many of the habit's came before it in the session. -1: it did not come. */
  rankOf(id: number): number;
  /** Those that are no members yet. */
  readonly newcomers: readonly { readonly id: number; readonly rank: number }[];
  nameOf(id: number): string;
}

/** Takes in one more session. Returns the members that are none any more. */
export function takeIn(habit: Habit, seen: Seen): readonly number[] {
  habit.weight = weightAt(habit, seen.startMs) + 1;
  habit.seen++;
  habit.lastMs = Math.max(habit.lastMs, seen.startMs);
  noteStart(habit, seen.startMs);
  const news = newsOf(habit);
  for (const [serial, odds] of habit.nexts) habit.nexts.set(serial, odds * (1 - news));
  const followed = successors(habit, seen);
  const { ids, odds, ranks } = habit;
  const kept: Member[] = [];
  const gone: number[] = [];
  for (const [at, id] of ids.entries()) {
    const rank = seen.rankOf(id);
    const next = rank >= 0 ? odds[at]! + news * (1 - odds[at]!) : odds[at]! * (1 - news);
    const left = followed.has(id) ? next * leastNews : next;
    if (left < leastOdds) gone.push(id);
    else
      kept.push({ id, odds: left, rank: rank >= 0 ? ranks[at]! + news * (rank - ranks[at]!) : ranks[at]! });
  }
  const before = new Map([...followed].map(([id, newcomer]) => [newcomer, odds[ids.indexOf(id)]!]));
  for (const { id, rank } of seen.newcomers)
    kept.push({ id, rank, odds: Math.max(news, before.get(id) ?? 0) });
  setMembers(habit, kept);
  return gone;
}

interface Member {
  readonly id: number;
  readonly odds: number;
  readonly rank: number;
}

function setMembers(habit: Habit, members: readonly Member[]): void {
  habit.ids = Uint32Array.from(members, ({ id }) => id);
  habit.odds = Float32Array.from(members, ({ odds }) => odds);
  habit.ranks = Float32Array.from(members, ({ rank }) => rank);
}

/**
 * A member that did not come → the newcomer that is called the same but for numbers, as another version of a package is: it takes the
 * place of the first.
 */
function successors(habit: Habit, { rankOf, newcomers, nameOf }: Seen): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  if (newcomers.length === 0) return found;
  const stems = new Map(newcomers.map(({ id }) => [stemOf(nameOf(id)), id]));
  for (const id of habit.ids) {
    const newcomer = rankOf(id) >= 0 ? undefined : stems.get(stemOf(nameOf(id)));
    if (newcomer !== undefined) found.set(id, newcomer);
  }
  return found;
}

function stemOf(name: string): string {
  return name.replace(/[0-9]+/g, '#');
}

function noteStart(habit: Habit, startMs: number): void {
  const atS = Math.floor(startMs / 1000);
  const { starts } = habit;
  if (atS - (starts.at(-1) ?? 0) < sameStartS) return;
  starts.push(atS);
  if (starts.length > mostStarts) starts.shift();
}

/** The session that was taken in last was followed by one of that habit. */
export function noteNext(habit: Habit, next: number): void {
  const { nexts } = habit;
  nexts.set(next, Math.min(1, (nexts.get(next) ?? 0) + newsOf(habit)));
  if (nexts.size <= mostNexts) return;
  const [least] = [...nexts].sort(([, a], [, b]) => a - b)[0]!;
  nexts.delete(least);
}

function newsOf({ weight }: Habit): number {
  return Math.max(1 / weight, leastNews);
}
