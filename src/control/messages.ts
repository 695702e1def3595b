/**
 * What is said over the control API, and what a node's file holds: parsed where it arrives.
 */
import { z } from 'zod';
import { explanation } from '../messages/explanation.ts';
import { predicting } from '../messages/predictions.ts';
import { purgeTargets, selector } from '../messages/selector.ts';

const role = z.enum(['pop', 'shield', 'origin']);
const store = z.looseObject({ entries: z.number(), bytes: z.number(), limitBytes: z.number() });

const health = z.looseObject({ engine: z.string(), state: z.enum(['unknown', 'well', 'failing']) });

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
  /** Nodes of before there were any say nothing of it. */
  stores: z.object({ blobs: health, metadata: health }).nullish(),
  fills: z.number(),
  /** Older nodes have none. */
  bus: z.enum(['connected', 'disconnected']).optional(),
  rssBytes: z.number(),
  purging: z
    .looseObject({ state: z.enum(['current', 'behind', 'suspect']), gaps: z.number(), suspected: z.number() })
    .nullish(),
  parents: z.array(
    z.looseObject({
      name: z.string(),
      healthy: z.boolean(),
      /** Older nodes say no more than the above. */
      state: z.enum(['well', 'returning', 'ejected', 'down']).optional(),
      trouble: z.string().nullish(),
    }),
  ),
  kv: z.array(z.looseObject({ name: z.string(), isDown: z.boolean() })),
  /** Of a node whose part of a cache is shared with others; older nodes have counts alone. */
  ring: z
    .looseObject({
      /** `null`: of one node alone. */
      name: z.string().nullish(),
      members: z.array(z.object({ name: z.string(), share: z.number(), isUp: z.boolean() })).optional(),
    })
    .nullish(),
  /** `null` where nothing is predicted; older nodes say nothing of it. */
  predict: predicting.nullish(),
  /** Of the members of a ring; older nodes say nothing of it. */
  hot: z
    .array(
      z.looseObject({
        key: z.string(),
        perSecond: z.number(),
        why: z.string(),
        replicas: z.array(z.string()),
      }),
    )
    .optional(),
  /** Of a node that has several, in the order of their numbers. */
  workers: z.array(z.looseObject({ worker: z.number(), state: z.enum(['up', 'down']) })).optional(),
});
export type StatusMessage = z.output<typeof statusMessage>;

/** `POST /reload`: `reasons` is empty when the new config is in force. */
export const reloadMessage = z.object({ reasons: z.array(z.string()) });
export type ReloadMessage = z.output<typeof reloadMessage>;

/** `POST /purge`, asked: what to purge, all of it or nothing. */
export const purgeRequest = z.object({
  targets: purgeTargets,
  soft: z.boolean().prefault(false),
  /** At this node alone, without the bus. */
  here: z.boolean().prefault(false),
  /** For all nodes that live to have carried it out; without it, the answer says only that it is on the bus. */
  waitMs: z.int().min(1).max(60_000).optional(),
});
export type PurgeRequest = z.output<typeof purgeRequest>;
export type PurgeQuestion = z.input<typeof purgeRequest>;

/** `POST /purge`, answered: what was purged, or the reasons why nothing was. */
export const purgeMessage = z.union([
  z.object({
    purged: z.array(z.object({ selector, sequence: z.number(), recorded: z.enum(['disk', 'memory']) })),
  }),
  z.object({
    selectors: z.array(selector),
    position: z.object({ log: z.string(), sequence: z.number() }),
    applied: z
      .object({
        all: z.boolean(),
        /** Milliseconds; `null`: no answer in time. */
        nodes: z.record(z.string(), z.number().nullable()),
        gone: z.array(z.string()),
      })
      .optional(),
  }),
  z.object({ reasons: z.array(z.string()), because: z.enum(['targets', 'bus']) }),
]);
export type PurgeMessage = Readonly<z.output<typeof purgeMessage>>;

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
  /** Where `/metrics` is, if anywhere. */
  admin: z.string().optional(),
  version: z.string(),
});
export type NodeFile = z.output<typeof nodeFile>;

/** `POST /explain`, answered: by each worker of the node. Asked: `explainRequest`. */
export const explainMessage = z.array(explanation);
export type ExplainMessage = Readonly<z.output<typeof explainMessage>>;

/** A request to the API, from a command on the origin's own machine. */
export const apiMessage = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  /** Below `/.meridian/v1`, with its query. */
  target: z.string().startsWith('/'),
  body: z.unknown().optional(),
});
export type ApiMessage = z.output<typeof apiMessage>;

/** A request to the API, from somebody who has come by the admin listener of a node: `VisitRequest` in `node/visit.ts`. */
export const visitMessage = apiMessage.omit({ body: true }).extend({
  authorization: z.string().nullable(),
  body: z.string(),
  address: z.string(),
});
export type VisitMessage = z.output<typeof visitMessage>;

export const apiAnswer = z.object({ status: z.number(), body: z.unknown().optional() });
export type ApiAnswer = z.output<typeof apiAnswer>;
