/**
 * Tokens that a replica does not know: they may have been made a moment ago. The origin is asked, once for all who present the
 * same one; what it does not know either is not asked about again for a few seconds. Whoever guesses tokens gets no further
 * than this, because there are only so many questions at once. Others wait for their turn: a node that has just been started
 * does not know the tokens of anybody.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Introduction } from '../register/introduce.ts';

export interface Strangers {
  /** Makes the replica know the token, if the origin does. @throws whatever asking throws, and `overloaded`. */
  introduce(hash: string): Promise<boolean>;
}

export interface StrangersOptions {
  /** `null`: the origin does not know it. */
  readonly ask: (hash: string) => Promise<Introduction | null>;
  readonly learn: (introduction: Introduction) => void;
  readonly clock: Clock;
  /** How long "unknown" holds, ms. */
  readonly unknownMs: () => number;
}

const maxUnknown = 100_000;
const maxAtOnce = 64;
/** Tokens whose question waits for its turn, and for how long at most. */
const maxWaiting = 4_096;
const waitMs = 5_000;

export function strangers({ ask, learn, clock, unknownMs }: StrangersOptions): Strangers {
  /** Until when, by `Clock.elapsed()`; the oldest first. */
  const unknown = new Map<string, number>();
  const asking = new Map<string, Promise<boolean>>();

  /** Questions that wait for their turn, the oldest first. */
  const waiting = new Set<() => void>();
  let underWay = 0;

  /** Resolves when there may be one question more; `null`: there may be now. */
  function turn(): Promise<void> | null {
    if (underWay < maxAtOnce) {
      underWay++;
      return null;
    }
    if (waiting.size >= maxWaiting) throw overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.add(begin);
    const stop = clock.after(waitMs, () => {
      waiting.delete(begin);
      reject(overloaded());
    });
    function begin(): void {
      stop();
      resolve();
    }
    return promise;
  }

  /** Who waits takes over the place; it is free where nobody does. */
  function leave(): void {
    const [next] = waiting;
    if (next === undefined) underWay--;
    else {
      waiting.delete(next);
      next();
    }
  }

  async function question(hash: string): Promise<boolean> {
    const begun = turn();
    if (begun !== null) await begun;
    const introduction = await ask(hash).finally(leave);
    if (introduction !== null) {
      learn(introduction);
      return true;
    }
    const [oldest] = unknown.keys();
    if (unknown.size >= maxUnknown && oldest !== undefined) unknown.delete(oldest);
    unknown.set(hash, clock.elapsed() + unknownMs());
    return false;
  }

  return {
    async introduce(hash) {
      const untilMs = unknown.get(hash);
      if (untilMs !== undefined) {
        if (clock.elapsed() < untilMs) return false;
        unknown.delete(hash);
      }
      const asked = asking.get(hash);
      if (asked !== undefined) return asked;
      const answer = question(hash).finally(() => asking.delete(hash));
      asking.set(hash, answer);
      return answer;
    },
  };
}

function overloaded(): MeridianError {
  return new MeridianError('overloaded', 'too many unknown tokens at once', { retryAfterS: 1 });
}
