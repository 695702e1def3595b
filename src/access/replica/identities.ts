/**
 * Whose token it is, by its place in the table, and what he may do: worked out when it is first asked for, and anew after a change. What
 * tokens of one owner have in common is worked out once for all of them.
 */
import type { Deed, Identity, Right } from '../../identity.ts';
import { type Bearer, identityIn } from '../identify.ts';
import type { World } from '../world.ts';

/** Tokens that are kept worked out, a power of two: those of a busy node fit in. */
const keptTokens = 16_384;
/** Owners, times limits of their tokens, for whom rights are kept worked out. */
const keptRights = 100_000;

export interface Known {
  readonly place: number;
  readonly bearer: Bearer;
  /** `null`: its owner may do nothing any more. */
  readonly identity: Identity | null;
}

export interface Identities {
  at(place: number): Known;
  /** Another token is there, or none. */
  forget(place: number): void;
  /** Rights have changed. */
  clear(): void;
}

type May = (deed: Deed) => boolean;

export function identities(world: World, bearerAt: (place: number) => Bearer): Identities {
  /** A place has one slot, which it shares with others. */
  let slots = new Array<Known | undefined>(keptTokens).fill(undefined);
  let rights = new Map<string, Map<readonly Right[] | null, May | null>>();
  let count = 0;
  let isEmpty = true;

  function clear(): void {
    if (isEmpty) return;
    slots = new Array<Known | undefined>(keptTokens).fill(undefined);
    rights = new Map();
    count = 0;
    isEmpty = true;
  }

  function rightsOf(bearer: Bearer): May | null {
    const { owner, limit } = bearer;
    const ofOwner = rights.get(owner);
    const found = ofOwner?.get(limit);
    if (found !== undefined) return found;
    if (count >= keptRights) clear();
    count++;
    isEmpty = false;
    const may = identityIn(world, bearer)?.may ?? null;
    const own = rights.get(owner);
    if (own) own.set(limit, may);
    else rights.set(owner, new Map([[limit, may]]));
    return may;
  }

  return {
    at(place) {
      const slot = place & (keptTokens - 1);
      const found = slots[slot];
      if (found?.place === place) return found;
      const bearer = bearerAt(place);
      const may = rightsOf(bearer);
      const identity = may && { name: bearer.owner, token: bearer.id, may };
      const made = { place, bearer, identity };
      slots[slot] = made;
      isEmpty = false;
      return made;
    },
    forget(place) {
      const slot = place & (keptTokens - 1);
      if (slots[slot]?.place === place) slots[slot] = undefined;
    },
    clear,
  };
}
