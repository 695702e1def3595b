/** What addresses mean as items of a route: what is a file, and what may change. */
import type { Item } from '../registry/ecosystem.ts';
import { indexTag } from '../registry/item.ts';
import { type Documented, nameOf, type Place, pathOf, readPlace } from './place.ts';

/** The same for every address of the place. */
export function itemOf(place: Place): Item {
  const what = place.of === 'checksum' ? place.what : place;
  const common = { name: nameOf(what), path: pathOf(place) };
  const version = what.of === 'list' ? {} : { version: what.version };
  // Other bytes may come to stand where no build is named.
  const isMutable = what.of === 'file' && what.build === null;
  const file = {
    ...(what.of === 'file' && { isFile: true }),
    // It becomes another one with a list: when there is a new build.
    ...(isMutable && { isMutable, tags: [indexTag('maven', common.name)] }),
  };
  if (place.of === 'checksum') return { kind: 'checksum', ...common, ...version, ...file };
  // A list has its checksums beside it: when it has changed, all forms of it have.
  if (place.of === 'list') return { kind: 'metadata', ...common, form: 'xml', isText: true };
  if (place.of === 'builds') return { kind: 'builds', ...common, ...version, form: 'xml', isText: true };
  const isPom = place.extension === 'pom';
  return {
    ...{ kind: isPom ? 'pom' : 'file', ...common, ...version, ...file, isText: isPom },
    ...(place.build !== null && !isPom && { inParts: 'ahead' as const }),
  };
}

/** Of an item that `itemOf` has made. */
export function placeOf({ path }: Pick<Item, 'path'>): Place {
  const read = readPlace(`/${path}`);
  if ('place' in read) return read.place;
  throw new TypeError(`no place of a repository: ${path}`);
}

/** Media type of what is there. */
export function typeOf(place: Documented): string {
  if (place.of !== 'file') return 'text/xml; charset=utf-8';
  return types.find(([ends]) => place.extension.endsWith(ends))?.[1] ?? 'application/octet-stream';
}

export const checksumType = 'text/plain; charset=us-ascii';

const types: readonly (readonly [ends: string, type: string])[] = [
  ['asc', 'application/pgp-signature'],
  ['pom', 'text/xml; charset=utf-8'],
  ['xml', 'text/xml; charset=utf-8'],
  ['module', 'application/vnd.org.gradle.module+json'],
  ['json', 'application/json'],
  ['jar', 'application/java-archive'],
  ['war', 'application/java-archive'],
  ['ear', 'application/java-archive'],
  ['aar', 'application/zip'],
  ['zip', 'application/zip'],
  ['gz', 'application/gzip'],
];
