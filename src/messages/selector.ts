/** What is to be purged, as nodes and clients say it; the type is `purge.ts`'s. */
import { z } from 'zod';
import type { Selector } from '../purge.ts';

/** Of what a selector names, in UTF-16 units: far beyond the keys of any URL that is worth caching. */
export const maxWord = 32_768;
/** Targets of one request. */
export const maxTargets = 1000;

const word = z.string().min(1).max(maxWord);

export const selector = z.discriminatedUnion('by', [
  z.object({ by: z.literal('key'), key: word }),
  z.object({ by: z.literal('prefix'), prefix: word }),
  z.object({ by: z.literal('glob'), glob: word }),
  z.object({ by: z.literal('tag'), tag: word }),
  z.object({ by: z.literal('tag-glob'), glob: word }),
  z.object({ by: z.literal('group'), route: word, group: word }),
  z.object({ by: z.literal('route'), route: word }),
  z.object({ by: z.literal('all') }),
]);

/** Whether nodes can read it: what they cannot would spoil all that goes with it in one event. */
export function isReadable(given: Selector): boolean {
  return selector.safeParse(given).success;
}

/** A selector, or a URL as clients use it, which stands for everything that the network keeps of it. */
export const purgeTargets = z
  .array(z.union([selector, z.object({ by: z.literal('url'), url: word })]))
  .min(1)
  .max(maxTargets);
export type PurgeTarget = z.output<typeof purgeTargets>[number];
