/** Files of archives as items: what clients ask for, and what the origin makes for itself alone. */
import type { Item } from '../registry/ecosystem.ts';
import { encoded, type Kind, type Place, poolNameIn, suiteIn } from './path.ts';
import { poolKeyOf } from './pool-key.ts';

/** Borne by everything of an archive. */
const archiveTag = (archive: string) => `apt-archive:${archive}`;
/** Borne by whatever belongs to the generation that a suite is in: what is another one when it has changed. */
export const suiteTag = (archive: string, suite: string) => `apt-suite:${archive}/${suite}`;
/** Borne by what is read by its plain name, and is another one with each generation. */
export const plainTag = (archive: string, suite: string) => `apt-plain:${archive}/${suite}`;
export const isSuiteTag = (tag: string) => tag.startsWith('apt-suite:');
/** Borne by all files of packages, and by one of them. */
export const poolTag = (archive: string, key = '') => `apt-pool:${archive}${key === '' ? '' : `/${key}`}`;

export function itemAt(place: Place): Item {
  const { kind, archive, path } = place;
  const address = `${archive}/${encoded(path)}`;
  const own = archiveTag(archive);
  if (kind === 'pool') {
    const named = poolNameIn(path);
    return {
      ...{ kind, name: named?.name ?? null, path: address, isFile: true, version: named?.version },
      tags: [own, poolTag(archive), poolTag(archive, poolKeyOf(path))],
    };
  }
  if (kind === 'by-hash' || kind === 'patch')
    return { kind, name: null, path: address, isFile: true, tags: [own] };
  const suite = suiteIn(path);
  const plain = kind === 'index' ? [plainTag(archive, suite)] : [];
  const tags = kind === 'other' ? [own] : [own, suiteTag(archive, suite), ...plain];
  return { kind, name: null, path: address, tags, isText: kind === 'in-release' || kind === 'release' };
}

/** What an item says of itself. */
export function placeOf({ kind, path }: Item): Place {
  const slash = path.indexOf('/');
  return {
    kind: kind as Kind,
    archive: path.slice(0, slash),
    path: decodeURIComponent(path.slice(slash + 1)),
  };
}

/** What is in a folder. @param folder empty: the archive's own. */
export function within(folder: string, file: string): string {
  return folder === '' ? file : `${folder}/${file}`;
}

/** The folder, and the name in it. */
export function splitPath(path: string): readonly [folder: string, file: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** An index by its hash. */
export function byHash(archive: string, path: string, sha256: string): Item {
  const [folder] = splitPath(path);
  return itemAt({ kind: 'by-hash', archive, path: within(folder, `by-hash/SHA256/${sha256}`) });
}
