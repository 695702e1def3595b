/**
 * What follows, by the habits: which of them a client is about, by what he has asked for, and what else is in those; then what the
 * sessions after that are about.
 */
import { type Habit, weightAt } from './habit.ts';
import type { Habits } from './habits.ts';
import { dueWithin } from './rhythm.ts';
import type { Session } from './session.ts';

export interface Likely {
  readonly name: string;
  /** 0 to 1. */
  readonly likelihood: number;
}

export interface Followers {
  /**
   * Nothing, where all of it has been said in that session before.
   *
   * @param session of the client who asks: tells habits apart that have the name in common. What he has had is left out.
   */
  after(name: string, nowMs: number, session: Session | null): readonly Likely[];
  due(nowMs: number, withinMs: number): readonly Likely[];
}

/** So many sessions of no habit that is known are taken to have had the name. */
const unknownWeight = 0.5;
/** A habit that lacks what the client asked for just before is so much less likely. */
const lackingFactor = 0.35;
const mostHabits = 16;
/** What comes after a habit is looked at if it is as likely as this. */
const leastNext = 0.3;
const leastLikelihood = 0.05;
const mostLikely = 4_096;
/** A client asks for so many things at once, in no order that can be told. Of a long session, for this part of it. */
const togetherCount = 32;
const togetherShare = 0.15;
/** Further away than any member of a habit. */
const nextHabit = 1e5;
/** What is so much likelier than when it was told is told again. */
const newsFactor = 1.1;
/** And what was dropped meanwhile may be wanted all the same: all of it is told once more when the session is longer by so many names, and this part. */
const againCount = 16;
const againShare = 0.5;
const nothing: ReadonlySet<string> = new Set();

interface About {
  readonly habit: Habit;
  readonly likelihood: number;
  /** Members that come before it have been asked for. */
  readonly fromRank: number;
  /** Of its first member, from now. */
  readonly distance: number;
}

export function openFollowers(habits: Habits): Followers {
  /** By number of the name; 0 between two questions. */
  let odds = new Float32Array(0);
  let distances = new Float32Array(0);

  function about(name: string, nowMs: number, latest: readonly string[]): readonly About[] {
    const id = habits.idOf(name);
    const having = id === -1 ? [] : habits.having(id);
    if (having.length === 0) return [];
    const others = latest.filter((each) => each !== name).map(habits.idOf);
    for (const other of others) {
      if (other === -1) continue;
      for (const habit of habits.having(other)) habit.mark++;
    }
    const most = having.reduce((sofar, { mark }) => Math.max(sofar, mark), 0);
    const weighed = having.map((habit) => {
      const at = habit.ids.indexOf(id);
      const weight = weightAt(habit, nowMs) * habit.odds[at]! * lackingFactor ** (most - habit.mark);
      return { habit, weight, rank: habit.ranks[at]! };
    });
    for (const other of others) {
      if (other === -1) continue;
      for (const habit of habits.having(other)) habit.mark = 0;
    }
    const total = weighed.reduce((sum, { weight }) => sum + weight, unknownWeight);
    return weighed
      .sort((a, b) => b.weight - a.weight || a.habit.serial - b.habit.serial)
      .slice(0, mostHabits)
      .map(({ habit, weight, rank }) => {
        const together = togetherCount + togetherShare * habit.ids.length;
        return { habit, likelihood: weight / total, fromRank: rank - together, distance: -rank };
      });
  }

  /** With those that sessions of these habits are followed by. */
  function withNexts(first: readonly About[]): readonly About[] {
    const all = [...first];
    const known = new Set(first.map(({ habit }) => habit));
    for (let at = 0; at < all.length; at++) {
      const { habit, likelihood, distance } = all[at]!;
      for (const [serial, odds] of habit.nexts) {
        const next = habits.withSerial(serial);
        if (!next || known.has(next) || likelihood * odds < leastNext) continue;
        known.add(next);
        all.push({
          ...{ habit: next, likelihood: likelihood * odds, fromRank: Number.NEGATIVE_INFINITY },
          distance: Math.max(0, distance) + nextHabit,
        });
      }
    }
    return all;
  }

  function collect(all: readonly About[], isLeftOut: (name: string) => boolean): readonly Likely[] {
    if (odds.length < habits.end) {
      odds = new Float32Array(habits.end * 2);
      distances = new Float32Array(habits.end * 2);
    }
    const found: number[] = [];
    for (const { habit, likelihood, fromRank, distance } of all) {
      const { ids, ranks } = habit;
      for (let at = 0; at < ids.length; at++) {
        if (ranks[at]! < fromRank) continue;
        const id = ids[at]!;
        if (odds[id] === 0) {
          found.push(id);
          distances[id] = Math.max(0, distance + ranks[at]!);
        }
        odds[id] = Math.min(1, odds[id]! + likelihood * habit.odds[at]!);
      }
    }
    const likely = found.filter((id) => odds[id]! >= leastLikelihood && !isLeftOut(habits.nameOf(id)));
    likely.sort((a, b) => distances[a]! - distances[b]! || odds[b]! - odds[a]! || a - b);
    const rows = likely
      .slice(0, mostLikely)
      .map((id) => ({ name: habits.nameOf(id), likelihood: odds[id]! }));
    for (const id of found) odds[id] = 0;
    return rows;
  }

  return {
    after(name, nowMs, session) {
      const all = withNexts(about(name, nowMs, session?.latest ?? []));
      if (session !== null && !isNews(session, all)) return [];
      const had = session?.names ?? nothing;
      return collect(all, (each) => each === name || had.has(each));
    },
    due(nowMs, withinMs) {
      const all: About[] = [];
      for (const habit of habits.all()) {
        const due = dueWithin(habit.starts, nowMs, withinMs);
        if (due === null) continue;
        const distance = (due.atMs - nowMs) / 1000;
        all.push({ habit, likelihood: due.likelihood, fromRank: Number.NEGATIVE_INFINITY, distance });
      }
      all.sort((a, b) => a.distance - b.distance || a.habit.serial - b.habit.serial);
      return collect(withNexts(all), () => false);
    },
  };
}

/** Each request of a build would go through all that the build needs, in vain mostly. */
function isNews(session: Session, all: readonly About[]): boolean {
  const { told, names } = session;
  const isAgain = names.size >= session.tellAgainAt;
  const news = all.filter(({ habit, likelihood }) => {
    return isAgain || likelihood > (told.get(habit.serial) ?? 0) * newsFactor;
  });
  for (const { habit, likelihood } of news) told.set(habit.serial, likelihood);
  if (isAgain) session.tellAgainAt = names.size * (1 + againShare) + againCount;
  return news.length > 0;
}
