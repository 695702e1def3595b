/** What is known of all nodes of the network, as the API tells it. */
import { z } from 'zod';

const layer = z.object({
  requests: z.number(),
  bytes: z.number(),
  buckets: z.array(z.number()).readonly(),
});

const counts = z.object({
  layers: z.record(z.string(), layer),
  errors: z.number(),
  routes: z.record(z.string(), z.number()),
});
const store = z.object({ entries: z.number(), bytes: z.number(), limitBytes: z.number() });

export const nodeState = z.object({
  node: z.string(),
  role: z.enum(['pop', 'shield', 'origin']),
  worker: z.number(),
  startedMs: z.number(),
  /** By the clock of the origin that answers. */
  heardMs: z.number(),
  version: z.string(),
  urls: z.array(z.string()),
  counts,
  memory: store,
  disk: store.nullable(),
  rssBytes: z.number(),
  fills: z.number(),
  parents: z.array(z.string()).readonly(),
  /** Degrees north and east; `null` where the config says nothing of it. */
  place: z.object({ name: z.string().optional(), latitude: z.number(), longitude: z.number() }).nullable(),
  /** Parents that it passes over (`parent eu`), and `bus`. */
  trouble: z.array(z.string()),
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

export interface Fleet {
  /** What each process of a node said last, of those that were heard of lately, or should have been. */
  nodes(): z.input<typeof nodeState>[];
  series(query: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly points?: number | undefined;
    readonly node?: string | undefined;
  }): z.input<typeof seriesAnswer>;
}
