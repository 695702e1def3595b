/**
 * What clients ask for after what, learned from what they did ask for. Nothing is known of protocols here: names are any text.
 *
 * What one client asks for without a pause is a session. Sessions that are alike make a habit (`habit.ts`), such as the packages of
 * one project, which its builds ask for again and again: with the odds that each is asked for, in its usual order. So whoever asks
 * for one of them is likely to ask for the others, as far as the habits that have that one agree; and what is in all habits says
 * little about any. A habit changes as the project does, and fades when it is not met with any more.
 *
 * All of it is by arithmetic, and the same for the same requests: nothing is left to chance.
 */
import { type Followers, type Likely, openFollowers } from './followers.ts';
import { noteNext } from './habit.ts';
import { type Habits, openHabits } from './habits.ts';
import { type Beside, savedBytes, savedFrom } from './saved.ts';
import { newTrail, openSessions, type Session, type Sessions, type Trail } from './session.ts';

export type { Beside, Likely, Trail };

export interface Learned {
  /** A client begins. */
  trail(): Trail;
  /** One client has asked for this. `nowMs` since the epoch. */
  saw(trail: Trail, name: string, nowMs: number): void;
  /**
   * What is likely to follow for whoever asks for this now, all the way, soonest first.
   *
   * @param trail whose it is, if that is known: what he has had is left out, what he asked for just before tells more, and he is told
   *   something once, until it has become likelier or he has gone on for long.
   */
  after(name: string, nowMs: number, trail?: Trail): readonly Likely[];
  /** What begins within so many ms from now, by what was seen at other days or hours, with what follows. */
  due(nowMs: number, withinMs: number): readonly Likely[];
  /** Sessions that go on are in it as they are, and taken to have ended when it is opened. */
  save(beside: Beside): Uint8Array<ArrayBuffer>;
  /** What had been saved along with it. */
  readonly beside: Beside;
  readonly stats: { readonly names: number; readonly links: number; readonly bytes: number };
}

export interface LearnedOptions {
  /** Of what is known, by estimate: some 20 for each member of a habit, 160 for each name beside its letters. */
  readonly maxBytes: number;
  readonly saved: Uint8Array | null;
}

interface Ended extends Pick<Session, 'startMs' | 'lastMs'> {
  readonly names: Iterable<string>;
}

/** Of the bytes, for sessions that go on. */
const openShare = 0.125;
/** What one name of a session takes, by estimate. */
const openBytes = 160;
/** What the same client begins later than this has nothing to do with what he did before. */
const nextMs = 10 * 60_000;

/** What was saved and is broken fails with a sentence that says what is wrong. */
export function openLearned({ maxBytes, saved }: LearnedOptions): Learned {
  const habits: Habits = openHabits(maxBytes * (1 - openShare));
  const followers: Followers = openFollowers(habits);
  const sessions: Sessions = openSessions(Math.floor((maxBytes * openShare) / openBytes), ended);

  function ended({ names, startMs, lastMs }: Ended, trail: Pick<Trail, 'before' | 'beforeMs'>): void {
    const those = habits.learn(names, startMs);
    const [first] = those;
    if (first === undefined) return;
    const before = startMs - trail.beforeMs <= nextMs ? habits.withSerial(trail.before) : undefined;
    if (before && before !== first) noteNext(before, first.serial);
    trail.before = those.at(-1)!.serial;
    trail.beforeMs = lastMs;
  }

  const before = saved === null ? null : savedFrom(saved);
  if (before !== null) {
    const { habits: restored, open } = before;
    for (const { members, ...habit } of restored) habits.restore(habit, members);
    for (const session of open) ended(session, session);
  }

  return {
    trail: newTrail,
    saw: sessions.saw,
    after(name, nowMs, trail) {
      sessions.settle(nowMs);
      return followers.after(name, nowMs, trail?.session ?? null);
    },
    due(nowMs, withinMs) {
      sessions.settle(nowMs);
      return followers.due(nowMs, withinMs);
    },
    save: (beside) => savedBytes([...habits.all()], habits.nameOf, sessions.open(), beside),
    beside: before?.beside ?? { codings: [], restricted: [] },
    get stats() {
      return { names: habits.names, links: habits.links, bytes: habits.bytes + sessions.names * openBytes };
    },
  };
}
