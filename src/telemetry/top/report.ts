/**
 * What a process tells the origins of what is asked for most, and by whom: the sums of a day (UTC), so that the newest report
 * replaces all before it, and one that is lost costs nothing.
 */
import { z } from 'zod';

/** Names in one report. */
export const mostNames = { package: 100, token: 50, download: 50 } as const;
/** A package's name, or a token's id, in characters; what has a longer one is not counted. */
export const longestName = 256;
export const mostRoutes = 64;

const count = z.number().nonnegative();
const amounts = z.object({ requests: count, downloads: count, bytes: count });
const line = z.object({ route: z.string(), name: z.string().max(longestName), ...amounts.shape });
export type TopLine = Readonly<z.output<typeof line>>;

const list = (most: number) =>
  z.object({
    /** Of each route, whatever is listed. */
    totals: z.array(z.object({ route: z.string(), ...amounts.shape })).max(mostRoutes),
    /** A count is too low by no more than this, in requests; what is not listed had no more. */
    missed: count,
    top: z.array(line).max(most),
  });

export const kinds = ['package', 'token', 'download'] as const;
export type Kind = (typeof kinds)[number];

export const topReport = z.object({
  node: z.string(),
  /** Of a node that has several; 0 for one that has one. */
  worker: z.number(),
  /** By its own clock, ms since the epoch: names this life of the process. */
  startedMs: z.number(),
  /** When the day began, ms since the epoch. */
  dayMs: z.number(),
  package: list(mostNames.package),
  token: list(mostNames.token),
  /** Packages with the tokens that fetched them, by `downloadName`. An older process says nothing of them. */
  download: list(mostNames.download).prefault({ totals: [], missed: 0, top: [] }),
});
export type TopReport = Readonly<z.output<typeof topReport>>;
export type TopList = TopReport[Kind];

/** What somebody has fetched, as one name: neither has a space in it. */
export function downloadName(name: string, token: string): string {
  return `${name} ${token}`;
}

export const dayLengthMs = 86_400_000;

/** When the day of a moment began, ms since the epoch. */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayLengthMs) * dayLengthMs;
}
