/**
 * Who stands behind a token, and what he may do with it, here and now.
 */
import type { CidrSet } from '../http/cidr.ts';
import type { Identity, Right } from '../identity.ts';
import { allowing } from './rights.ts';
import { commonRights, ownRights, type World } from './world.ts';

/** Why a token is good for nothing. */
export type Refusal = 'unknown' | 'expired' | 'elsewhere' | 'disabled';

/** What a token says of itself. */
export interface Bearer {
  readonly id: string;
  readonly owner: string;
  /** ms since the epoch. */
  readonly expiresMs: number | null;
  /** Where it may be used from; `null`: anywhere. */
  readonly addresses: CidrSet | null;
  readonly limit: readonly Right[] | null;
}

export interface Circumstances {
  /** ms since the epoch. */
  readonly nowMs: number;
  /** The client's address; asked for only by tokens that are bound to some. */
  readonly address: () => string;
}

export function anonymousIn(world: World): Identity {
  const may = allowing({ common: commonRights(world), own: [], limit: null });
  return { name: 'anonymous', token: null, may };
}

/** The identity of a token that is good, whenever and wherever it is used. `null`: its owner may do nothing any more. */
export function identityIn(world: World, { id, owner, limit }: Bearer): Identity | null {
  const own = ownRights(world, owner);
  if (own === null) return null;
  return { name: owner, token: id, may: allowing({ common: commonRights(world), own, limit }) };
}

/** What stands against a token now and from there; `null`: nothing. */
export function refusalOf(
  { expiresMs, addresses }: Bearer,
  { nowMs, address }: Circumstances,
): Refusal | null {
  if (expiresMs !== null && nowMs >= expiresMs) return 'expired';
  if (addresses !== null && !addresses.has(address())) return 'elsewhere';
  return null;
}
