/**
 * Clients, as far as predictions go: in whose words things would be asked for, and what each has asked for lately.
 */
import type { Doing } from '../foresight.ts';
import type { Identity } from '../identity.ts';
import type { Trail } from './learned/learned.ts';

/** What of a request makes up the words in which its client asks. Nothing in it lets anybody in. */
export interface Visitor {
  /** As he reaches the network: `https://packages.example.com`. */
  readonly base: string;
  readonly authority: string;
  /** `accept`, `accept-encoding`, `user-agent`: no credential, no cookie. */
  readonly headers: Headers;
  /** What he may have; `null`: what everybody may. */
  readonly identity: Identity | null;
}

/**
 * One run of a client: from his first request until he has been quiet for a while. Behind some addresses there are many clients, and never quiet: so
 * what is said of a session is of its last minute or two.
 */
export interface Session {
  readonly trail: Trail | null;
  /** Of one route. */
  doing(route: string): Doing;
  noted(route: string, kind: string): void;
  /** Whether this is asked for the first time. Says no, too, when he has led to enough questions. */
  mayAsk(question: string): boolean;
  /** Requests of this session so far. */
  readonly requests: number;
}

/** Who has been quiet for so long begins anew. */
const quietMs = 20_000;
const minuteMs = 60_000;
const mostSessions = 4_096;
/** A tree of thousands of packages is one question; a lock file, one for each of those that are asked for first. In a minute. */
const mostQuestions = 96;
/** Of kinds, by route. */
const mostCounts = 64;

export interface Sessions {
  /** @param client what tells one from another. */
  of(client: string, nowMs: number): Session;
  readonly size: number;
}

export function openSessions(newTrail: () => Trail | null): Sessions {
  /** By a hash of what tells one from another, which may be long. The one that was heard last is the last. */
  const all = new Map<number, { session: OpenSession; lastMs: number }>();

  return {
    get size() {
      return all.size;
    },
    of(client, nowMs) {
      const hash = Bun.hash.xxHash32(client);
      const known = all.get(hash);
      all.delete(hash);
      const session =
        known && nowMs - known.lastMs < quietMs ? known.session : openSession(newTrail(), nowMs);
      session.heard(nowMs);
      all.set(hash, { session, lastMs: nowMs });
      for (const [oldest, { lastMs }] of all) {
        if (all.size <= mostSessions && nowMs - lastMs < quietMs) break;
        all.delete(oldest);
      }
      return session;
    },
  };
}

interface OpenSession extends Session {
  heard(nowMs: number): void;
}

/** What a session has come to within one minute. */
interface Minute {
  /** Of requests, by route and kind. */
  readonly counts: Map<string, number>;
  /** By their hashes: they are long. */
  readonly questions: Set<number>;
  requests: number;
}

function openSession(trail: Trail | null, nowMs: number): OpenSession {
  const newMinute = (): Minute => ({ counts: new Map(), questions: new Set(), requests: 0 });
  let beganMs = nowMs;
  let before = newMinute();
  let present = newMinute();
  return {
    trail,
    get requests() {
      return before.requests + present.requests;
    },
    heard(atMs) {
      if (atMs - beganMs < minuteMs) return;
      before = present;
      present = newMinute();
      beganMs = atMs;
    },
    doing: (route) => ({
      asked(kind) {
        const name = `${route} ${kind}`;
        return (before.counts.get(name) ?? 0) + (present.counts.get(name) ?? 0);
      },
    }),
    noted(route, kind) {
      present.requests++;
      const { counts } = present;
      const name = `${route} ${kind}`;
      if (counts.size < mostCounts || counts.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    mayAsk(question) {
      const hash = Bun.hash.xxHash32(question);
      const { questions } = present;
      if (questions.size >= mostQuestions || questions.has(hash) || before.questions.has(hash)) return false;
      questions.add(hash);
      return true;
    },
  };
}
