/**
 * Names what a request asks for. This is the way of a hit: it runs for every request, so what was made of an address is
 * remembered. What clients say in `Accept` makes no difference: a manifest is given byte for byte as it is, since its digest is its
 * name, and an index is what every client of today takes.
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import { memoise } from '../../http/memo.ts';
import type { Mount } from '../../protocol.ts';
import type { Answered, FieldList, FreshnessPolicy, Named, Refused, Resource } from '../../resource.ts';
import type { Digest } from './digest.ts';
import { errorBody, type OciCode } from './errors.ts';
import { type Item, keyOf } from './key.ts';
import { readPath, type Wanted } from './path.ts';
import type { Sources } from './sources.ts';

/** The key says all. */
const askNothing: FieldList = [];

export interface Naming {
  readonly sources: Sources;
  readonly metadata: FreshnessPolicy;
}

export function namer(mount: Mount, { sources, metadata }: Naming): (exchange: Exchange) => Named {
  const readable = memoise((target: string) => nameRead(mount, target, sources, metadata));
  return ({ method, target }) =>
    method === 'GET' || method === 'HEAD'
      ? readable(target)
      : refuse('push', 'method-not-allowed', 'nothing can be pushed to this route');
}

/** What a path is below `/v2`: a route may begin there, or at the root of its host. */
export function below(mount: Pick<Mount, 'prefix'>, path: string): string | null {
  const rest = path.slice(mount.prefix.length);
  if (mount.prefix.endsWith('/v2')) return rest;
  return rest === '/v2' || rest.startsWith('/v2/') ? rest.slice('/v2'.length) : null;
}

function nameRead(mount: Mount, target: string, sources: Sources, metadata: FreshnessPolicy): Named {
  const [path = '', query = ''] = target.split('?', 2);
  const rest = below(mount, path);
  if (rest === null) return refuse('nothing', 'not-found', 'A registry for containers serves /v2/ alone.');
  const parameters = new URLSearchParams(query);
  const wanted = readPath(rest);
  switch (wanted.kind) {
    case 'base':
      return base;
    case 'malformed':
      return malformed(wanted.code, wanted.why);
    case 'manifest':
    case 'blob':
    case 'tags':
    case 'referrers': {
      const name = sources.fullName(wanted.name, parameters.get('ns'));
      if (name === null)
        return refuse(wanted.kind, 'not-found', `No source of this route has ${wanted.name}.`);
      return resource(mount.route, itemWanted(wanted, name, parameters), metadata);
    }
    default:
      return refuse(wanted.kind, 'not-found', 'This route serves nothing at this address.');
  }
}

type Readable = Extract<Wanted, { kind: 'manifest' | 'blob' | 'tags' | 'referrers' }>;

function itemWanted(wanted: Readable, name: string, parameters: URLSearchParams): Item {
  switch (wanted.kind) {
    case 'manifest':
      return 'tag' in wanted.reference
        ? { kind: 'tag', name, tag: wanted.reference.tag }
        : { kind: 'manifest', name, digest: wanted.reference.digest };
    case 'tags':
      return { kind: 'tags', name, query: pageOf(parameters) };
    default:
      return { kind: wanted.kind, name, digest: wanted.digest };
  }
}

/** `?n=` and `?last=`, in one order and nothing else. */
function pageOf(parameters: URLSearchParams): string {
  const page = new URLSearchParams();
  const [n, last] = [parameters.get('n'), parameters.get('last')];
  if (n !== null && /^\d{1,9}$/.test(n)) page.set('n', n);
  if (last !== null) page.set('last', last);
  return page.size === 0 ? '' : `?${page}`;
}

/** A manifest by its digest, as the origin keeps it. */
export function manifestResource(route: string, name: string, digest: Digest): Resource {
  return resource(route, { kind: 'manifest', name, digest }, undefined);
}

/** A blob, as the origin keeps it. */
export function blobResource(route: string, name: string, digest: Digest): Resource {
  return resource(route, { kind: 'blob', name, digest }, undefined);
}

function resource(route: string, item: Item, metadata: FreshnessPolicy | undefined): Resource {
  const isForGood = item.kind === 'manifest' || item.kind === 'blob';
  return {
    as: 'resource',
    key: keyOf(route, item),
    kind: item.kind,
    subject: item.name,
    tags: [`oci:${item.name}`, ...(item.kind === 'tag' ? [`oci:${item.name}:${item.tag}`] : [])],
    ask: askNothing,
    ...(item.kind === 'blob' && { inParts: 'ahead' }),
    freshness: isForGood ? undefined : metadata,
  };
}

const base: Answered = {
  as: 'answer',
  kind: 'base',
  status: 200,
  fields: [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['docker-distribution-api-version', 'registry/2.0'],
  ],
  body: '{}',
};

function malformed(code: OciCode, why: string): Answered {
  const fields: FieldList = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
  ];
  return { as: 'answer', kind: 'malformed', status: 400, fields, body: errorBody(code, why) };
}

function refuse(kind: string, code: 'not-found' | 'method-not-allowed', why: string): Refused {
  return { as: 'refusal', kind, error: new MeridianError(code, why) };
}
