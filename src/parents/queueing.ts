/**
 * What is queued on the way to a parent: how much longer something small takes there and back than it took at best (RFC 6817 §2.2, LEDBAT).
 */

export interface Queueing {
  /** Something small has been there and back. */
  took(roundTripMs: number, nowMs: number): void;
  /** ms that it takes longer now; `null`: it was not tried often enough lately. */
  delayMs(nowMs: number): number | null;
  /** ms that it took at best; 0: it was never tried. */
  leastMs(nowMs: number): number;
}

/** A route changes: what it took at best is forgotten after so long. */
const periodMs = 60_000;
const periods = 10;
/** One may have been held up by this process or the other one, and not by the way: the least of so many counts. */
const lately = 3;
const staleMs = 2_000;

export function openQueueing(): Queueing {
  const leasts: { readonly period: number; ms: number }[] = [];
  const last: number[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;

  function leastMs(nowMs: number): number {
    const oldest = Math.floor(nowMs / periodMs) - periods;
    while (leasts.length > 1 && (leasts[0]?.period ?? 0) <= oldest) leasts.shift();
    return leasts.length === 0 ? 0 : Math.min(...leasts.map(({ ms }) => ms));
  }

  return {
    leastMs,
    took(roundTripMs, nowMs) {
      const period = Math.floor(nowMs / periodMs);
      const current = leasts.at(-1);
      if (current?.period === period) current.ms = Math.min(current.ms, roundTripMs);
      else leasts.push({ period, ms: roundTripMs });
      if (nowMs - lastMs > staleMs) last.length = 0;
      lastMs = nowMs;
      last.push(roundTripMs);
      if (last.length > lately) last.shift();
    },
    delayMs: (nowMs) =>
      last.length < lately || nowMs - lastMs > staleMs
        ? null
        : Math.max(0, Math.min(...last) - leastMs(nowMs)),
  };
}
