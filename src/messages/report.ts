/**
 * What a process of a node says of itself every ten seconds: over the bus to the origins, and from there by the API. Counts
 * are since it was started, so that one report that is lost costs nothing but its place on a chart.
 */
import { z } from 'zod';
import { eviction, hotEntry, mostReported } from './cached.ts';
import { predicted, predicting } from './predictions.ts';
import { rumReport } from './rum.ts';

/** What a request was answered from, as far as a node can tell: `remote` for what no cache had. */
export const layers = ['memory', 'disk', 'stale', 'sibling', 'shield', 'origin', 'remote', 'node'] as const;
export type Layer = (typeof layers)[number];

/** Far more buckets than any histogram has. */
const mostBuckets = 256;

const store = z.object({ entries: z.number(), bytes: z.number(), limitBytes: z.number() });

const layerCounts = z.object({
  requests: z.number(),
  bytes: z.number(),
  /** Of the durations' histogram, each bucket alone. */
  buckets: z.array(z.number()).max(mostBuckets).readonly(),
});
/** Of what one layer has answered. */
export type LayerCounts = Readonly<z.output<typeof layerCounts>>;

export const counts = z.object({
  layers: z.partialRecord(z.enum(layers), layerCounts),
  /** Answers with a status of 500 and above. */
  errors: z.number(),
  /** Requests by route. */
  routes: z.record(z.string(), z.number()),
  /** Of PoPs that predict; older nodes say nothing of it. */
  predicted: predicted.optional(),
});
export type Counts = Readonly<z.output<typeof counts>>;

export const report = z.object({
  node: z.string(),
  role: z.enum(['pop', 'shield', 'origin']),
  /** Of a node that has several; 0 for one that has one. */
  worker: z.number(),
  /** By its own clock, ms since the epoch. */
  startedMs: z.number(),
  version: z.string(),
  urls: z.array(z.string()),
  counts,
  memory: store,
  disk: store.nullable(),
  rssBytes: z.number(),
  fills: z.number(),
  /** By name; a node of before this was said says nothing. */
  parents: z.array(z.string()).readonly().default([]),
  /** Degrees north and east; `null` where the config says nothing of it. */
  place: z
    .object({ name: z.string().optional(), latitude: z.number(), longitude: z.number() })
    .nullable()
    .default(null),
  /** Parents that it passes over. */
  trouble: z.array(z.string()),
  /** What it is asked for most; older nodes say nothing of it. */
  hot: z.array(hotEntry).max(mostReported).readonly().default([]),
  /** What has gone from its caches last, the newest first; older nodes say nothing of it. */
  evicted: z.array(eviction).max(mostReported).readonly().default([]),
  /** How predictions stand; `null` where there are none. */
  predict: predicting.nullable().default(null),
  /** Real timings of the last minutes; `null` where there are none. */
  rum: rumReport.nullable().default(null),
});
export type Report = Readonly<z.output<typeof report>>;
