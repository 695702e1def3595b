/** What is known of all nodes of the network, as the API tells it. */
import { z } from 'zod';
import type { HotObject, PlacedEviction } from '../../messages/cached.ts';
import { counts, report } from '../../messages/report.ts';
import type { TopDesk } from './top-answer.ts';

export const nodeState = report.omit({ hot: true, evicted: true }).extend({ heardMs: z.number() });

export const seriesAnswer = z.object({
  stepMs: z.number(),
  points: z.array(z.object({ atMs: z.number(), roles: z.record(z.string(), counts) })).readonly(),
});

export interface Fleet {
  /** What each process of a node said last, of those that were heard of lately. */
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
