/**
 * A phase of PoPs: who asks, and whether he may have it. Where everybody may read a route and what was found is not
 * restricted, this does not run at all.
 */

import { credentialIn } from '../access/credential.ts';
import type { Guard } from '../access/edge/guard.ts';
import { tokenPrefix } from '../access/token.ts';
import { discard } from '../cache/lead.ts';
import type { Found } from '../cache/served.ts';
import type { Obtained } from '../cache/slices/object.ts';
import { MeridianError } from '../errors.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { accessField, type Deed, type Identity, isRestricted, restrictedValue } from '../identity.ts';
import type { Pass, Resource } from '../resource.ts';
import type { Route } from './routes.ts';

/** Whether what was found may be given to anybody at all. */
export function isFree(guard: Guard, route: Route, { resident }: Found): boolean {
  return guard.isOpen(route.name) && (resident === null || !resident.isRestricted);
}

/** Reading this, as far as can be told before it is found. */
// off the hit path: not everybody may read the route
export function readingOf(route: Route, { subject = '' }: Resource, { resident }: Found): Deed {
  return { action: 'read', route: route.name, subject, restricted: resident?.isRestricted === true };
}

/** What a request that goes to the parent every time does. */
// off the hit path: goes to the parent
function doingOf(route: Route, { deed }: Pass): Deed {
  return { action: 'read', subject: '', ...deed, route: route.name, restricted: false };
}

/** @throws `unauthenticated`, `forbidden`, `access-unknown`. */
// off the hit path: not everybody may read the route
export function admitted(guard: Guard, exchange: Exchange, deed: Deed): Identity | Promise<Identity> {
  const judged = (identity: Identity) => {
    const denial = guard.denial(identity, deed, exchange);
    if (denial !== null) throw denial;
    return identity;
  };
  const identity = guard.identify(exchange);
  return identity instanceof Promise ? identity.then(judged) : judged(identity);
}

/**
 * Judges what a miss has brought, for this request alone, whoever else waits for the same: it may be restricted, which nobody
 * could know before. @throws as `admitted`, and lets go of it then.
 */
// off the hit path: after a miss
export async function admitToObtained(
  guard: Guard,
  exchange: Exchange,
  route: Route,
  { subject = '' }: Resource,
  obtained: Obtained,
): Promise<void> {
  if (!isRestrictedSource(obtained)) return;
  try {
    await admitted(guard, exchange, { action: 'read', route: route.name, subject, restricted: true });
  } catch (denial) {
    if (obtained.source.from === 'parent') discard(obtained.source.answer);
    throw denial;
  }
}

function isRestrictedSource({ source }: Obtained): boolean {
  switch (source.from) {
    case 'memory':
    case 'disk':
      return isRestricted(source.entry.fields);
    case 'fill':
      return isRestricted(source.fill.head.fields);
    case 'slices':
      return isRestricted(source.object.head.fields);
    case 'parent':
      return source.answer.headers.get(accessField) === restrictedValue;
  }
}

/** Lets a request on to the parent: with who is behind it, where it is for the origin to decide. */
// off the hit path: goes to the parent
export async function admitToPass(
  guard: Guard,
  exchange: Exchange,
  route: Route,
  named: Pass,
): Promise<Exchange> {
  const onward = withoutToken(exchange);
  if (named.audience === 'anybody') return onward;
  if (named.audience === 'account') return inOtherWords(onward, { identity: await holder(guard, exchange) });
  if (named.deed === undefined && guard.isOpen(route.name)) return onward;
  const identity = await admitted(guard, exchange, doingOf(route, named));
  return inOtherWords(onward, { identity });
}

/** Whoever has a token, whatever he may do. */
// off the hit path: goes to the parent
async function holder(guard: Guard, exchange: Exchange): Promise<Identity> {
  const identity = await guard.identify(exchange);
  if (identity.token === null) throw new MeridianError('unauthenticated', 'You are not logged in.');
  return identity;
}

/** Tokens of this network are for its own nodes: no upstream ever sees one, nor what looks like one. */
// off the hit path: goes to the parent
export function withoutToken(exchange: Exchange): Exchange {
  const { headers } = exchange;
  const own = [...credentialFields].filter((name) => holdsToken(headers, name));
  if (own.length === 0) return exchange;
  const others = new Headers(headers);
  for (const name of own) others.delete(name);
  return inOtherWords(exchange, { headers: others });
}

const credentialFields = ['authorization', 'x-api-key'] as const;

// off the hit path: goes to the parent
function holdsToken(headers: Headers, name: (typeof credentialFields)[number]): boolean {
  const value = headers.get(name);
  if (value === null) return false;
  return value.includes(tokenPrefix) || credentialIn(new Headers({ [name]: value })).as === 'token';
}
