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

/** One run of a client: from his first request until he has been quiet for a while. */
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
const mostSessions = 4_096;
/** A tree of thousands of packages is one question; a lock file, one for each of those that are asked for first. */
const mostQuestions = 96;
/** Of kinds, by route. */
const mostCounts = 64;

export interface Sessions {
  /** @param client what tells one from another. */
  of(client: string, nowMs: number): Session;
  readonly size: number;
}

export function openSessions(newTrail: () => Trail | null): Sessions {
  /** The one that was heard last is the last. */
  const all = new Map<string, { session: OpenSession; lastMs: number }>();

  return {
    get size() {
      return all.size;
    },
    of(client, nowMs) {
      const known = all.get(client);
      all.delete(client);
      const session = known && nowMs - known.lastMs < quietMs ? known.session : openSession(newTrail());
      all.set(client, { session, lastMs: nowMs });
      for (const [oldest, { lastMs }] of all) {
        if (all.size <= mostSessions && nowMs - lastMs < quietMs) break;
        all.delete(oldest);
      }
      return session;
    },
  };
}

type OpenSession = Session;

function openSession(trail: Trail | null): OpenSession {
  const counts = new Map<string, number>();
  const questions = new Set<string>();
  let requests = 0;
  return {
    trail,
    get requests() {
      return requests;
    },
    doing: (route) => ({ asked: (kind) => counts.get(`${route} ${kind}`) ?? 0 }),
    noted(route, kind) {
      requests++;
      const name = `${route} ${kind}`;
      if (counts.size < mostCounts || counts.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    mayAsk(question) {
      if (questions.size >= mostQuestions || questions.has(question)) return false;
      questions.add(question);
      return true;
    },
  };
}
