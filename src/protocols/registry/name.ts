/**
 * Names what a request asks for. This is the way of a hit: it runs for every request, so what was made of an address is remembered. An
 * ecosystem only says what an address means (`Ecosystem.read`, `Ecosystem.write`).
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Mount } from '../../protocol.ts';
import type { Answered, FieldList, Named, Pass } from '../../resource.ts';
import { byAddress } from '../known-names.ts';
import type { ChangeWanted, Ecosystem, Passed, Read } from './ecosystem.ts';
import { isKeyable, type Naming, resourceOf } from './item.ts';

/** What an origin looks at of a request that changes something. Whoever sends it has been found out by the PoP. */
const passedOn = [
  ...['accept', 'content-type', 'content-length', 'content-encoding', 'content-disposition', 'content-range'],
  ...['if-match', 'if-none-match', 'user-agent', 'x-checksum-md5', 'x-checksum-sha1', 'x-checksum-sha256'],
  ...['x-checksum-sha512', 'repr-digest', 'content-digest', 'content-md5'],
];

/** Where the client of a PoP reaches the route: what addresses in answers begin with that no PoP renders. */
export const baseField = 'meridian-base';

/** Of one address: the same for all who ask, or as each likes it. */
type Known = { readonly named: Named } | { choose(accept: string | null): Named };

export function namer(mount: Mount, ecosystem: Ecosystem, naming: Naming): (exchange: Exchange) => Named {
  const isPop = mount.role === 'pop';
  const known = byAddress((target, base) => {
    const [path, query] = below(mount, target);
    return knownAt(ecosystem.read(path, query), ecosystem, naming, isPop ? base + mount.prefix : null);
  });
  return (exchange) => {
    const { method, target, headers } = exchange;
    const foreign = ecosystem.foreign === undefined ? null : foreignAt(mount, ecosystem, naming, exchange);
    if (foreign !== null) return foreign;
    const address = isPop ? exchange.base + mount.prefix : null;
    if (method !== 'GET' && method !== 'HEAD') return nameWrite(mount, ecosystem, exchange, address);
    const found = known(target, isPop ? exchange.base : '');
    const named = 'named' in found ? found.named : found.choose(headers.get('accept'));
    if (named.as !== 'pass') return named;
    return { ...named, ask: [...addressed(headers, address), ...shownTo(named, headers)] };
  };
}

/** Path and query below the prefix. */
export function below(
  { prefix }: Pick<Mount, 'prefix'>,
  target: string,
): readonly [path: string, query: string] {
  const question = target.indexOf('?');
  const end = question === -1 ? target.length : question;
  return [target.slice(prefix.length, end) || '/', target.slice(end)];
}

function knownAt(read: Read, ecosystem: Ecosystem, naming: Naming, address: string | null): Known {
  const items = read.as === 'item' ? [read.item] : read.as === 'forms' ? read.forms : [];
  if (!items.every(({ path }) => isKeyable(path)))
    return {
      named: refusal('malformed', 'request-malformed', 'The address holds what has to be percent-encoded.'),
    };
  switch (read.as) {
    case 'item':
      return { named: resourceOf(naming, read.item, address) };
    case 'forms': {
      const made = new Map(read.forms.map((item) => [item, resourceOf(naming, item, address)]));
      return {
        choose(accept) {
          const chosen = read.choose(accept);
          return (chosen && made.get(chosen)) ?? notAcceptable(ecosystem, read.forms);
        },
      };
    }
    case 'pass':
      return { named: passed(read) };
    case 'answer': {
      const { kind, status, type, body, location } = read;
      return { named: answered(kind, status, type, body, location) };
    }
    case 'absent':
      return { named: refusal('absent', 'not-found', read.why) };
    case 'malformed':
      return { named: refusal('malformed', 'request-malformed', read.why) };
  }
}

/** Of what lives here, no upstream's credential says anything. */
export function foreignOf(
  ecosystem: Ecosystem,
  authorization: string | null,
  address: readonly [path: string, query: string],
  livesHere: (name: string) => boolean,
): Passed | null {
  if (authorization === null || ecosystem.foreign === undefined) return null;
  const shown = ecosystem.foreign(authorization, ...address);
  return shown === null || (shown.name !== null && livesHere(shown.name)) ? null : shown;
}

function foreignAt(
  mount: Mount,
  ecosystem: Ecosystem,
  naming: Naming,
  { method, target, headers, base }: Exchange,
): Pass | null {
  const authorization = headers.get('authorization');
  if (authorization === null) return null;
  const shown = foreignOf(ecosystem, authorization, below(mount, target), naming.livesHere);
  if (shown === null) return null;
  const range = headers.get('range');
  const ask: FieldList = [
    ...addressed(headers, mount.role === 'pop' ? base + mount.prefix : null),
    ['authorization', authorization],
    ...(range === null ? [] : [['range', range] as const]),
  ];
  return {
    as: 'pass',
    kind: shown.what,
    why: method === 'GET' || method === 'HEAD' ? 'bypass' : 'method',
    audience: 'upstream',
    ask,
  };
}

function passed({ what, name, isLogIn = false }: Passed): Pass {
  const deed = { action: 'read', subject: name ?? '' } as const;
  return { as: 'pass', kind: what, why: 'bypass', deed, ask: [], ...(isLogIn && { audience: 'anybody' }) };
}

/** The password of whoever logs in goes to the origin, which compares it; nothing else of what clients show does. */
function shownTo({ audience }: Pick<Pass, 'audience'>, headers: Headers): FieldList {
  const authorization = audience === 'anybody' ? headers.get('authorization') : null;
  return authorization === null ? [] : [['authorization', authorization]];
}

function nameWrite(
  mount: Mount,
  ecosystem: Ecosystem,
  { method, target, headers }: Exchange,
  address: string | null,
): Named {
  const [path, query] = below(mount, target);
  const wanted = ecosystem.write?.(method, path, query) ?? null;
  if (wanted === null)
    return refusal('write', 'method-not-allowed', `${ecosystem.title} knows no ${method} of this address.`);
  if (wanted.as === 'malformed') return refusal('malformed', 'request-malformed', wanted.why);
  return changing(wanted, headers, address);
}

function changing(
  { what, action, name, bringsBlob, isLogIn = false, isSelfProven = false }: ChangeWanted,
  headers: Headers,
  base: string | null,
): Pass {
  const pass = {
    ...({ as: 'pass', kind: what, why: 'method', bringsBlob, ask: addressed(headers, base) } as const),
    deed: { action, subject: name ?? '' },
  };
  if (isSelfProven) return { ...pass, audience: 'anybody' };
  if (isLogIn) {
    const shown = shownTo({ audience: 'anybody' }, headers);
    return { ...pass, audience: 'anybody', ask: [...pass.ask, ...shown] };
  }
  // Where the body says what it is about, the origin knows whether he may: whoever has no token is refused here.
  return { ...pass, ...(name === null && { audience: 'account' as const }) };
}

/** With where the client reaches the route. @param base a PoP's word, which other nodes hand on; never a client's. */
function addressed(headers: Headers, base: string | null): FieldList {
  const said = base ?? headers.get(baseField);
  return said === null ? fieldsOf(headers) : [...fieldsOf(headers), [baseField, said]];
}

function fieldsOf(headers: Headers): FieldList {
  return passedOn.flatMap((field) => {
    const value = headers.get(field);
    return value === null ? [] : [[field, value] as const];
  });
}

function notAcceptable(
  ecosystem: Ecosystem,
  forms: readonly { readonly form?: string | undefined }[],
): Named {
  const message = `None of the media types that are wanted is to be had: ${forms.map(({ form }) => form).join(', ')}.`;
  const { type, body } = ecosystem.error?.(406, message) ?? {
    type: 'text/plain; charset=utf-8',
    body: message,
  };
  return answered('not-acceptable', 406, type, body);
}

function answered(kind: string, status: number, type: string, body: string, location?: string): Answered {
  const fields: FieldList = [
    ['content-type', type],
    ['cache-control', 'no-store'],
    ...(location === undefined ? [] : [['location', location] as const]),
  ];
  return { as: 'answer', kind, status, fields, body };
}

function refusal(
  kind: string,
  code: 'not-found' | 'request-malformed' | 'method-not-allowed',
  why: string,
): Named {
  return { as: 'refusal', kind, error: new MeridianError(code, why) };
}
