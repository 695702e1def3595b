/**
 * What goes over the bus of what nodes shall have: a view of lists, which origins write, and a view of how far each process is. Both hold
 * what is true now, so whoever was away reads all of it when he is back.
 */
import { z } from 'zod';

export const listsView = 'prefetch';
export const progressView = 'prefetched';

/** Items of one list. */
export const mostItems = 2_000;
/** Lists that a node follows, or an origin has. */
export const mostLists = 20_000;
/** Groups of which a process tells how far it is; the newest. */
export const mostGroups = 1_000;
/** One value on the bus, in characters of JSON. */
export const longestList = 512 * 1024;

export const prefetchList = z.object({
  route: z.string().min(1).max(64),
  group: z.string().max(512),
  to: z.array(z.string().max(64)).max(1_000),
  items: z
    .array(
      z.object({
        target: z.string().startsWith('/').max(2_048),
        bytes: z.number().nonnegative(),
        etag: z.string().max(256).nullable(),
        accept: z.string().max(512).optional(),
      }),
    )
    .max(mostItems),
  error: z.string().max(1_000).nullable(),
  bases: z.array(z.string().max(512)).max(16).optional(),
  untilMs: z.number().optional(),
  atMs: z.number(),
});

/** How far one process is with all lists of a group. */
const groupProgress = z.object({
  route: z.string(),
  group: z.string(),
  /** The newest of these lists that it has looked at (`PrefetchList.atMs`). */
  atMs: z.number(),
  /** Items that it shall have. */
  wanted: z.number(),
  present: z.number(),
  wantedBytes: z.number(),
  missingBytes: z.number(),
  /** Of what is missing: for which it has no room, by its `diskPercent`. */
  beyondBytes: z.number(),
  /** What went wrong last with something that is still missing. */
  error: z.string().nullable(),
});
export type GroupProgress = Readonly<z.output<typeof groupProgress>>;

export const processProgress = z.object({
  node: z.string(),
  /** Of the process. */
  worker: z.string(),
  toldMs: z.number(),
  /** The newest list that it has looked at, of whatever group. */
  lookedMs: z.number().prefault(0),
  groups: z.array(groupProgress).max(mostGroups),
});
export type ProcessProgress = Readonly<z.output<typeof processProgress>>;
