/** What would become of a request at a node (`node/explain.ts`): asked and answered between processes. */
import { z } from 'zod';
import { foretold } from './predictions.ts';

const fields = z.array(z.tuple([z.string(), z.string()]).readonly()).readonly();

/** A request that nobody sends. */
export const explainRequest = z.object({
  method: z.string().regex(/^[A-Z]{1,20}$/),
  /** As the client used it, without a trailing slash. */
  base: z.url({ protocol: /^https?$/ }),
  /** Path and query. */
  target: z.string().startsWith('/'),
  fields,
  /** How another node has asked, or would; `null` for a client. */
  tier: z.object({ node: z.string(), route: z.string() }).nullable(),
});
export type ExplainRequest = Readonly<z.output<typeof explainRequest>>;

const storedExplanation = z.object({
  where: z.enum(['memory', 'disk']),
  status: z.number(),
  sizeBytes: z.number(),
  ageS: z.number(),
  /** Seconds of freshness left; negative once it is stale. */
  freshForS: z.number(),
  /** Seconds past that in which it is served at once while it is revalidated, and in which it is served when the parent fails. */
  staleWhileRevalidateS: z.number(),
  staleIfErrorS: z.number(),
  /** This node may have missed a purge, so it is confirmed first. */
  isSuspect: z.boolean(),
  /** For those only who have the right by name. */
  isRestricted: z.boolean().optional(),
  etag: z.string().nullable(),
  tags: z.array(z.string()).readonly(),
  /** The request's fields that chose this variant. */
  selecting: fields,
});
export type StoredExplanation = Readonly<z.output<typeof storedExplanation>>;

export const explanation = z.object({
  node: z.string(),
  /** `null`: no route serves this. */
  route: z.string().nullable(),
  /** The protocol's word for what is asked for. */
  kind: z.string(),
  /** `hit`: from memory or disk. `stale`: at once, and revalidated. `ask`: a parent. `answer`, `refuse`: by the node itself. */
  would: z.enum(['hit', 'stale', 'ask', 'answer', 'refuse']),
  why: z.string(),
  /** `null` for what is never stored. */
  key: z.string().nullable(),
  tags: z.array(z.string()).readonly(),
  /** Everybody may read this, by the route and by its name, or it needs a credential. */
  access: z.enum(['open', 'closed']),
  /** The member of the ring that keeps the key; `null` where there is no ring. */
  owner: z.string().nullable(),
  stored: storedExplanation.nullable(),
  /** Absent: nothing is predicted there. */
  foretold: foretold.optional(),
  /** How its parents are asked, or would be if it had to ask: which of them first, and which are passed over. */
  asks: z
    .object({
      parents: z.array(z.object({ name: z.string(), isUp: z.boolean() })).readonly(),
      question: explainRequest,
    })
    .nullable(),
});
export type Explanation = Readonly<z.output<typeof explanation>>;

/** What the API is asked: what would become of a request all over the network. */
export const explainOrder = z
  .object({
    /** What a client would ask for. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(8192)
      .optional(),
    /** Instead: path and query at a node's own address. */
    path: z.string().startsWith('/').max(8192).optional(),
    node: z.string().max(256).optional(),
    method: z.stringFormat('method', /^[A-Za-z]{1,20}$/).prefault('GET'),
    /** Of the request. Credentials may be among them, and count by their presence alone: their values are told to no node. */
    fields: z
      .array(z.tuple([z.string().max(256), z.string().max(8192)]))
      .max(64)
      .prefault([]),
    /** PoPs to begin with (default: all); then come all nodes that they ask. */
    nodes: z.array(z.string().max(256)).max(1000).optional(),
  })
  .refine(({ url, path, node }) => (url === undefined) === (path !== undefined && node !== undefined), {
    message: 'give a url, or a path and the node at whose address it is',
  });
export type ExplainOrder = z.output<typeof explainOrder>;

const explainedNode = z.object({
  node: z.string(),
  role: z.enum(['pop', 'shield', 'origin']),
  /** `silent`: it lives, and did not answer in time. `gone`: nothing is heard of it. `unasked`: no node would ask it. */
  state: z.enum(['answered', 'silent', 'gone', 'unasked']),
  /** The node whose request to it was explained; `null`: a client's. */
  askedBy: z.string().nullable(),
  /** Whether a request would come so far: none of those before it has an answer of its own. */
  isReached: z.boolean(),
  /** By each of its processes that answered, by name. */
  workers: z.array(explanation.extend({ worker: z.string() })).readonly(),
  /** Of its processes, those that live and did not answer in time. */
  silent: z.array(z.string()).readonly(),
});
export type ExplainedNode = Readonly<z.output<typeof explainedNode>>;

export const networkExplanation = z.object({
  url: z.string(),
  method: z.string(),
  /** From the clients' side to the origin's: PoPs, shields, origins. */
  nodes: z.array(explainedNode).readonly(),
  tookMs: z.number(),
});
export type NetworkExplanation = Readonly<z.output<typeof networkExplanation>>;
