/** What is asked, and told, of purges of the whole network by the API. */
import { z } from 'zod';
import { purgeTargets, selector } from './selector.ts';

export const purgeOrder = z.object({
  /** All of them or none. */
  targets: purgeTargets,
  /** What is purged counts as stale instead of being gone. */
  soft: z.boolean().prefault(false),
});

/** Of an event on the bus: it is named by both. */
const position = z.object({ log: z.string(), sequence: z.number() });

export const purgeIssued = z.object({
  position,
  /** What the targets stand for. */
  selectors: z.array(selector).readonly(),
});

/** A purge of the last ones that an origin has heard of on the bus, and how far it has come. */
export const purgeState = z.object({
  position,
  /** By the clock of who issued it, ms since the epoch. */
  atMs: z.number(),
  /** Who asked for it, and where: `user:alice, by the API of origin`. */
  by: z.string(),
  soft: z.boolean(),
  /** The first twenty. */
  selectors: z.array(selector).readonly(),
  selectorCount: z.number(),
  /**
   * By name, those that lived when it was issued, each worker for itself: whether it has carried it out, and how many ms after
   * the origin had heard of the purge it had heard of that; `null`: not yet, or before this origin listened.
   */
  nodes: z.record(z.string(), z.object({ applied: z.boolean(), ms: z.number().nullable() })),
  /** Those that had not carried it out when they were last heard of: they catch up, or trust nothing, when they are back. */
  gone: z.array(z.string()).readonly(),
  /** Whether all nodes that live have carried it out. */
  all: z.boolean(),
  /** How long that took; `null`: it is not so yet, or not known. */
  allMs: z.number().nullable(),
});
export type PurgeState = Readonly<z.output<typeof purgeState>>;
