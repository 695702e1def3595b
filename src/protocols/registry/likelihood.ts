/**
 * How likely it is that the newest version that fits is what a client takes, where it does not say whether it goes by a lock file: that may be older
 * than the version is.
 */

const dayMs = 86_400_000;
/** Of clients, and how old what they have locked is on average. */
const locked = { share: 0.7, meanMs: 120 * dayMs } as const;
/** Where nothing says when it was published. */
const untimed = 0.65;

/** @param publishedMs since the epoch; `null`: nothing says it. */
export function likelyTaken(publishedMs: number | null, nowMs: number): number {
  if (publishedMs === null) return untimed;
  return 1 - locked.share * Math.exp(-Math.max(0, nowMs - publishedMs) / locked.meanMs);
}

/** To two digits: what is as likely is written in the same way. */
export function rounded(likelihood: number): number {
  return Math.round(likelihood * 100) / 100;
}
