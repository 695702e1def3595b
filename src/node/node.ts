/**
 * What a node is made of, as its phases see it.
 */
import type { ApiServices } from '../access/api/endpoint.ts';
import type { Guard } from '../access/edge/guard.ts';
import type { Bus } from '../bus.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Exchange } from '../exchange.ts';
import type { TrustedProxies } from '../http/forwarded.ts';
import type { Parent, Way } from '../parent.ts';
import type { ParentStatus } from '../parents/member.ts';
import type { OriginHome, Role } from '../protocol.ts';
import type { Quota } from '../remotes/quota.ts';
import type { CacheKey, Resource } from '../resource.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { RequestMeter } from '../telemetry/metrics/requests.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import type { Popularity } from '../telemetry/top/popularity.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import type { Audience } from './audience.ts';
import type { NodeHot } from './hot.ts';
import type { Prediction } from './prediction.ts';
import type { Purging } from './purging.ts';
import type { NodeRing } from './ring.ts';
import type { Route, Routes } from './routes.ts';
import type { Slots } from './slots.ts';
import type { Stores } from './stores.ts';
import type { TierTls } from './tier-tls.ts';

export interface Node {
  readonly name: string;
  readonly role: Role;
  readonly clock: Clock;
  /** This node's metric in `Server-Timing`. */
  readonly timing: (durationMs: number) => string;
  readonly log: Log;
  readonly cache: Cache;
  readonly bus: Bus;
  /** `null` where nothing is kept for good. */
  readonly stores: Stores | null;
  readonly counts: Counts;
  /** Counts each request. */
  readonly meter: RequestMeter;
  /** Counts what is done for them. */
  readonly work: WorkMeter;
  /** What clients ask for most, and who they are; `null` at nodes that only other nodes ask. */
  readonly popularity: Popularity | null;
  readonly purging: Purging;
  /** Who may have what; `null` at nodes that only other nodes ask. */
  readonly guard: Guard | null;
  /** Room for bodies that are packed for other nodes as they come. */
  readonly packing: Slots;
  /** Those that keep what this node keeps, each its part; `null` for one that keeps all of it. */
  readonly ring: NodeRing | null;
  /** How clients of a PoP ask. */
  readonly audience: Audience;
  /** What several members of the ring keep, because it is asked for so often. Opened once all the rest is there. */
  hot: NodeHot | null;
  /** Fetches what clients are going to ask for; `null` where nothing is predicted. Opened once all the rest is there. */
  predictor: Prediction | null;
  /** Everything that the config decides; replaced as a whole on reload. */
  site: Site;
  accessLog: AccessLog | null;
  /** Which traces are kept; replaced on reload. */
  tracing: Tracing;
}

export interface Counts {
  requests: number;
  hits: number;
  errors: number;
  /** Requests whose answer is not known yet. */
  pending: number;
}

/** What a remote has said of how often it may be asked. */
export interface AskedRemote {
  /** For how long it wants to be left alone, ms; 0: not at all. */
  readonly pausedMs: () => number;
  /** What it still grants; `null`: it does not say. */
  readonly quota: () => Quota | null;
}

export interface Site {
  readonly config: NodeConfig;
  readonly secret: string;
  readonly routes: Routes;
  /** The network's own. */
  readonly system: Route;
  /** What the API works with; `null` where there are no records. */
  readonly services: ApiServices | null;
  /** Whom a miss of this route goes to. */
  readonly parentOf: (route: Route) => Parent;
  /** At the origin: reads a resource of a route through its own cache, with nobody behind it. `null` elsewhere, and for what is no route of the config. */
  readonly readOf: (route: Route) => OriginHome['read'] | null;
  /** Proxies in front whose word about the client is believed; `null` when there are none. */
  readonly trustedProxies: TrustedProxies | null;
  /** This node's identity in `CDN-Loop` (RFC 8586) and `Via`. */
  readonly cdnId: string;
  /** Another PoP has named this one as its sibling. */
  readonly isSibling: boolean;
  /** How full the way to the parents is; tried for a while from then on. `null`: nothing is known yet, or there are none. */
  readonly way: () => Way | null;
  readonly parentStatus: () => readonly ParentStatus[];
  /** Remotes that the origin asks by the config (scheme, host and port). */
  readonly servers: ReadonlyMap<string, AskedRemote>;
  /** Tells a parent or a sibling that these traces are kept. Never rejects. */
  readonly tellKept: (node: string, traceIds: readonly string[]) => Promise<void>;
  /** For requests to other nodes. */
  readonly tls: TierTls;
  /** Begins what goes on without a request: the site is in force. */
  begin(): void;
  close(): void;
}

/** A phase's way to say what a request was about, for the access log and for what is counted. */
export interface Account {
  readonly exchange: Exchange;
  readonly route: string;
  readonly kind: string;
  /** What may be stored. */
  readonly resource?: Resource | undefined;
  /** Id of the token of who asks, once somebody had to know; `null`: without one. */
  token?: string | null | undefined;
  /** Not everybody may read it, as far as is known by now. */
  isRestricted?: boolean | undefined;
  /** Of what may be stored, once it was not found in memory. */
  readonly key?: CacheKey;
}
