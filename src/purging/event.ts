/**
 * What nodes tell each other about purges: `purge` on the subject of that name, and `applied` by those who have carried
 * one out. What a node does not understand it skips, and counts.
 */
import { z } from 'zod';
import type { BusEvent } from '../bus.ts';
import { maxWord, selector } from '../messages/selector.ts';

export const purgeSubject = 'purge';
export const purgeType = 'purge';
export const appliedSubject = 'applied';

/** Selectors in one event: what a thousand targets may stand for. */
export const maxSelectors = 10_000;
const word = z.string().min(1).max(maxWord);

const purgeData = z.object({
  /** The same in the answers of those who have carried it out. */
  id: z.string().min(1).max(64),
  selectors: z.array(selector).min(1).max(maxSelectors),
  soft: z.boolean(),
  /** Who asked for it, for logs. */
  by: z.string().max(256),
  /** A node that has fetched these keys anew since they changed: there they are not meant. */
  seen: z.object({ node: z.string().max(256), keys: z.array(word).max(maxSelectors) }).optional(),
  /** Whether every node says when it has carried it out. */
  acknowledge: z.boolean(),
});
export type PurgeEvent = z.output<typeof purgeData>;

const appliedData = z.object({
  id: z.string().min(1).max(64),
  node: z.string().min(1).max(256),
});
export type AppliedEvent = z.output<typeof appliedData>;

export function purgeEvent(data: PurgeEvent): BusEvent {
  return { type: purgeType, version: 1, data };
}

export function appliedEvent(data: AppliedEvent): BusEvent {
  return { type: 'applied', version: 1, data };
}

/** `null` for an event of another type or version, or with other content than that has. */
export function readPurge({ type, version, data }: BusEvent): PurgeEvent | null {
  return type === purgeType && version === 1 ? (purgeData.safeParse(data).data ?? null) : null;
}

/** The same. */
export function readApplied({ type, version, data }: BusEvent): AppliedEvent | null {
  return type === 'applied' && version === 1 ? (appliedData.safeParse(data).data ?? null) : null;
}
