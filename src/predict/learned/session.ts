/**
 * Who asks for what, told apart by time: what one client asks for without a longer pause is a session, such as one run of `npm ci`.
 * Where many clients share an address, a session is what all of them did meanwhile: the habits sort that out.
 */

export interface Session {
  readonly startMs: number;
  /** In the order in which they came first. */
  readonly names: Set<string>;
  /** The last few of them. */
  readonly latest: string[];
  /** What the client has been told to be about, by the number of the habit: how likely that was. */
  readonly told: Map<number, number>;
  /** It is told once more when there are so many names. */
  tellAgainAt: number;
  lastMs: number;
  /** When the last one came that had not come before. */
  lastNewMs: number;
}

/** What one client has asked for lately. */
export interface Trail {
  session: Session | null;
  /** The names that came again, since the last one that was new. */
  again: string[];
  /** The habit that the session before this one ended with, by its number, and when. -1: there is none. */
  before: number;
  beforeMs: number;
}

export interface Sessions {
  /** Names in all sessions that are open. */
  readonly names: number;
  saw(trail: Trail, name: string, nowMs: number): void;
  /** Ends those that pause. */
  settle(nowMs: number): void;
  /** Those that go on, and whose they are. */
  open(): Iterable<readonly [Trail, Session]>;
}

/** A longer pause ends a session. */
const pauseMs = 20_000;
/** One that never pauses is ended, and another begins. */
const longestMs = 10 * 60_000;
export const mostInSession = 2_048;
/** So many names that have all come before, and nothing new for so long: the client has begun anew. */
const againCount = 3;
const againMs = 1_000;
const latestCount = 8;

/**
 * @param mostNames in all open sessions: of more, those that have paused longest are ended.
 * @param ended is given each session that is over, and whose it was.
 */
export function openSessions(mostNames: number, ended: (session: Session, trail: Trail) => void): Sessions {
  /** By when they were last heard of, oldest first. */
  const open = new Map<Trail, Session>();
  let names = 0;

  function end(trail: Trail, session: Session): void {
    open.delete(trail);
    names -= session.names.size;
    trail.session = null;
    trail.again = [];
    ended(session, trail);
  }

  function begin(trail: Trail, nowMs: number): Session {
    const session: Session = {
      startMs: nowMs,
      names: new Set<string>(),
      latest: [],
      told: new Map(),
      tellAgainAt: 0,
      lastMs: nowMs,
      lastNewMs: nowMs,
    };
    trail.session = session;
    open.set(trail, session);
    return session;
  }

  function settle(nowMs: number): void {
    for (const [trail, session] of open) {
      if (session.lastMs + pauseMs >= nowMs && names <= mostNames) return;
      end(trail, session);
    }
  }

  function add(session: Session, name: string, nowMs: number): void {
    session.names.add(name);
    session.latest.push(name);
    if (session.latest.length > latestCount) session.latest.shift();
    session.lastNewMs = nowMs;
    names++;
  }

  function current(trail: Trail, nowMs: number): Session {
    const { session } = trail;
    if (session === null) return begin(trail, nowMs);
    const isOver =
      session.lastMs + pauseMs < nowMs ||
      session.startMs + longestMs < nowMs ||
      session.names.size >= mostInSession;
    if (!isOver) return session;
    end(trail, session);
    return begin(trail, nowMs);
  }

  /** Nothing new: unless this is one too many. */
  function cameAgain(trail: Trail, session: Session, name: string, nowMs: number): void {
    if (session.lastNewMs + againMs > nowMs || trail.again.includes(name)) return;
    trail.again.push(name);
    if (trail.again.length < againCount) return;
    const { again } = trail;
    end(trail, session);
    const next = begin(trail, nowMs);
    for (const each of again) add(next, each, nowMs);
  }

  /** It is the last of them now. Few are: so it is moved once in a second at most. */
  function touch(trail: Trail, session: Session, nowMs: number): void {
    if (nowMs - session.lastMs < 1_000) return;
    session.lastMs = nowMs;
    open.delete(trail);
    open.set(trail, session);
  }

  return {
    get names() {
      return names;
    },
    saw(trail, name, nowMs) {
      const session = current(trail, nowMs);
      touch(trail, session, nowMs);
      if (session.names.has(name)) {
        cameAgain(trail, session, name, nowMs);
      } else {
        if (trail.again.length > 0) trail.again = [];
        add(session, name, nowMs);
      }
      settle(nowMs);
    },
    settle,
    open: () => open,
  };
}

export function newTrail(): Trail {
  return { session: null, again: [], before: -1, beforeMs: 0 };
}
