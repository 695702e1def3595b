/**
 * A phase of PoPs: who asks, and whether he may have it. Where everybody may read a route and what was found is not
 * restricted, this does not run at all.
 */

import { type Guard, guardReasons } from '../access/edge/guard.ts';
import { isTokenInAddress, mayHoldToken } from '../access/traces.ts';
import { discard } from '../cache/lead.ts';
import type { Found } from '../cache/served.ts';
import type { Obtained, SlicedObject } from '../cache/slices/object.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { accessField, type Deed, type Identity, isRestricted, restrictedValue } from '../identity.ts';
import type { Pass, Resource } from '../resource.ts';
import type { Route } from './routes.ts';

/** Whether what was found may be given to anybody at all. */
export function isFree(guard: Guard, route: Route, { isRestricted }: Resource, { resident }: Found): boolean {
  return guard.isOpen(route.name) && isRestricted !== true && (resident === null || !resident.isRestricted);
}

/** Reading this, as far as can be told before it is found. */
// off the hit path: not everybody may read the route
export function readingOf(route: Route, resource: Resource, { resident }: Found): Deed {
  const { subject = '', isRestricted = false } = resource;
  const restricted = isRestricted || resident?.isRestricted === true;
  return { action: 'read', route: route.name, subject, restricted };
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

/** Who may do this, as far as that is known at once; `null`: not, as far as that. What stands against it is said, and noted, where the request goes next. */
// off the hit path: not everybody may read the route
export function admittedAtOnce(guard: Guard, exchange: Exchange, deed: Deed): Identity | null {
  try {
    const identity = guard.identify(exchange);
    if (!(identity instanceof Promise)) return identity.may(deed) ? identity : null;
    identity.catch(() => {}); // who asks again hears the same
    return null;
  } catch {
    return null; // who asks again hears why
  }
}

/**
 * Judges what a miss has brought, for this request alone, whoever else waits for the same: it may be restricted, which nobody
 * could know before; and where not everybody may read the route, a right may have been taken away while he waited.
 * @throws as `admitted`, and lets go of it then.
 */
// off the hit path: after a miss
export async function admitToObtained(
  guard: Guard,
  exchange: Exchange,
  route: Route,
  resource: Resource,
  obtained: Obtained,
): Promise<Obtained> {
  const { source } = obtained;
  const restricted = isRestrictedSource(obtained);
  if (restricted || !guard.isOpen(route.name)) {
    const { subject = '' } = resource;
    await admitToSource(guard, exchange, { action: 'read', route: route.name, subject, restricted }, source);
  }
  if (source.from !== 'slices') return obtained;
  // Where the parent has another version by the time it is read, that one may be restricted.
  const judge = (again: Obtained) => admitToObtained(guard, exchange, route, resource, again);
  return { ...obtained, source: { from: 'slices', object: judgedAgain(source.object, judge) } };
}

// off the hit path: after a miss
function judgedAgain(object: SlicedObject, judge: (again: Obtained) => Promise<Obtained>): SlicedObject {
  return {
    ...object,
    async open(ranges, gone) {
      const opened = await object.open(ranges, gone);
      return 'again' in opened ? { again: await judge(opened.again) } : opened;
    },
  };
}

/** The same for what is asked for every time, where the parent had no reason to decide about it. */
// off the hit path: goes to the parent
export async function admitToAnswer(
  guard: Guard,
  exchange: Exchange,
  route: Route,
  { deed }: Pass,
  answer: Answer,
): Promise<void> {
  if (answer.headers.get(accessField) !== restrictedValue) return;
  const what = { route: route.name, subject: deed?.subject ?? '', restricted: true };
  await admitToSource(guard, exchange, { ...what, action: 'read' }, { from: 'parent', answer });
}

// off the hit path: after a miss
async function admitToSource(
  guard: Guard,
  exchange: Exchange,
  deed: Deed,
  source: Obtained['source'],
): Promise<void> {
  try {
    await admitted(guard, exchange, deed);
  } catch (denial) {
    if (source.from === 'parent') discard(source.answer);
    throw denial;
  }
}

/** Whether it is for those only who have the right by name. */
// off the hit path: after a miss
export function isRestrictedSource({ source }: Obtained): boolean {
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
  // What is about accounts goes no further than the origin: `npm logout` names the token in the address.
  const onward = named.audience === undefined ? withoutToken(exchange) : withoutTokenFields(exchange);
  if (named.audience === 'anybody') return onward;
  if (named.audience === 'upstream') {
    if (guard.isOpen(route.name)) return onward;
    throw new MeridianError(
      'unauthenticated',
      'The token is another registry’s, and this route needs one of its own.',
    );
  }
  if (named.audience === 'account') return inOtherWords(onward, { identity: await holder(guard, exchange) });
  if (named.deed === undefined && guard.isOpen(route.name)) return onward;
  const identity = await admitted(guard, exchange, doingOf(route, named));
  return inOtherWords(onward, { identity });
}

/** Whoever has a token, whatever he may do; of a ticket, the origin would see the token behind it alone, which is good for more. */
// off the hit path: goes to the parent
async function holder(guard: Guard, exchange: Exchange): Promise<Identity> {
  const identity = await guard.identify(exchange);
  if (identity.token === null) throw new MeridianError('unauthenticated', 'You are not logged in.');
  if (identity.whole !== undefined) throw new MeridianError('scope-too-narrow', guardReasons.ticket);
  return identity;
}

/**
 * Tokens of this network are for its own nodes: no upstream ever sees one, nor what looks like one, in whatever field it comes.
 * @throws `request-malformed` for one in the address, which would get into logs and caches.
 */
// off the hit path: goes to the parent
export function withoutToken(exchange: Exchange): Exchange {
  if (isTokenInAddress(exchange.target)) {
    throw new MeridianError('request-malformed', 'There is a token in the address: it belongs in a field');
  }
  return withoutTokenFields(exchange);
}

// off the hit path: goes to the parent
function withoutTokenFields(exchange: Exchange): Exchange {
  const { headers } = exchange;
  const own: string[] = [];
  for (const [name, value] of headers) if (mayHoldToken(value)) own.push(name);
  if (own.length === 0) return exchange;
  const others = new Headers(headers);
  for (const name of own) others.delete(name);
  return inOtherWords(exchange, { headers: others });
}
