/**
 * How many bytes of what nobody waits for may be on their way. It grows with what arrives as long as little is queued on the way, and shrinks as soon as
 * more is, whoever it is from: so whatever clients ask for finds the way free (LEDBAT, RFC 6817).
 */
import type { Way } from '../parent.ts';

export interface Window {
  readonly bytes: number;
  /** More is queued on the way than should be. */
  readonly isCrowded: boolean;
  /** @param sinceMs for how long the way has been so. */
  seen(way: Way, sinceMs: number): void;
  /** @param isUsed as much is on its way as may be: else nothing is known of what more would do. */
  arrived(bytes: number, isUsed: boolean): void;
  /** Something could not be had. */
  failed(): void;
  /** Nothing was on its way for a long time. */
  rested(): void;
}

export const leastBytes = 64 * 1024;
export const firstBytes = 2 * 1024 * 1024;
export const mostBytes = 64 * 1024 * 1024;
/** That something may wait on the way, whoever has filled it; a quarter of what LEDBAT allows. */
export const targetMs = 25;
/** The way changes no sooner, however short it is. */
const shortestMs = 20;
/** Of the target, what is left when it has grown fast for long enough. */
const enough = 0.75;
/** By how much it grows with what arrives, until something has been queued. */
const fast = 0.5;
/** By how much it grows while as much arrives as may be on its way, and nothing is queued. */
const growth = 0.25;
/** By how much it shrinks in one round trip, when so much longer than the target is waited: a quarter; and at most. */
const shrinking = 0.25;
const mostShrinking = 0.5;

export function openWindow(): Window {
  let bytes = firstBytes;
  /** Until something has been queued, it grows fast (RFC 5681 §3.1). */
  let isNew = true;
  /** 1: nothing is queued; 0: as much as may be, or nothing is known; below: more. */
  let left = 0;

  const set = (wanted: number) => {
    bytes = Math.max(leastBytes, Math.min(mostBytes, wanted));
  };

  return {
    get bytes() {
      return bytes;
    },
    get isCrowded() {
      return left < 0;
    },
    seen({ delayMs, leastMs }, sinceMs) {
      left = (targetMs - delayMs) / targetMs;
      if (isNew && left < enough) {
        isNew = false;
        // What is queued by now was sent a round trip ago, and as much again has followed it.
        set(bytes / 2);
      }
      if (left >= 0) return;
      const trips = Math.min(1, sinceMs / Math.max(shortestMs, leastMs));
      set(bytes * (1 - Math.min(mostShrinking, -left * shrinking)) ** trips);
    },
    arrived(came, isUsed) {
      if (left > 0 && isUsed) set(bytes + came * (isNew ? fast : growth * left));
    },
    failed() {
      set(bytes * 0.9);
    },
    rested() {
      isNew = true;
      left = 0;
      set(Math.max(firstBytes, bytes));
    },
  };
}
