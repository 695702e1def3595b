/**
 * What a PoP has fetched, by the origin's access log, against what its clients have asked for: what it does not say itself. Something
 * was fetched in vain when no client came for it within an hour, or before it was fetched once more.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export interface Worth {
  /** Of the origin, for packages. */
  readonly requests: number;
  /** Of the origin, what its PoP's clients are going to ask for. */
  readonly questions: number;
  readonly bytes: number;
  /** Fetched for no client who waited for it. */
  readonly foreseen: number;
  /** Of these. */
  readonly inVain: number;
  readonly inVainBytes: number;
}

export interface Want {
  readonly target: string;
  /** Virtual time: ms since the epoch. */
  readonly atMs: number;
  /** The PoP asked the origin because of it. */
  readonly isMiss: boolean;
}

const usableMs = 3_600_000;
/** From a client's asking until the origin is asked for it, at most. */
const onTheWayMs = 30_000;

const record = z.object({
  time: z.string(),
  method: z.string(),
  target: z.string(),
  route: z.string(),
  bytes: z.number().nullable(),
});
type Fetched = { readonly atMs: number; readonly bytes: number };

export function worthOf(logPath: string, route: string, wants: readonly Want[]): Worth {
  const lines = readFileSync(logPath, 'utf8').split('\n').filter(Boolean);
  const records = lines.map((line) => record.parse(JSON.parse(line)));
  const asked = Map.groupBy(wants, ({ target }) => target);
  const fetched = Map.groupBy(
    records.filter((each) => each.route === route && each.method === 'GET'),
    ({ target }) => target,
  );
  let [requests, bytes, misses, inVain, inVainBytes] = [0, 0, 0, 0, 0];
  for (const [target, all] of fetched) {
    const times = all.map((each): Fetched => ({ atMs: Date.parse(each.time), bytes: each.bytes ?? 0 }));
    const unused = unusedOf(times, asked.get(target) ?? []);
    requests += times.length;
    bytes += times.reduce((sum, each) => sum + each.bytes, 0);
    misses += (asked.get(target) ?? []).filter(({ isMiss }) => isMiss).length;
    inVain += unused.length;
    inVainBytes += unused.reduce((sum, each) => sum + each.bytes, 0);
  }
  const questions = records.filter(({ target }) => target.startsWith('/.meridian/ahead/')).length;
  return { requests, questions, bytes, foreseen: Math.max(0, requests - misses), inVain, inVainBytes };
}

/** @param fetched in the order of time, as are those who wanted it. */
function unusedOf(fetched: readonly Fetched[], wants: readonly Want[]): readonly Fetched[] {
  return fetched.filter(({ atMs }, at) => {
    const untilMs = Math.min(atMs + usableMs, fetched[at + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    return !wants.some((want) => want.atMs >= atMs - onTheWayMs && want.atMs <= untilMs);
  });
}
