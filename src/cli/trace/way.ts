/**
 * The way of a request, as its answer tells it: who had a part in it, for how long, and what each made of it
 * (`Server-Timing`, `Cache-Status`).
 */
import { type CacheStatus, parseCacheStatus } from '../../http/cache-status.ts';
import { parseServerTiming } from '../../http/server-timing.ts';

export interface Step {
  readonly name: string;
  /** Until the head of its answer, what is beyond it included. */
  readonly durationMs: number;
  /** `null`: it says nothing of its cache. */
  readonly cache: Omit<CacheStatus, 'cache'> | null;
}

/** Nearest to the client first. Empty where the answer says nothing of it. */
export function wayOf(headers: Headers): readonly Step[] {
  const timings = parseServerTiming(headers.get('server-timing') ?? '').toReversed();
  const statuses = parseCacheStatus(headers.get('cache-status') ?? '').toReversed();
  return timings.flatMap(({ name, durationMs }) => {
    if (durationMs === undefined) return [];
    // Each says both, in the same order; what a server that is none of ours says of its time has no status to go with it.
    const at = statuses.findIndex(({ cache }) => cache === name);
    const [status] = at < 0 ? [] : statuses.splice(at, 1);
    return { name, durationMs, cache: status === undefined ? null : withoutName(status) };
  });
}

function withoutName({ cache: _, ...status }: CacheStatus): Omit<CacheStatus, 'cache'> {
  return status;
}

export interface Bar extends Step {
  /** From the beginning of the request. */
  readonly startMs: number;
}

/**
 * When each of them was at it. No two clocks are compared: each step lies in the middle of the one that waited for it, as if
 * the way there took as long as the way back.
 */
export function barsOf(totalMs: number, steps: readonly Step[]): readonly Bar[] {
  const bars: Bar[] = [];
  let around = { startMs: 0, durationMs: totalMs };
  for (const step of steps) {
    const durationMs = Math.min(step.durationMs, around.durationMs);
    const startMs = around.startMs + (around.durationMs - durationMs) / 2;
    around = { startMs, durationMs };
    bars.push({ ...step, startMs });
  }
  return bars;
}

/** In a few words. */
export function described({ cache }: Step): string {
  if (cache === null) return '';
  const { hit, fwd, fwdStatus, stored, collapsed, ttl, detail } = cache;
  return [
    hit === true ? 'hit' : fwd,
    fwdStatus === undefined || fwdStatus === 200 ? null : `status ${fwdStatus}`,
    stored === true ? 'stored' : null,
    collapsed === true ? 'waited for another request' : null,
    detail,
    ttl === undefined ? null : ttl < 0 ? `stale for ${-ttl} s` : `fresh for ${ttl} s`,
  ]
    .filter((word) => word !== null && word !== undefined)
    .join(', ');
}
