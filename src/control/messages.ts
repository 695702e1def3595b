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
});
export type StatusMessage = z.output<typeof statusMessage>;

/** `POST /reload`: `reasons` is empty when the new config is in force. */
export const reloadMessage = z.object({ reasons: z.array(z.string()) });
export type ReloadMessage = z.output<typeof reloadMessage>;

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
