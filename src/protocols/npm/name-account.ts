/**
 * Names requests about accounts: who logs in, who somebody is, his tokens. All of them go to the origin every time, which alone
 * knows passwords, and no cache ever sees an answer.
 */
import type { Exchange } from '../../exchange.ts';
import type { Mount } from '../../protocol.ts';
import type { Named, Pass } from '../../resource.ts';
import { type AccountWanted, readAccount } from './account/path.ts';
import { mediaTypes } from './form.ts';
import { refuse, upstreamAdvice } from './name-write.ts';

/** The address of the route as the client used it, which the PoP tells the origin. Between nodes only. */
export const addressField = 'meridian-npm-address';

/** @param path below the route's prefix. */
export function nameAccount(mount: Mount, path: string, exchange: Exchange, isHome: boolean): Named {
  const wanted = readAccount(path);
  if (wanted.of === 'elsewhere') return refuse('account', wanted.advice);
  if (!isHome && aboutPackages.has(wanted.of)) return refuse('account', upstreamAdvice);
  const audience = audienceOf(exchange.method, wanted);
  if (audience === null) return refuse('account', 'This is not how npm asks for it.');
  return {
    ...{ as: 'pass', kind: 'account', why: exchange.method === 'GET' ? 'bypass' : 'method', audience },
    deed: { action: 'read', subject: '' },
    ask: fieldsFor(mount, wanted, exchange),
  };
}

/** Of those that live here. */
const aboutPackages: ReadonlySet<AccountWanted['of']> = new Set([
  ...(['teams', 'team', 'members', 'team-packages', 'scope-packages', 'user-packages'] as const),
]);

/** `null`: nobody asks so. */
function audienceOf(method: string, { of }: AccountWanted): NonNullable<Pass['audience']> | null {
  switch (of) {
    case 'whoami':
    case 'scope-packages':
    case 'user-packages':
      return method === 'GET' ? 'account' : null;
    case 'profile':
    case 'tokens':
      return method === 'GET' || method === 'POST' ? 'account' : null;
    case 'token':
    case 'team':
      return method === 'DELETE' ? 'account' : null;
    case 'teams':
      return method === 'GET' || method === 'PUT' ? 'account' : null;
    case 'members':
    case 'team-packages':
      return method === 'GET' || method === 'PUT' || method === 'DELETE' ? 'account' : null;
    case 'user':
      return method === 'PUT' ? 'anybody' : method === 'GET' ? 'account' : null;
    case 'login':
      return method === 'GET' || method === 'POST' ? 'anybody' : null;
    case 'done':
      return method === 'GET' ? 'anybody' : null;
    case 'exchange':
      return method === 'POST' ? 'anybody' : null;
    case 'elsewhere':
      return null;
  }
}

/** What tells whether a form was sent from our own page, besides what describes a body. */
const fields = ['content-type', 'content-encoding', 'origin', 'sec-fetch-site'];

function fieldsFor(mount: Mount, { of }: AccountWanted, { headers, base }: Exchange): Pass['ask'] {
  const ask: [string, string][] = [
    ['accept', mediaTypes.full],
    ['accept-encoding', 'identity'],
  ];
  for (const name of fields) {
    const value = headers.get(name);
    if (value !== null) ask.push([name, value]);
  }
  const address = mount.role === 'pop' ? base + mount.prefix : headers.get(addressField);
  if (address !== null) ask.push([addressField, address]);
  const shown = headers.get('authorization');
  if (of === 'exchange' && shown !== null && identityToken.test(shown)) ask.push(['authorization', shown]);
  return ask;
}

/** A JWT: nothing else that a client shows leaves the PoP. */
const identityToken = /^bearer [\w-]+\.[\w-]+\.[\w-]+$/i;
