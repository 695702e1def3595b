/**
 * Names what a request asks for. This is the way of a hit: it runs for every request. A path that came lately has its names
 * at hand; another one is only scanned. Everything that could vary by client is in the key of a PoP's entry (form, encoding, the
 * address that tarball links point at); below the PoP there is one entry per document for the whole network.
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Mount } from '../../protocol.ts';
import type { Answered, FieldList, FreshnessPolicy, Named, Pass, Refused, Resource } from '../../resource.ts';
import { byAddress } from '../known-names.ts';
import { type Form, mediaTypes, preferredForm } from './form.ts';
import { type Item, keyOf, type Rendering } from './key.ts';
import { nameAccount } from './name-account.ts';
import { auditAdvice, nameWrite, refuse, stageAdvice, upstreamAdvice } from './name-write.ts';
import { readPath, type Wanted } from './path.ts';

const identity = ['accept-encoding', 'identity'] as const;
const askFull: FieldList = [['accept', mediaTypes.full], identity];
const askAbbreviated: FieldList = [['accept', mediaTypes.abbreviated], identity];
/** A tarball's address says it all. */
const askNothing: FieldList = [];

export interface Naming {
  readonly metadata: FreshnessPolicy;
  /** Packages can be published on this route. */
  readonly isHome: boolean;
}

export function namer(mount: Mount, { metadata, isHome }: Naming): (exchange: Exchange) => Named {
  const isPop = mount.role === 'pop';
  const known = byAddress((path, base) =>
    readableAt(mount, readPath(path), { metadata, isHome }, isPop ? { address: base + mount.prefix } : null),
  );

  return (exchange) => {
    const { method } = exchange;
    const path = exchange.path.slice(mount.prefix.length);
    if (method !== 'GET' && method !== 'HEAD') {
      const wanted = readPath(path);
      if (wanted.kind === 'account') return nameAccount(mount, path, exchange, isHome);
      return nameWrite(method, wanted, exchange, isHome);
    }
    // Below a PoP, there is one rendering for everybody.
    const { full, abbreviated } = known(path, isPop ? exchange.base : '');
    if (full === null) return nameOther(mount, path, exchange, isHome);
    if (full === abbreviated) return full;
    if (asksForWrite(exchange.query)) return readPast('document', full.subject ?? '');
    return preferredForm(exchange.headers.get('accept')) === 'full' ? full : abbreviated;
  };
}

/** What there is to read at a path, in both forms where it has two. */
type Readable =
  | { readonly full: Resource; readonly abbreviated: Resource }
  | { readonly full: null; readonly abbreviated: null };

const notReadable: Readable = { full: null, abbreviated: null };

function readableAt(
  mount: Mount,
  wanted: Wanted,
  { metadata, isHome }: Naming,
  rendering: Rendering | null,
): Readable {
  const alike = (only: Resource) => ({ full: only, abbreviated: only });
  switch (wanted.kind) {
    case 'packument': {
      const { kind, name } = wanted;
      const inForm = (form: Form) => resource(mount, { kind, form, name }, askFor(form), metadata, rendering);
      return { full: inForm('full'), abbreviated: inForm('abbreviated') };
    }
    case 'manifest':
      return alike(resource(mount, wanted, askFull, metadata, rendering));
    case 'tarball':
      return alike(resource(mount, wanted, askNothing, undefined));
    case 'dist-tags':
      return alike(resource(mount, { kind: 'dist-tags', name: wanted.name }, askFull, metadata));
    case 'known':
      return isHome
        ? alike(resource(mount, { kind: 'known', name: wanted.name }, askFull, metadata))
        : notReadable;
    case 'attestations':
      return alike(resource(mount, wanted, askFull, metadata));
    case 'keys':
      return alike(resource(mount, { kind: 'keys' }, askFull, metadata));
    default:
      return notReadable;
  }
}

/** What is read, but from no cache. */
function nameOther(mount: Mount, path: string, exchange: Exchange, isHome: boolean): Named {
  const wanted = readPath(path);
  switch (wanted.kind) {
    case 'account':
      return nameAccount(mount, path, exchange, isHome);
    case 'ping':
      return ping;
    case 'search':
      // Of what lives here, everybody finds what he may read.
      return readPast('search', '');
    case 'known':
      return refuse(wanted.kind, upstreamAdvice);
    case 'access':
    case 'visibility':
    case 'collaborators':
      return isHome ? readPast(wanted.kind, wanted.name) : refuse(wanted.kind, upstreamAdvice);
    default:
      return refuseRead(wanted);
  }
}

function askFor(form: Form): FieldList {
  return form === 'full' ? askFull : askAbbreviated;
}

/** The index that the origin keeps beside a package's documents (see `pull-tarball.ts`). */
export function indexResource(route: string, name: string, metadata: FreshnessPolicy): Resource {
  return resource({ route }, { kind: 'index', name }, askNothing, metadata);
}

/** What installers choose from, for whoever wants to know what they will ask for (`foresight/`). */
export function choicesResource(route: string, name: string, metadata: FreshnessPolicy): Resource {
  return resource({ route }, { kind: 'choices', name }, askNothing, metadata);
}

/** A package's document as the origin keeps it. */
export function packumentResource(
  route: string,
  form: Form,
  name: string,
  metadata: FreshnessPolicy,
): Resource {
  return resource({ route }, { kind: 'packument', form, name }, askFor(form), metadata);
}

export function tarballResource(route: string, name: string, file: string): Resource {
  return resource({ route }, { kind: 'tarball', name, file }, askNothing, undefined);
}

function resource(
  mount: { readonly route: string },
  item: Item,
  ask: FieldList,
  freshness: FreshnessPolicy | undefined,
  rendering: Rendering | null = null,
): Resource {
  const tags = tagsOf(item);
  return {
    as: 'resource',
    key: keyOf(mount.route, item, rendering),
    kind: item.kind,
    ...('name' in item && { subject: item.name }),
    ...(item.kind === 'tarball' ? { isDownload: true, neverChanges: true } : { isDownload: false }),
    tags,
    ask,
    freshness,
    compress: rendering !== null,
    rendered: rendering !== null,
  };
}

function tagsOf(item: Item): readonly string[] {
  if (!('name' in item)) return ['npm'];
  const tags = [`npm:${item.name}`];
  return item.kind === 'manifest' ? [...tags, manifestsTag(item.name)] : tags;
}

/** Borne by all that is cut out of a package's document: versions, and tags in their place. */
export function manifestsTag(name: string): string {
  return `npm-manifests:${name}`;
}

/** Something of a package that no cache may answer. */
function readPast(kind: string, subject: string): Pass {
  return { as: 'pass', kind, why: 'bypass', deed: { action: 'read', subject }, ask: askFull };
}

const ping: Answered = {
  as: 'answer',
  kind: 'ping',
  status: 200,
  fields: [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
  ],
  body: '{}',
};

/** `?write=true`: npm is about to change the document, so it wants the registry's own, `_rev` and all. */
function asksForWrite(query: string): boolean {
  return query !== '' && `&${query.slice(1)}&`.includes('&write=true&');
}

function refuseRead(wanted: Wanted): Refused {
  switch (wanted.kind) {
    case 'audit-tree':
      return refuse(wanted.kind, auditAdvice);
    case 'advisories':
      return refuse(wanted.kind, 'Security advisories are asked for with POST.');
    case 'publish':
      return refuse(wanted.kind, stageAdvice);
    case 'malformed':
      return { as: 'refusal', kind: wanted.kind, error: new MeridianError('request-malformed', wanted.why) };
    default:
      return {
        as: 'refusal',
        kind: wanted.kind,
        error: new MeridianError(
          'not-found',
          'An npm registry serves nothing at this path. Packages are at /<name>.',
        ),
      };
  }
}
