/** What the origin has of a route for packages, besides its stores. */
import type { Clock } from '../../clock.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import type { Budget } from '../budget.ts';
import type { Ecosystem } from './ecosystem.ts';
import type { Hosted } from './hosted/claims.ts';
import type { Teller } from './hosted/tell.ts';
import type { MirrorOptions } from './options.ts';
import type { Policy } from './policy/policy.ts';
import type { Sources } from './sources.ts';

export interface RegistryOrigin {
  readonly ecosystem: Ecosystem;
  readonly route: string;
  /** Path prefix of the route, without a trailing slash. */
  readonly prefix: string;
  readonly sources: Sources;
  /** What lives here; `null`: nothing. */
  readonly hosted: Hosted | null;
  /** Told of every change of what lives here. */
  readonly teller: Teller;
  /** `null`: nothing is asked of what is pulled. */
  readonly policy: Policy | null;
  readonly mirror: MirrorOptions;
  readonly metadata: FreshnessPolicy;
  readonly maxIndexBytes: number;
  /** Memory for indexes that are being fetched and derived, all together. */
  readonly budget: Budget;
  /** Whether something is for those only who have been given it by name. */
  isRestricted(name: string): boolean;
  /** Whether it is nobody else's. */
  livesHere(name: string): boolean;
  readonly clock: Clock;
}

/** One question, at the origin. */
export interface Pulling {
  readonly registry: RegistryOrigin;
  readonly ask: Ask;
  readonly door: OriginDoor;
}

/** One request that changes something, or that no cache may answer. Its body has not been read. */
export interface Changing extends Pulling {
  /** Path below the prefix, with its leading slash, and the query with its question mark. */
  readonly path: string;
  readonly query: string;
}
