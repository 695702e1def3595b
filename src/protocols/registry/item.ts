/**
 * Items as caches know them. A key says everything that its answer depends on, and so which item it stands for:
 *
 *     <route> <kind>/<path>
 *     <route> <kind>/<path> <form>
 *     <route> <kind>/<path> <form or nothing> https://packages.example.com/pypi      at a PoP, of what is rendered
 */
import { MeridianError } from '../../errors.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { CacheKey, FieldList, FreshnessPolicy, Pass, Resource } from '../../resource.ts';
import type { Ecosystem, Item, Pulling } from './ecosystem.ts';

/** What `name` made of an item, which it remembers. */
export interface ItemResource extends Resource {
  readonly item: Item;
}

export function itemOf(named: Resource | Pass): Item | null {
  return isItemResource(named) ? named.item : null;
}

function isItemResource(named: Resource | Pass): named is ItemResource {
  return named.as === 'resource' && 'item' in named;
}

/** Where a PoP's clients reach the route; `null` where documents are the network's own. */
type Address = string | null;

/** A path that may be a part of a key: printable, and without the space that ends it there. */
export function isKeyable(path: string): boolean {
  return /^[\x21-\x7e]*$/.test(path);
}

export function keyOf(route: string, { kind, path, form = '' }: Item, address: Address = null): CacheKey {
  const rendering = address === null ? '' : ` ${address}`;
  const suffix = form === '' && rendering === '' ? '' : ` ${form}`;
  return `${route} ${kind}/${path}${suffix}${rendering}` as CacheKey;
}

/** The last word of a rendered item's key. */
export function addressIn(key: CacheKey): string | null {
  return key.split(' ')[3] ?? null;
}

/** What its address means once, it means for good. */
export function neverChanges({ isFile = false, isMutable = false }: Item): boolean {
  return isFile && !isMutable;
}

/** Borne by all of a package, and by all of an ecosystem. */
export const packageTag = (id: string, name: string) => `${id}:${name}`;
/** Borne by whatever says which versions there are. */
export const indexTag = (id: string, name: string) => `${id}-index:${name}`;
/** Borne by what says which packages there are. */
export const registryTag = (id: string) => `${id}-index`;

const askNothing: FieldList = [];

export interface Naming {
  readonly route: string;
  readonly ecosystem: Pick<Ecosystem, 'id'>;
  readonly metadata: FreshnessPolicy;
  /** Whether something is for those only who have been given it by name. */
  isRestricted(name: string): boolean;
  /** Whether it is nobody else's. */
  livesHere(name: string): boolean;
}

export function resourceOf(naming: Naming, item: Item, address: Address = null): ItemResource {
  const { route, ecosystem, metadata } = naming;
  const { name, isFile = false, isRendered = false, isText = false, ask = askNothing } = item;
  if (!isKeyable(item.path))
    throw new MeridianError('internal', `${ecosystem.id} names an item "${item.path}".`);
  const rendered = address !== null && isRendered;
  return {
    ...{ as: 'resource', item, key: keyOf(route, item, rendered ? address : null), kind: item.kind },
    ...(name !== null && { subject: name }),
    ...(name !== null && naming.isRestricted(name) && { isRestricted: true }),
    ...{ tags: tagsOf(ecosystem.id, item), ask, rendered, compress: address !== null && isText },
    ...(isFile && item.isBeside !== true ? { isDownload: true } : { isDocument: true }),
    ...(item.agesByRoute === true && { agesByRoute: true }),
    // What is rewritten has to be seen whole.
    ...(item.inParts !== undefined && !rendered && { inParts: item.inParts }),
    ...(neverChanges(item) ? { freshness: undefined, neverChanges: true } : { freshness: metadata }),
  };
}

function tagsOf(id: string, { name, isFile = false, tags = [] }: Item): readonly string[] {
  if (name === null) return [id, registryTag(id), ...tags];
  return [id, packageTag(id, name), ...(isFile ? [] : [indexTag(id, name)]), ...tags];
}

/** Another item of the route, through the origin's own cache, whole. */
export function readItem(
  item: Item,
  { registry, ask, door }: Pulling,
  maxBytes: number = registry.maxIndexBytes,
): ReturnType<OriginDoor['read']> {
  return door.read(resourceOf(registry, item), { ...ask, stored: null, part: null }, maxBytes);
}

/** The same, confirmed by the upstream just now: for what has been published since it was stored. */
export function readItemAgain(item: Item, at: Pulling, maxBytes?: number): ReturnType<OriginDoor['read']> {
  return readItem(item, { ...at, ask: { ...at.ask, reload: true } }, maxBytes);
}
