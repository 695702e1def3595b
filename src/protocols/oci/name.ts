/**
 * Names what a request asks for. This is the way of a hit: it runs for every request, so what was made of an address is
 * remembered. What clients say in `Accept` makes no difference: a manifest is given byte for byte as it is, since its digest is its
 * name, and an index is what every client of today takes.
 */
import type { Exchange } from '../../exchange.ts';
import { memoise } from '../../http/memo.ts';
import type { Mount } from '../../protocol.ts';
import type { Answered, FieldList, FreshnessPolicy, Named, Resource } from '../../resource.ts';
import { type Digest, readDigest } from './digest.ts';
import type { Hosted } from './hosted/claims.ts';
import { type Item, keyOf } from './key.ts';
import { nameWrite } from './name-write.ts';
import { below, isTag, readPath, type Wanted } from './path.ts';
import { noAddress, noCatalogue, refuse, unreadable } from './refuse.ts';
import type { Sources } from './sources.ts';
import { tagsOf } from './tags.ts';
import { ticketing } from './token.ts';

/** The key says all. */
const askNothing: FieldList = [];

export interface Naming {
  readonly sources: Sources;
  /** What lives here; `null`: nothing. */
  readonly hosted: Hosted | null;
  readonly metadata: FreshnessPolicy;
}

export function namer(mount: Mount, naming: Naming): (exchange: Exchange) => Named {
  const readable = memoise((target: string) => nameRead(mount, target, naming));
  const tokenPath = `${mount.prefix.endsWith('/v2') ? mount.prefix : `${mount.prefix}/v2`}/token`;
  return (exchange) => {
    const { method, target, path } = exchange;
    if (path === tokenPath) return asksForToken(exchange, naming.sources);
    if (method !== 'GET' && method !== 'HEAD') return nameWrite(mount, exchange, naming);
    const named = readable(target);
    return named === upload ? nameWrite(mount, exchange, naming) : named;
  };
}

function asksForToken(exchange: Exchange, sources: Sources): Named {
  const { method } = exchange;
  return method === 'GET' || method === 'POST'
    ? ticketing(exchange, (name) => sources.fullName(name, null))
    : refuse('token', 'method-not-allowed', 'a token is asked for by GET or POST');
}

/** Read anew each time: where it goes on changes with every chunk. */
const upload: Named = refuse('upload', 'method-not-allowed', 'An upload is no resource.');

function nameRead(mount: Mount, target: string, { sources, hosted, metadata }: Naming): Named {
  const [path = '', query = ''] = target.split('?', 2);
  const rest = below(mount, path);
  if (rest === null) return noAddress;
  const parameters = new URLSearchParams(query);
  const wanted = readPath(rest);
  switch (wanted.kind) {
    case 'base':
      // Clients log in where this asks for it, or not at all: where they may push, it does.
      return hosted === null ? base : { ...base, audience: 'shown' };
    case 'malformed':
      return unreadable(wanted);
    case 'manifest':
    case 'blob':
    case 'tags':
    case 'referrers': {
      const name = sources.fullName(wanted.name, parameters.get('ns'));
      if (name === null)
        return refuse(wanted.kind, 'not-found', `No source of this route has ${wanted.name}.`);
      return resource(
        mount.route,
        itemWanted(wanted, name, parameters),
        metadata,
        isRestricted(hosted, name),
      );
    }
    case 'upload':
      return upload;
    case 'catalogue':
      return noCatalogue;
    default:
      return noAddress;
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
    case 'referrers':
      return { kind: 'referrers', name, digest: wanted.digest, query: filterOf(parameters) };
    case 'blob':
      return { kind: 'blob', name, digest: wanted.digest };
  }
}

/** `?artifactType=` and `?last=`, in one order and nothing else. */
function filterOf(parameters: URLSearchParams): string {
  const filter = new URLSearchParams();
  const [type, last] = [parameters.get('artifactType'), parameters.get('last')];
  if (type !== null) filter.set('artifactType', type);
  if (last !== null && readDigest(last) !== null) filter.set('last', last);
  return filter.size === 0 ? '' : `?${filter}`;
}

/** `?n=` and `?last=`, in one order and nothing else. */
function pageOf(parameters: URLSearchParams): string {
  const page = new URLSearchParams();
  const [n, last] = [parameters.get('n'), parameters.get('last')];
  if (n !== null && /^\d{1,9}$/.test(n)) page.set('n', n);
  if (last !== null && isTag(last)) page.set('last', last);
  return page.size === 0 ? '' : `?${page}`;
}

/** A manifest by its digest, as the origin keeps it. */
export function manifestResource(route: string, name: string, digest: Digest): Resource {
  return resource(route, { kind: 'manifest', name, digest }, undefined, false);
}

/** Anything, as the origin keeps it for itself. */
export function itemResource(route: string, item: Item): Resource {
  return resource(route, item, undefined, false);
}

/** Known by the name alone, so that whoever may not read one learns nothing from what is stored, or how long that takes. */
function isRestricted(hosted: Hosted | null, name: string): boolean {
  return hosted?.claims(name) === true && !hosted.isPublic(name);
}

/** A blob, as the origin keeps it. */
export function blobResource(route: string, name: string, digest: Digest): Resource {
  return resource(route, { kind: 'blob', name, digest }, undefined, false);
}

/** Anything that a source has, as the origin keeps it. */
export function resourceOf(route: string, item: Item, metadata?: FreshnessPolicy): Resource {
  return resource(route, item, metadata, false);
}

function resource(
  route: string,
  item: Item,
  metadata: FreshnessPolicy | undefined,
  isRestricted: boolean,
): Resource {
  const isForGood = item.kind === 'manifest' || item.kind === 'blob';
  return {
    as: 'resource',
    key: keyOf(route, item),
    kind: item.kind,
    subject: item.name,
    ...(isRestricted && { isRestricted }),
    tags: tagsOf(item),
    ask: askNothing,
    ...(item.kind === 'blob' ? { inParts: 'ahead' } : { isDocument: true }),
    // A pull fetches one or two of them, and any number of layers.
    ...((item.kind === 'tag' || item.kind === 'manifest') && { isDownload: true }),
    ...(isForGood ? { freshness: undefined, neverChanges: true } : { freshness: metadata }),
  };
}

/**
 * Clients ask for it first, and go by what they hear: who is not told here how to authenticate shows no credential later on, also where he
 * has one.
 */
const base: Answered = {
  as: 'answer',
  kind: 'base',
  audience: 'reader',
  status: 200,
  fields: [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['docker-distribution-api-version', 'registry/2.0'],
  ],
  body: '{}',
};
