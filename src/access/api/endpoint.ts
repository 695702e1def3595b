/**
 * The HTTP API of the register, as a table: each endpoint with who may call it, what it takes, what it gives and what it does.
 * Requests are checked against it, and its OpenAPI description is made of it.
 */
import type { z } from 'zod';
import type { Position } from '../../bus.ts';
import type { Accounts, Identity } from '../../identity.ts';
import type { ExplainOrder, NetworkExplanation } from '../../messages/explanation.ts';
import type { PrefetchOrder, PrefetchState } from '../../messages/prefetch-order.ts';
import type { PurgeState, purgeIssued, purgeOrder } from '../../messages/purge-state.ts';
import type { ReplicationState } from '../../messages/replication.ts';
import type { ShownRoute } from '../../messages/route.ts';
import type { Explanation, PolicyDesk } from '../../protocol.ts';
import type { Exchange } from '../oidc/exchange.ts';
import type { Actor } from '../register/actor.ts';
import type { Register } from '../register/register.ts';
import type { ClientRoutes } from './clients-message.ts';
import type { Fleet } from './fleet-state.ts';
import type { Works } from './order.ts';
import type {
  ArtifactPage,
  PackageList,
  PackagePage,
  PackagesWanted,
  PackageVersions,
} from './packages-message.ts';
import type { PackagesWanted as KeptWanted, StorageOverview, StoragePackages } from './storage-message.ts';

/**
 * `anybody`: also who has no token. `node`: nodes of the network, for themselves. `admin`: whoever has the right to administer everything. `account`:
 * whoever has a token, about himself. `operator`: whoever is on the origin's own machine, because it is about files there.
 */
export type Audience = 'anybody' | 'node' | 'admin' | 'account' | 'operator';

/** What the endpoints work with. */
export interface ApiServices {
  readonly register: Register;
  readonly exchange: Exchange;
  readonly accounts: Pick<Accounts, 'logIn' | 'standIn'>;
  readonly works: Works;
  readonly storage: StorageDesk;
  readonly fleet: Fleet;
  /** In the order in which they are tried. */
  readonly routes: readonly ShownRoute[];
  readonly explainer: Explainer;
  readonly purges: PurgeDesk;
  readonly replication: ReplicationDesk;
  readonly prefetch: PrefetchDesk;
  /** What a route lets through; `null` for a route that there is not, or that has nothing to do with it. */
  readonly policyOf: (route: string) => PolicyReader | null;
  readonly packages: PackagesDesk;
  /** How clients are pointed at the routes that the asker may learn of. */
  readonly clients: (asked: ClientsAsked) => ClientRoutes;
}

/** Packages of all protocols. Tells whoever asks of those that he may read; `null`: of all. */
export interface PackagesDesk {
  /** @throws `request-malformed` for a cursor that is none, `no-such-record` for a route. */
  search(wanted: PackagesWanted, reader: Identity | null): Promise<PackageList>;
  /** @throws `no-such-record`, also for what he may not read. */
  describe(route: string, name: string, reader: Identity | null): Promise<PackagePage>;
  /** @throws as `describe`. */
  readme(route: string, name: string, reader: Identity | null): Promise<string | null>;
  /** @throws as `describe`, and as `search` for a cursor. */
  versions(
    route: string,
    name: string,
    cursor: string | null,
    reader: Identity | null,
  ): Promise<PackageVersions>;
  /** @throws as `describe`. */
  artifact(route: string, name: string, version: string, reader: Identity | null): Promise<ArtifactPage>;
  /** @throws as `describe`; `forbidden` for who may read it and not do that, and for what has to stay. */
  remove(which: RemovedPackage, reader: Identity | null, actor: Actor): Promise<void>;
}

export interface RemovedPackage {
  readonly route: string;
  readonly name: string;
  /** `null`: all of it. */
  readonly version: string | null;
}

export interface ClientsAsked {
  /** The address to fill in; `null`: that of the node. */
  readonly given: string | null;
  /** `null`: that of the PoP that was asked. */
  readonly node: string | null;
  /** By which the PoP was asked; `null`: none was. */
  readonly askedAt: string | null;
  readonly identity: Identity | null;
}

/** What an origin keeps for good, in numbers. */
export interface StorageDesk {
  overview(): Promise<StorageOverview>;
  packages(wanted: KeptWanted): Promise<StoragePackages>;
}

/** Finds out what would become of a request all over the network. */
export interface Explainer {
  /** Fails with `request-malformed` for an address or a node that there is not, and with `overloaded` while too many ask. */
  explain(order: ExplainOrder): Promise<NetworkExplanation>;
}

/** Purges of the whole network. */
export interface PurgeDesk {
  /** Fails with `request-malformed` where any target makes no sense, and then nothing is purged. */
  order(order: z.output<typeof purgeOrder>, actor: Actor): Promise<z.input<typeof purgeIssued>>;
  /** `null`: it is not among the last ones. One that has just been issued is waited for a little. */
  find(position: Position): Promise<PurgeState | null>;
  /** The newest first. */
  recent(): readonly PurgeState[];
}

/** What nodes shall have before anybody asks for it. */
export interface ReplicationDesk {
  /** By route and repository. */
  state(): readonly ReplicationState[];
}

/** What somebody has nodes fetch for a while before anybody asks for it. */
export interface PrefetchDesk {
  /**
   * Answers before it is known what that is: `find` tells.
   * @throws `request-malformed` for a node, a route or an address that there is not; `overloaded`, `quota-exceeded`.
   */
  order(order: PrefetchOrder, whom: Ordering): Promise<PrefetchState>;
  /** `null`: there is none, or it is somebody else's. */
  find(id: string, identity: Identity | null): Promise<PrefetchState | null>;
  /** Those that he has ordered; all, for whoever may administer. The newest first. */
  all(identity: Identity | null): Promise<readonly PrefetchState[]>;
  /** @returns whether there was one that is his. */
  remove(id: string, whom: Ordering): Promise<boolean>;
}

export interface Ordering {
  /** `null`: the operator on the origin's own machine. */
  readonly identity: Identity | null;
  readonly actor: Actor;
}

export interface PolicyReader extends Omit<PolicyDesk, 'explain'> {
  explain(subject: string): Promise<Explanation>;
}

export interface Call<Input> extends ApiServices {
  readonly actor: Actor;
  /** `null`: a node, or the operator on the origin's own machine. */
  readonly identity: Identity | null;
  /** What the path holds in the places of `:name`. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The address by which a client has asked a PoP, without a trailing slash; `null`: nobody has. */
  readonly askedAt: string | null;
  /** ms since the epoch. */
  readonly nowMs: number;
  readonly input: Input;
}

export interface Endpoint<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/.meridian/v1`, such as `/users/:name`. */
  readonly path: string;
  readonly audience: Audience;
  readonly summary: string;
  /** `null`: no body. */
  readonly input: Input | null;
  readonly output: Output;
  run(call: Call<z.output<Input>>): Promise<z.input<Output>>;
}

/** Keeps the types of one endpoint together. */
export function endpoint<Input extends z.ZodType, Output extends z.ZodType>(
  one: Endpoint<Input, Output>,
): Endpoint {
  return one as unknown as Endpoint;
}
