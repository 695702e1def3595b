/**
 * How many predictions may be under way at once. The least important traffic there is: it takes what others leave.
 *
 * The limit follows what the way to the parent bears, by how long answers take: while first bytes come as promptly as they have for a while, it
 * rises; when they take longer, something queues up, and it falls (a gradient, as in TCP Vegas and adaptive concurrency limits). Clients who wait
 * for something else have their share of it at once.
 */
import type { Clock } from '../clock.ts';

export interface Allowance {
  /** Whether one more may begin. */
  mayBegin(): boolean;
  begin(bytes: number): void;
  /**
   * @param firstByteMs how long its first byte took; `null`: nobody was asked.
   * @param moreBytes than it was begun with; below 0: fewer.
   */
  end(firstByteMs: number | null | 'failed', moreBytes: number): void;
  /** Clients now wait for what nobody had foreseen. */
  others: number;
  /** In how many ms something may begin, by the rate alone; 0: now. */
  waitMs(): number;
  readonly limit: number;
  readonly underWay: number;
}

export interface AllowanceLimits {
  readonly atOnce: number;
  readonly bytesPerS?: number | undefined;
}

const least = 4;
const firstLimit = 96;
/** How much longer than usual counts as usual. */
const tolerance = 1.5;
const smoothing = 0.2;
/** How fast what is usual follows: some hundred answers. */
const following = 0.02;
/** A burst that the rate lets pass, ms of it. */
const burstMs = 250;

export function openAllowance(clock: Clock, limits: () => AllowanceLimits): Allowance {
  let limit = firstLimit;
  let usualMs: number | null = null;
  let underWay = 0;
  /** Until when the bytes that have begun take, at the rate that is allowed; by `Clock.elapsed()`. */
  let busyMs = 0;

  function waitMs(): number {
    return limits().bytesPerS === undefined ? 0 : Math.max(0, busyMs - burstMs - clock.elapsed());
  }

  function take(bytes: number): void {
    const { bytesPerS } = limits();
    if (bytesPerS !== undefined) busyMs = Math.max(busyMs, clock.elapsed()) + (bytes / bytesPerS) * 1000;
  }

  const allowance: Allowance = {
    others: 0,
    waitMs,
    get limit() {
      return Math.min(limit, limits().atOnce);
    },
    get underWay() {
      return underWay;
    },
    mayBegin() {
      const left = allowance.limit - Math.max(0, allowance.others);
      return underWay < Math.max(1, left) && waitMs() === 0;
    },
    begin(bytes) {
      underWay++;
      take(bytes);
    },
    end(firstByteMs, moreBytes) {
      underWay--;
      take(moreBytes);
      if (firstByteMs === null) return;
      if (firstByteMs === 'failed') {
        limit = Math.max(least, limit * 0.9);
        return;
      }
      usualMs = usualMs === null ? firstByteMs : usualMs + (firstByteMs - usualMs) * following;
      const gradient = Math.max(0.5, Math.min(1, (tolerance * usualMs) / Math.max(1, firstByteMs)));
      const wanted = limit * gradient + Math.sqrt(limit);
      limit = Math.max(least, Math.min(limits().atOnce, limit + (wanted - limit) * smoothing));
    },
  };
  return allowance;
}
