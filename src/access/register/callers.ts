/**
 * Who stands behind a request that a PoP has let in, by the origin's own records: what was revoked a moment ago is good for
 * nothing here, whatever the PoP has heard.
 */

import type { Caller } from '../../exchange.ts';
import { cidrSet } from '../../http/cidr.ts';
import type { Identity, Right } from '../../identity.ts';
import type { MetadataStore, Revision } from '../../store.ts';
import { anonymousIn, identityIn, refusalOf } from '../identify.ts';
import { allowing } from '../rights.ts';
import type { World } from '../world.ts';
import { documents, find, keys } from './documents.ts';

export interface Callers {
  /** Somebody whose token is good for nothing is anonymous. */
  identify(caller: Caller | undefined, nowMs: number): Promise<Identity>;
  /** Users, teams and grants as they are now. They are read again only when anything has changed. */
  world(): Promise<World>;
}

export function callers(metadata: MetadataStore, readWorld: () => Promise<World>): Callers {
  let known: { readonly revision: Revision | null; readonly world: World } | null = null;

  async function current(): Promise<World> {
    const revision = (await metadata.get(keys.order))?.revision ?? null;
    if (known?.revision !== revision || known === null) known = { revision, world: await readWorld() };
    return known.world;
  }

  async function holderOf(caller: Caller | undefined, nowMs: number): Promise<Identity> {
    const now = await current();
    if (caller?.token == null) return anonymousIn(now);
    const token = await find(metadata, documents.token, keys.token(caller.token));
    if (token === null) return anonymousIn(now);
    const { addresses } = token;
    const bearer = { ...token, addresses: addresses.length === 0 ? null : cidrSet(addresses) };
    if (refusalOf(bearer, { nowMs, address: () => caller.address }) !== null) return anonymousIn(now);
    return identityIn(now, bearer) ?? anonymousIn(now);
  }

  return {
    world: current,
    identify: async (caller, nowMs) => limited(await holderOf(caller, nowMs), caller?.only),
  };
}

/** Who shows a ticket may do no more here than at the PoP. */
function limited(whole: Identity, only: readonly Right[] | undefined): Identity {
  if (only === undefined) return whole;
  const isFor = allowing({ common: [], own: only, limit: null });
  const { name, token } = whole;
  return { name, token, whole, only, may: (deed) => isFor(deed) && whole.may(deed) };
}
