/**
 * How full the ways to the parents are, for what is least important: by how long something small takes there and back, on the connections that clients'
 * requests take. Tried often only as long as somebody wants to know. A parent says the same of its own parents, so that a PoP hears of the whole way.
 */
import type { Clock } from '../clock.ts';
import type { Way } from '../parent.ts';
import { openQueueing, type Queueing } from '../parents/queueing.ts';
import { type Checker, checkWay } from './check.ts';
import type { AskedNode } from './tier-request.ts';

export interface Ways {
  /** The worst of them. Whoever asks is told what is known, and it is tried for a while. `null`: nothing is known yet. */
  now(): Way | null;
  close(): void;
}

const everyMs = 30;
/** Where nobody wants to know: so that it is known how long it takes at best. */
const idleMs = 15_000;
/** After somebody wanted to know. */
const goesOnMs = 500;
/** Not answered yet. */
const mostTried = 32;

interface Tried {
  readonly node: AskedNode;
  readonly queueing: Queueing;
  /** `Clock.elapsed()` of those that are not answered yet. */
  readonly sentMs: Set<{ readonly ms: number }>;
  /** What it says of its own parents. */
  beyond: Way | null;
}

export function openWays(parents: readonly AskedNode[], checker: Checker, clock: Clock): Ways {
  const all = parents.map(
    (node): Tried => ({ node, queueing: openQueueing(), sentMs: new Set(), beyond: null }),
  );
  const stop = new AbortController();
  let untilMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let cancelIdle = clock.after(idleMs, idle);

  function tryAll(): void {
    cancel = null;
    if (clock.elapsed() > untilMs) return;
    cancel = clock.after(everyMs, tryAll);
    tryEach();
  }

  function idle(): void {
    cancelIdle = clock.after(idleMs, idle);
    if (cancel === null) tryEach();
  }

  function tryEach(): void {
    for (const each of all) if (each.sentMs.size < mostTried) void tryOne(each);
  }

  async function tryOne(tried: Tried): Promise<void> {
    const { node, queueing, sentMs } = tried;
    const sent = { ms: clock.elapsed() };
    sentMs.add(sent);
    try {
      tried.beyond = await checkWay(node, checker, stop.signal);
      queueing.took(clock.elapsed() - sent.ms, clock.elapsed());
    } catch {
      // Whether it is there is found out by its checks.
    } finally {
      sentMs.delete(sent);
    }
  }

  function wayOf({ queueing, sentMs, beyond }: Tried): Way | null {
    const nowMs = clock.elapsed();
    const delayMs = queueing.delayMs(nowMs);
    if (delayMs === null) return null;
    const leastMs = queueing.leastMs(nowMs);
    // What has waited for longer than others took tells so before it is answered.
    let waitedMs = 0;
    for (const { ms } of sentMs) waitedMs = Math.max(waitedMs, nowMs - ms - leastMs);
    return {
      delayMs: Math.max(delayMs, waitedMs) + (beyond?.delayMs ?? 0),
      leastMs: leastMs + (beyond?.leastMs ?? 0),
    };
  }

  return {
    now() {
      untilMs = clock.elapsed() + goesOnMs;
      if (cancel === null) tryAll();
      return all.reduce<Way | null>((worst, each) => {
        const way = wayOf(each);
        return way === null || (worst !== null && worst.delayMs >= way.delayMs) ? worst : way;
      }, null);
    },
    close() {
      cancel?.();
      cancelIdle();
      untilMs = Number.NEGATIVE_INFINITY;
      stop.abort();
    },
  };
}
