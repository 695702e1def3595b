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
  trouble: z.array(z.string()),
});

export const seriesAnswer = z.object({
  stepMs: z.number(),
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
  /** What each process of a node said last, of those that were heard of lately. */
  nodes(): z.input<typeof nodeState>[];
  series(query: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly points?: number | undefined;
    readonly node?: string | undefined;
  }): z.input<typeof seriesAnswer>;
}
