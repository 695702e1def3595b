/** What nodes have been told to have before anybody asks for it, and how far they are, as the API tells it. */
import { z } from 'zod';

/** A node with all lists of a group. */
export const replicaState = z.object({
  node: z.string(),
  /**
   * `whole`: it has everything. `coming`: something is missing, and it is at it. `failing`: what is missing cannot be had. `beyond`: all that
   * is missing has no room. `away`: the node does not live, and this is what it said last.
   */
  state: z.enum(['whole', 'coming', 'failing', 'beyond', 'away']),
  /** Manifests, blobs and the like. */
  wanted: z.number(),
  present: z.number(),
  wantedBytes: z.number(),
  missingBytes: z.number(),
  /** Of what is missing: for which there is no room (`prefetch.diskPercent`). */
  beyondBytes: z.number(),
  /** What went wrong last with something that is missing. */
  error: z.string().nullable(),
  /** When it was told, by the node's clock, ms since the epoch; `null`: never. */
  toldMs: z.number().nullable(),
});
export type ReplicaState = Readonly<z.output<typeof replicaState>>;

export const replicationState = z.object({
  route: z.string(),
  /** The repository. */
  group: z.string(),
  /** Tags. */
  lists: z.number(),
  /** Each object once. */
  items: z.number(),
  bytes: z.number(),
  /** When the newest list was made, ms since the epoch. */
  atMs: z.number(),
  /** Why the origin cannot tell what there is to have; `null`: it can. */
  error: z.string().nullable(),
  nodes: z.array(replicaState).readonly(),
});
export type ReplicationState = Readonly<z.output<typeof replicationState>>;
