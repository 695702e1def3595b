/**
 * How much of what is predicted may be under way. The least important traffic there is: it takes what others leave.
 *
 * So many bytes may be on their way as the way to the parents bears without anything being queued on it (`window.ts`). Clients who wait for something
 * else have their share of the requests at once.
 */
import type { Clock } from '../clock.ts';
import type { Way } from '../parent.ts';
import { leastBytes, openWindow } from './window.ts';

export interface Allowance {
  /** Whether one more may begin. */
  mayBegin(): boolean;
  /** @param bytes as far as is known. */
  begin(bytes: number): UnderWay;
  /** Clients now wait for what nobody had foreseen. */
  others: number;
  /** In how many ms something may begin, by the rate alone; 0: now. */
  waitMs(): number;
  /** That may be on their way. */
  readonly bytes: number;
  readonly underWay: number;
  /** A long one that nobody has come for has to rest. */
  readonly mustRest: boolean;
  close(): void;
}

/** One that has begun. */
export interface UnderWay {
  /** It has so many. */
  announced(bytes: number): void;
  /** More of them have come. */
  arrived(bytes: number): void;
  /** To be called once. @param bytes that came in all; 0 where nobody was asked. */
  end(bytes: number, failed: boolean): void;
}

export interface AllowanceOptions {
  readonly clock: Clock;
  readonly limits: () => AllowanceLimits;
  /** How full the way is by now; `null`: nothing is known of it. */
  readonly way: () => Way | null;
  /** Called while something is under way, whenever more may be. */
  readonly hasRoom: () => void;
}

export interface AllowanceLimits {
  readonly atOnce: number;
  readonly bytesPerS?: number | undefined;
}

/** A burst that the rate lets pass, ms of it. */
const burstMs = 250;
/** Of a longer one, no more is reckoned to be on its way at once. */
const longBytes = 256 * 1024;
/** After so long without anything, nothing is known of the way. */
const restMs = 10_000;
/** The way is looked at. */
const everyMs = 30;

export function openAllowance({ clock, limits, way, hasRoom }: AllowanceOptions): Allowance {
  const window = openWindow();
  let underWay = 0;
  let onTheWay = 0;
  let isWayKnown = false;
  let cancel: (() => void) | null = null;
  let seenMs = Number.NEGATIVE_INFINITY;
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
    get bytes() {
      return window.bytes;
    },
    get underWay() {
      return underWay;
    },
    mayBegin() {
      const left = limits().atOnce - Math.max(0, allowance.others);
      return underWay < Math.max(1, left) && (underWay === 0 || onTheWay < window.bytes) && waitMs() === 0;
    },
    get mustRest() {
      return isWayKnown ? window.isCrowded : allowance.others > 0;
    },
    begin(bytes) {
      underWay++;
      take(bytes);
      const one = begun(bytes);
      if (cancel === null) look();
      return one;
    },
    close() {
      cancel?.();
    },
  };

  /** As long as something is under way, so that no more is than the way bears. */
  function look(): void {
    const nowMs = clock.elapsed();
    const sinceMs = nowMs - seenMs;
    // Of a few small ones now and then, nothing is to be known.
    const seen = onTheWay >= leastBytes ? way() : null;
    seenMs = nowMs;
    isWayKnown = seen !== null;
    if (sinceMs > restMs) window.rested();
    else if (seen !== null) window.seen(seen, sinceMs);
    cancel = clock.after(everyMs, () => {
      cancel = null;
      if (underWay === 0) return;
      look();
      hasRoom();
    });
  }

  function begun(foreseen: number): UnderWay {
    let bytes = foreseen;
    let came = 0;
    let counted = 0;
    const count = (now: number) => {
      onTheWay += now - counted;
      counted = now;
    };
    const rest = () => count(Math.min(longBytes, Math.max(0, bytes - came)));
    rest();
    return {
      announced(announced) {
        bytes = announced;
        rest();
      },
      arrived(more) {
        window.arrived(more, onTheWay >= window.bytes);
        came += more;
        rest();
        hasRoom();
      },
      end(all, failed) {
        window.arrived(Math.max(0, all - came), onTheWay >= window.bytes);
        underWay--;
        count(0);
        take(all - foreseen);
        if (failed) window.failed();
      },
    };
  }

  return allowance;
}
