/**
 * What is said over the control API, and what a node's file holds: parsed where it arrives.
 */
import { z } from 'zod';

const role = z.enum(['pop', 'shield', 'origin']);
const store = z.looseObject({ entries: z.number(), bytes: z.number(), limitBytes: z.number() });

/** `GET /status`: the fields that are shown; others pass through. */
export const statusMessage = z.looseObject({
  name: z.string(),
  role,
  startedAtMs: z.number(),
  urls: z.array(z.string()),
  requests: z.number(),
  hits: z.number(),
  memory: store,
  disk: z.looseObject({ ...store.shape, state: z.string().optional() }).nullable(),
  fills: z.number(),
  rssBytes: z.number(),
  parents: z.array(z.object({ name: z.string(), healthy: z.boolean() })),
  kv: z.array(z.looseObject({ name: z.string(), isDown: z.boolean() })),
});
export type StatusMessage = z.output<typeof statusMessage>;

/** `POST /reload`: `reasons` is empty when the new config is in force. */
export const reloadMessage = z.object({ reasons: z.array(z.string()) });
export type ReloadMessage = z.output<typeof reloadMessage>;

const word = z.string().min(1).max(8192);
const selector = z.discriminatedUnion('by', [
  z.object({ by: z.literal('key'), key: word }),
  z.object({ by: z.literal('prefix'), prefix: word }),
  z.object({ by: z.literal('glob'), glob: word }),
  z.object({ by: z.literal('tag'), tag: word }),
  z.object({ by: z.literal('group'), route: word, group: word }),
  z.object({ by: z.literal('route'), route: word }),
  z.object({ by: z.literal('all') }),
]);

/** `POST /purge`, asked: what to purge, all of it or nothing. */
export const purgeRequest = z.object({
  targets: z
    .array(z.union([selector, z.object({ by: z.literal('url'), url: word })]))
    .min(1)
    .max(1000),
  soft: z.boolean(),
});
export type PurgeRequest = z.output<typeof purgeRequest>;

/** `POST /purge`, answered: what was purged, or the reasons why nothing was. */
export const purgeMessage = z.union([
  z.object({
    purged: z.array(z.object({ selector, sequence: z.number(), recorded: z.enum(['disk', 'memory']) })),
  }),
  z.object({ reasons: z.array(z.string()) }),
]);
export type PurgeMessage = z.output<typeof purgeMessage>;

/** `<node.dataDir>/node.json`: how a running node is found on its machine. */
export const nodeFile = z.object({
  name: z.string(),
  role,
  pid: z.int().positive(),
  /** RFC 3339. */
  startedAt: z.string(),
  urls: z.array(z.string()),
  /** Where its control API listens. */
  control: z.string(),
  version: z.string(),
});
export type NodeFile = z.output<typeof nodeFile>;
