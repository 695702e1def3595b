/**
 * The endpoints that the console asks, by the schemas that the API itself checks: types alone, so that nothing of it
 * gets into the browser.
 */
import type { z } from 'zod';
import type { nodeState, seriesAnswer } from '../../access/api/fleet-state.ts';
import type { ownAccount } from '../../access/api/whoami.ts';

export interface Api {
  'GET /whoami': { gives: z.output<typeof ownAccount> };
  'GET /nodes': { gives: readonly NodeState[] };
  'GET /series': { gives: Series };
}

export type NodeState = z.output<typeof nodeState>;
export type Series = z.output<typeof seriesAnswer>;

type ToldCounts = NodeState['counts'];
/** By layer: those that the API knows of, and any that a newer one tells of. */
export type Counts = Omit<ToldCounts, 'layers'> & {
  readonly layers: Readonly<Record<string, NonNullable<ToldCounts['layers']['memory']>>>;
};

/** Paths that an endpoint with this method has. */
export type Path<Method extends string> = keyof Api extends infer Key
  ? Key extends `${Method} ${infer Of}`
    ? Of
    : never
  : never;
