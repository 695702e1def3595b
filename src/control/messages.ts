/**
 * What is said over the control API, and what a node's file holds: parsed where it arrives.
 */
import { z } from 'zod';
import { maxWord, selector } from '../purging/event.ts';

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

const url = z.object({ by: z.literal('url'), url: z.string().min(1).max(maxWord) });

/** Targets of one request. */
export const maxTargets = 1000;

/** `POST /purge`, asked: what to purge, all of it or nothing. */
export const purgeRequest = z.object({
  targets: z
    .array(z.union([selector, url]))
    .min(1)
    .max(maxTargets),
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

const fields = z.array(z.tuple([z.string(), z.string()])).readonly();

/** `POST /explain`, asked: a request that nobody sends (`node/explain.ts`). */
export const explainRequest = z.object({
  method: z.string().regex(/^[A-Z]{1,20}$/),
  base: z.url({ protocol: /^https?$/ }),
  target: z.string().startsWith('/'),
  fields,
  tier: z.object({ node: z.string(), route: z.string() }).nullable(),
});
export type ExplainRequest = Readonly<z.output<typeof explainRequest>>;

/** `POST /explain`, answered: by each worker of the node. */
export const explainMessage = z.array(
  z.object({
    node: z.string(),
    route: z.string().nullable(),
    kind: z.string(),
    would: z.enum(['hit', 'stale', 'ask', 'answer', 'refuse']),
    why: z.string(),
    key: z.string().nullable(),
    tags: z.array(z.string()).readonly(),
    access: z.enum(['open', 'closed']),
    owner: z.string().nullable(),
    stored: z
      .object({
        where: z.enum(['memory', 'disk']),
        status: z.number(),
        sizeBytes: z.number(),
        ageS: z.number(),
        freshForS: z.number(),
        staleWhileRevalidateS: z.number(),
        staleIfErrorS: z.number(),
        isSuspect: z.boolean(),
        etag: z.string().nullable(),
        tags: z.array(z.string()).readonly(),
        selecting: fields,
      })
      .nullable(),
    asks: z
      .object({
        parents: z.array(z.object({ name: z.string(), isUp: z.boolean() })).readonly(),
        question: explainRequest,
      })
      .nullable(),
  }),
);
export type ExplainMessage = Readonly<z.output<typeof explainMessage>>;

/** A request to the API, from a command on the origin's own machine. */
export const apiMessage = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  /** Below `/.meridian/v1`, with its query. */
  target: z.string().startsWith('/'),
  body: z.unknown().optional(),
});
export type ApiMessage = z.output<typeof apiMessage>;

export const apiAnswer = z.object({ status: z.number(), body: z.unknown().optional() });
export type ApiAnswer = z.output<typeof apiAnswer>;
