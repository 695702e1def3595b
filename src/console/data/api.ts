/**
 * The endpoints that the console asks, by the schemas that the API itself checks: types alone, so that nothing of it
 * gets into the browser.
 */
import type { z } from 'zod';
import type { auditLine } from '../../access/api/audit.ts';
import type { clientRoutes } from '../../access/api/clients-message.ts';
import type { nodeState, seriesAnswer } from '../../access/api/fleet-state.ts';
import type {
  artifactPage,
  packageList,
  packagePage,
  packageReadme,
  versionPage,
} from '../../access/api/packages-message.ts';
import type { explanation, policyState } from '../../access/api/policy.ts';
import type { madeToken, shownToken, wantedToken } from '../../access/api/tokens.ts';
import type { topAnswer, whoAnswer } from '../../access/api/top-answer.ts';
import type { ownAccount } from '../../access/api/whoami.ts';
import type { grant, grantee, right, team, user } from '../../access/record.ts';
import type { hotObject, placedEviction } from '../../messages/cached.ts';
import type { explainOrder, networkExplanation } from '../../messages/explanation.ts';
import type { purgeIssued, purgeOrder, purgeState } from '../../messages/purge-state.ts';
import type { shownRoute } from '../../messages/route.ts';

export interface Api {
  'GET /whoami': { gives: z.output<typeof ownAccount> };
  'GET /nodes': { gives: readonly NodeState[] };
  'GET /series': { gives: Series };
  'GET /routes': { gives: readonly Route[] };
  'GET /packages': { gives: z.output<typeof packageList> };
  'GET /packages/:route/:name': { gives: PackagePage };
  'DELETE /packages/:route/:name': { gives: object };
  'GET /packages/:route/:name/versions': { gives: z.output<typeof versionPage> };
  'GET /packages/:route/:name/versions/:version': { gives: ArtifactPage };
  'DELETE /packages/:route/:name/versions/:version': { gives: object };
  'GET /packages/:route/:name/readme': { gives: z.output<typeof packageReadme> };
  'GET /clients': { gives: ClientRoutes };
  'GET /top': { gives: z.output<typeof topAnswer> };
  'GET /top/:route/:name': { gives: z.output<typeof whoAnswer> };

  'GET /users': { gives: readonly User[] };
  'POST /users': { takes: { name: string; email?: string; password?: string }; gives: User };
  'PUT /users/:name': { takes: { disabled?: boolean; password?: string }; gives: object };
  'DELETE /users/:name': { gives: object };
  'GET /teams': { gives: readonly Team[] };
  'POST /teams': { takes: { name: string }; gives: Team };
  'DELETE /teams/:name': { gives: object };
  'PUT /teams/:name/members/:user': { gives: Team };
  'DELETE /teams/:name/members/:user': { gives: Team };
  'GET /grants': { gives: readonly Grant[] };
  'POST /grants': { takes: Right & { to: z.output<typeof grantee> }; gives: Grant };
  'DELETE /grants/:id': { gives: object };
  'GET /tokens': { gives: readonly Token[] };
  'POST /tokens': { takes: z.input<typeof wantedToken>; gives: MadeToken };
  'DELETE /tokens/:id': { gives: { told: boolean } };
  'GET /own/tokens': { gives: readonly Token[] };
  'DELETE /own/tokens/:id': { gives: { told: boolean } };
  'GET /audit': { gives: readonly AuditLine[] };

  'GET /policies/:route': { gives: PolicyState };
  'GET /policies/:route/:subject': { gives: z.output<typeof explanation> };

  'POST /explain': { takes: z.input<typeof explainOrder>; gives: NetworkExplanation };
  'POST /purges': { takes: z.input<typeof purgeOrder>; gives: z.output<typeof purgeIssued> };
  'GET /purges': { gives: readonly PurgeState[] };
  'GET /purges/:log/:sequence': { gives: PurgeState };
  'GET /hot': { gives: readonly HotObject[] };
  'GET /evictions': { gives: readonly Eviction[] };
}

export type NodeState = z.output<typeof nodeState>;
export type ClientRoutes = z.output<typeof clientRoutes>;
export type PackageList = z.output<typeof packageList>;
export type PackagePage = z.output<typeof packagePage>;
export type ArtifactPage = z.output<typeof artifactPage>;
export type PurgeState = z.output<typeof purgeState>;
export type Series = z.output<typeof seriesAnswer>;
export type Route = z.output<typeof shownRoute>;
export type User = z.output<typeof user>;
export type Team = z.output<typeof team>;
export type Right = z.output<typeof right>;
export type Grantee = z.output<typeof grantee>;
export type Grant = z.output<typeof grant>;
export type Token = z.output<typeof shownToken>;
export type MadeToken = z.output<typeof madeToken>;
export type AuditLine = z.output<typeof auditLine>;
export type PolicyState = z.output<typeof policyState>;
export type NetworkExplanation = z.output<typeof networkExplanation>;
export type PurgeTarget = z.input<typeof purgeOrder>['targets'][number];
export type HotObject = z.output<typeof hotObject>;
export type Eviction = z.output<typeof placedEviction>;

type ToldCounts = NodeState['counts'];
/** By layer: those that the API knows of, and any that a newer one tells of. */
export type Predicted = NonNullable<ToldCounts['predicted']>;
export type Counts = Omit<ToldCounts, 'layers'> & {
  readonly layers: Readonly<Record<string, NonNullable<ToldCounts['layers']['memory']>>>;
};

/** Paths that an endpoint with this method has. */
export type Path<Method extends string> = keyof Api extends infer Key
  ? Key extends `${Method} ${infer Of}`
    ? Of
    : never
  : never;
