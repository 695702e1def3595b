/** What a process says of single entries of its cache: those that it is asked for most, and those that went. */
import { z } from 'zod';

/** Of each, in a report. */
export const mostReported = 20;
/** Of a cache key, in UTF-16 units; a longer one ends in `…`. */
export const mostKey = 512;

export const hotEntry = z.object({
  key: z.string(),
  /** Requests in a second, all members of the ring together; `null`: it is only known that it is used. */
  perSecond: z.number().nullable(),
  /** The rule of a ring that made it hot (`hot/rule.ts`); `near`: a copy of what another member owns; `used`: among the most used of memory. */
  why: z.string(),
  /** Members that keep a copy, or shall. */
  replicas: z.array(z.string()).readonly(),
  /** How often it was used, counted up to a few dozen; `null` where the rate is known. */
  uses: z.number().nullable(),
});
export type HotEntry = Readonly<z.output<typeof hotEntry>>;

/**
 * Why an entry went: no `space` was left; it was `replaced` by a newer response, `purged`, `withdrawn` by the parent; one of too
 * many `variants`; `unused` for as long as its route keeps anything; `corrupt` or `lost` on disk.
 */
export const evictionCauses = [
  'space',
  'replaced',
  'purged',
  'withdrawn',
  'variants',
  'unused',
  'corrupt',
  'lost',
] as const;
export type EvictionCause = (typeof evictionCauses)[number];

export const eviction = z.object({
  key: z.string(),
  tier: z.enum(['memory', 'disk']),
  cause: z.string(),
  /** What it took of the tier's limit. */
  bytes: z.number(),
  /** Since its response came; `null`: not known. */
  ageS: z.number().nullable(),
  /** Counted up to a few dozen; `null`: not counted. */
  uses: z.number().nullable(),
  /** By its own clock, ms since the epoch. */
  atMs: z.number(),
});
export type Eviction = Readonly<z.output<typeof eviction>>;

const place = z.object({ node: z.string(), worker: z.number() });

/** What processes of the network say of one key, together. */
export const hotObject = hotEntry.extend({
  /** The key's first word. */
  route: z.string(),
  /** Those that say so. */
  at: z.array(place).readonly(),
});
export type HotObject = Readonly<z.output<typeof hotObject>>;

export const placedEviction = eviction.extend({ ...place.shape, route: z.string() });
export type PlacedEviction = Readonly<z.output<typeof placedEviction>>;
