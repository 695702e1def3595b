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
import { type Naming, resourceOf } from './item.ts';

/** What an origin looks at of a request that changes something. Whoever sends it has been found out by the PoP. */
const passedOn = [
  ...['accept', 'content-type', 'content-length', 'content-encoding', 'content-disposition', 'content-range'],
  ...['if-match', 'if-none-match', 'user-agent', 'x-checksum-md5', 'x-checksum-sha1', 'x-checksum-sha256'],
  ...['x-checksum-sha512', 'repr-digest', 'content-digest', 'content-md5'],
];

/** Where the client of a request that changes something reaches the route; for answers that have to say it. Between nodes alone. */
export const addressField = 'meridian-address';

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
    return named.as === 'pass' ? { ...named, ask: fieldsOf(headers) } : named;
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
      const { kind, status, type, body } = read;
      return { named: answered(kind, status, type, body) };
    }
    case 'absent':
      return { named: refusal('absent', 'not-found', read.why) };
    case 'malformed':
      return { named: refusal('malformed', 'request-malformed', read.why) };
  }
}

/** Of what lives here, no upstream's credential says anything. */
function foreignAt(
  mount: Mount,
  ecosystem: Ecosystem,
  naming: Naming,
  { method, target, headers, base }: Exchange,
): Pass | null {
  const authorization = headers.get('authorization');
  if (authorization === null) return null;
  const shown = ecosystem.foreign?.(authorization, ...below(mount, target)) ?? null;
  if (shown === null || (shown.name !== null && naming.livesHere(shown.name))) return null;
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

function passed({ what, name }: Passed): Pass {
  return { as: 'pass', kind: what, why: 'bypass', deed: { action: 'read', subject: name ?? '' }, ask: [] };
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
  return changing(wanted, addressed(headers, address));
}

function changing(
  { what, action, name, bringsBlob, isSelfProven = false }: ChangeWanted,
  ask: FieldList,
): Pass {
  const pass = { as: 'pass', kind: what, why: 'method', ask, bringsBlob } as const;
  if (isSelfProven) return { ...pass, audience: 'anybody' };
  // Where the body says what it is about, the origin knows whether he may: whoever has no token is refused here.
  const deed = { action, subject: name ?? '' };
  return name === null ? { ...pass, audience: 'account', deed } : { ...pass, deed };
}

/** With where the client reaches the route, by the word of the PoP that it talks to. */
function addressed(headers: Headers, address: string | null): FieldList {
  const said = address ?? headers.get(addressField);
  return said === null ? fieldsOf(headers) : [...fieldsOf(headers), [addressField, said]];
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

function answered(kind: string, status: number, type: string, body: string): Answered {
  const fields: FieldList = [
    ['content-type', type],
    ['cache-control', 'no-store'],
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
