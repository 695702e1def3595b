/** What is known of all nodes of the network, as the API tells it. */
import { z } from 'zod';
import type { HotObject, PlacedEviction } from '../../messages/cached.ts';
import { counts, report } from '../../messages/report.ts';
import type { TopDesk } from './top-answer.ts';

export const nodeState = report.omit({ hot: true, evicted: true, rum: true }).extend({
  /** By the clock of the origin that answers. */
  heardMs: z.number(),
  /** It should have reported several times since: it is gone, or cut off. */
  silent: z.boolean(),
  /** What it counted between its last two reports, and how far apart those were; `null` soon after it was started. */
  recent: z.object({ ms: z.number(), counts }).nullable(),
});

export const seriesAnswer = z.object({
  /** What was asked about, by the clock of the origin that answers; ms since the epoch. */
  fromMs: z.number(),
  toMs: z.number(),
  stepMs: z.number(),
  /** Upper bounds of the buckets of all histograms, in seconds; one more bucket is for what is beyond the last. */
  bounds: z.array(z.number()).readonly(),
  points: z.array(z.object({ atMs: z.number(), roles: z.record(z.string(), counts) })).readonly(),
});

const percentiles = z.record(
  z.string(),
  z.object({ count: z.number(), p50Ms: z.number(), p95Ms: z.number() }),
);

export const rumAnswer = z.object({
  /** For pages: where the script of this version is, and what it may be held to. */
  script: z.object({ path: z.string(), integrity: z.string() }),
  /** By the PoP that served. */
  pops: z.array(z.object({ pop: z.string(), kinds: percentiles, bytesPerS: z.number().nullable() })),
  /** By client network and PoP: those that told most first. */
  networks: z.array(
    z.object({ network: z.string(), pop: z.string(), weight: z.number(), kinds: percentiles }),
  ),
});

export interface Fleet {
  /** Real timings of the last minutes. */
  rum(): z.input<typeof rumAnswer>;
  /** What each process of a node said last, of those that were heard of lately, or should have been. */
  nodes(): z.input<typeof nodeState>[];
  /** What they are asked for most, the most used first. */
  hot(): readonly HotObject[];
  /** What has gone from their caches, the newest first. */
  evictions(): readonly PlacedEviction[];
  series(query: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly points?: number | undefined;
    readonly node?: string | undefined;
  }): z.input<typeof seriesAnswer>;
  /** What clients asked for most, and who did. */
  readonly top: TopDesk;
}
