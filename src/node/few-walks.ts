/**
 * Trees that an origin goes through for others, a few at a time: each has many documents at hand. Whoever comes when there are too many waits for a
 * moment, and goes without where that is not enough: it is a help, and nobody's request depends on it. What one route is slow at takes no more than
 * its part.
 */
import type { Clock } from '../clock.ts';

const mostAtOnce = 8;
const mostOfRoute = 4;
const mostWaiting = 64;
const longestWaitMs = 2_000;

export interface FewWalks {
  /** @returns `null`: there was no turn for it, or nobody waits for it any more. */
  run<Result>(route: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result | null>;
}

interface Waiting {
  readonly route: string;
  end(mayGo: boolean): void;
}

export function fewWalks(clock: Clock): FewWalks {
  const waiting = new Set<Waiting>();
  /** The route of each that is under way. */
  const underWay: string[] = [];

  function mayGo(route: string): boolean {
    return underWay.length < mostAtOnce && underWay.filter((each) => each === route).length < mostOfRoute;
  }

  async function turnFor(route: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (mayGo(route)) {
      underWay.push(route);
      return true;
    }
    if (waiting.size >= mostWaiting) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const own: Waiting = { route, end: resolve };
    const giveUp = () => {
      waiting.delete(own);
      resolve(false);
    };
    waiting.add(own);
    const cancel = clock.after(longestWaitMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    const isTurn = await promise;
    cancel();
    signal.removeEventListener('abort', giveUp);
    return isTurn;
  }

  function leave(route: string): void {
    underWay.splice(underWay.indexOf(route), 1);
    for (const next of waiting) {
      if (!mayGo(next.route)) continue;
      waiting.delete(next);
      underWay.push(next.route);
      next.end(true);
      return;
    }
  }

  return {
    async run(route, signal, work) {
      if (!(await turnFor(route, signal))) return null;
      try {
        return await work();
      } finally {
        leave(route);
      }
    },
  };
}
