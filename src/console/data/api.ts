/**
 * The endpoints that the console asks, by the schemas that the API itself checks: types alone, so that nothing of it
 * gets into the browser.
 */
import type { z } from 'zod';
import type { clientRoutes } from '../../access/api/clients-message.ts';
import type { nodeState, seriesAnswer } from '../../access/api/fleet-state.ts';
import type { packageList, packagePage, packageReadme } from '../../access/api/packages-message.ts';
import type { topAnswer, whoAnswer } from '../../access/api/top-answer.ts';
import type { ownAccount } from '../../access/api/whoami.ts';
import type { purgeIssued, purgeOrder, purgeState } from '../../messages/purge-state.ts';

export interface Api {
  'GET /whoami': { gives: z.output<typeof ownAccount> };
  'GET /nodes': { gives: readonly NodeState[] };
  'GET /series': { gives: Series };
  'GET /packages': { gives: z.output<typeof packageList> };
  'GET /packages/:route/:name': { gives: PackagePage };
  'GET /packages/:route/:name/readme': { gives: z.output<typeof packageReadme> };
  'GET /clients': { gives: ClientRoutes };
  'GET /top': { gives: z.output<typeof topAnswer> };
  'GET /top/:route/:name': { gives: z.output<typeof whoAnswer> };
  'POST /purges': { takes: z.input<typeof purgeOrder>; gives: z.output<typeof purgeIssued> };
  'GET /purges/:log/:sequence': { gives: PurgeState };
}

export type NodeState = z.output<typeof nodeState>;
export type ClientRoutes = z.output<typeof clientRoutes>;
export type PackageList = z.output<typeof packageList>;
export type PackagePage = z.output<typeof packagePage>;
export type PurgeState = z.output<typeof purgeState>;
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
