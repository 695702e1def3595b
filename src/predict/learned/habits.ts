/**
 * All habits that are known, in bounded memory. Those of which one session was seen have a quarter of it at most: so a flood of names
 * that come once and never again washes out none of what has come back.
 */
import { type Explain, type Explained, openExplain } from './explain.ts';
import { bytesOf, type Habit, mostMembers, newHabit, takeIn, weightAt } from './habit.ts';
import { openNames } from './names.ts';
import { mostInSession } from './session.ts';

export interface Habits {
  readonly count: number;
  readonly names: number;
  /** Members of all of them. */
  readonly links: number;
  readonly bytes: number;
  /** All numbers of names are below it. */
  readonly end: number;
  idOf(name: string): number;
  nameOf(id: number): string;
  /** That a name is a member of. */
  having(id: number): readonly Habit[];
  withSerial(serial: number): Habit | undefined;
  all(): Iterable<Habit>;
  /** A session is over. Returns the habits that it was of, in the order in which they began. */
  learn(session: Iterable<string>, startMs: number): readonly Habit[];
  /** One that was saved. Its members are names. */
  restore(habit: Omit<Habit, 'ids' | 'mark'>, members: readonly string[]): void;
}

/** Of a session that is mostly explained, what is not joins the habits. Of one of which more than this part is not, it makes another. */
const joins = 0.5;
/** Of one name alone nothing follows. */
const leastMembers = 2;
const shareOfOnce = 0.25;
const mostHabits = 8_192;

/** @param maxBytes of what they take by estimate. */
export function openHabits(maxBytes: number): Habits {
  const names = openNames();
  const habits = new Map<number, Habit>();
  /** By number of the name. */
  const having: Habit[][] = [];
  const explain: Explain = openExplain(
    (id) => having[id] ?? [],
    () => names.end,
  );
  let nextSerial = 0;
  let links = 0;
  let habitBytes = 0;
  /** Of those of which one session was seen, as if no other had their names. */
  let onceBytes = 0;

  const bytes = () => names.bytes + habitBytes;

  function enter(habit: Habit, id: number): void {
    having[id] ??= [];
    having[id].push(habit);
    links++;
  }

  function leave(habit: Habit, id: number): void {
    const those = having[id]!;
    those[those.indexOf(habit)] = those.at(-1)!;
    those.pop();
    links--;
    names.release(id);
  }

  /** @param sign 1 when it comes, -1 when it goes. */
  function weigh(habit: Habit, sign: 1 | -1): void {
    const size = sign * bytesOf(habit);
    habitBytes += size;
    if (habit.seen === 1)
      onceBytes += size + sign * habit.ids.reduce((sum, id) => sum + names.bytesOf(id), 0);
  }

  function put(habit: Habit): Habit {
    habits.set(habit.serial, habit);
    for (const id of habit.ids) enter(habit, id);
    weigh(habit, 1);
    return habit;
  }

  function remove(habit: Habit): void {
    habits.delete(habit.serial);
    weigh(habit, -1);
    for (const id of habit.ids) leave(habit, id);
  }

  function makeRoom(nowMs: number): void {
    while (habits.size > 0 && (bytes() > maxBytes || habits.size > mostHabits)) remove(leastWorth(nowMs));
  }

  /** Those are in the order in which they were made. */
  function leastWorth(nowMs: number): Habit {
    const isFull = onceBytes > shareOfOnce * maxBytes || habits.size > mostHabits;
    let least: Habit | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    for (const habit of habits.values()) {
      if (habit.seen === 1 && isFull) return habit;
      const weight = weightAt(habit, nowMs);
      if (weight >= lowest || habit.seen === 1) continue;
      least = habit;
      lowest = weight;
    }
    return least ?? habits.values().next().value!;
  }

  function update(habit: Habit, session: Told, newcomers: readonly number[]): void {
    const ranks = new Map<number, number>();
    const members = new Set(habit.ids);
    const room = Math.max(0, mostMembers - members.size);
    const joining = new Set(newcomers.slice(0, room).map((at) => names.hold(session.names[at]!)));
    for (const name of session.names) {
      const id = names.idOf(name);
      if (members.has(id) || joining.has(id)) ranks.set(id, ranks.size);
    }
    weigh(habit, -1);
    const gone = takeIn(habit, {
      startMs: session.startMs,
      rankOf: (id) => ranks.get(id) ?? -1,
      newcomers: [...joining].map((id) => ({ id, rank: ranks.get(id) ?? 0 })),
      nameOf: names.nameOf,
    });
    for (const id of joining) enter(habit, id);
    for (const id of gone) leave(habit, id);
    weigh(habit, 1);
  }

  return {
    get count() {
      return habits.size;
    },
    get names() {
      return names.count;
    },
    get links() {
      return links;
    },
    get bytes() {
      return bytes();
    },
    get end() {
      return names.end;
    },
    idOf: names.idOf,
    nameOf: names.nameOf,
    having: (id) => having[id] ?? [],
    withSerial: (serial) => habits.get(serial),
    all: () => habits.values(),
    learn(session, startMs) {
      const told = { names: [...session].slice(0, mostInSession), startMs };
      if (told.names.length < leastMembers) return [];
      const explained = explain(Int32Array.from(told.names, names.idOf));
      const { fresh, joining } = unexplained(explained);
      for (const [which, habit] of explained.habits.entries()) update(habit, told, joining[which] ?? []);
      const made = [...explained.habits];
      if (fresh.length >= leastMembers) {
        const ids = Uint32Array.from(fresh, (at) => names.hold(told.names[at]!));
        made.push(put(newHabit(nextSerial++, ids, startMs)));
      }
      makeRoom(startMs);
      return made.filter(({ serial }) => habits.has(serial));
    },
    restore(habit, members) {
      nextSerial = Math.max(nextSerial, habit.serial + 1);
      put({ ...habit, ids: Uint32Array.from(members, names.hold), mark: 0 });
      makeRoom(habit.lastMs);
    },
  };
}

interface Told {
  readonly names: readonly string[];
  readonly startMs: number;
}

interface Unexplained {
  /** Places in the session of those that make a habit of their own. */
  readonly fresh: readonly number[];
  /** For each habit, of those that join it. */
  readonly joining: readonly (readonly number[])[];
}

function unexplained({ habits, owners }: Explained): Unexplained {
  const rest = [...owners.keys()].filter((at) => owners[at] === -1);
  const claimed = owners.length - rest.length;
  if (rest.length > joins * claimed) {
    // What is small and everywhere explains little: the new habit has that, too.
    const sizes = habits.map((_, which) => owners.filter((owner) => owner === which).length);
    const fresh = [...owners.keys()].filter((at) => owners[at] === -1 || sizes[owners[at]!]! <= rest.length);
    return { fresh, joining: [] };
  }
  const joining: number[][] = habits.map(() => []);
  const first = owners.find((owner) => owner !== -1) ?? 0;
  for (const at of rest) {
    let before = at;
    while (before >= 0 && owners[before] === -1) before--;
    joining[before < 0 ? first : owners[before]!]!.push(at);
  }
  return { fresh: [], joining };
}
