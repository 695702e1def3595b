/**
 * What an address of an archive means (the layout of Debian's archives, and "flat" ones). Below the name of an archive:
 *
 *     dists/bookworm/InRelease                                     which indexes there are, with their hashes, signed: a generation
 *     dists/bookworm/main/binary-amd64/Packages.xz                 one of them, as it is now
 *     dists/bookworm/main/binary-amd64/by-hash/SHA256/<hex>        the same, of one generation for ever
 *     dists/bookworm/main/binary-amd64/Packages.diff/<name>.gz     what has changed of it since then
 *     pool/main/h/hello/hello_2.10-3_amd64.deb                     a package
 *
 * A flat archive has all of that in one folder. What is none of these is a file like others: keys, `project/trace`.
 */

/** What clients read; and what the origin alone reads, of itself. */
export type Kind =
  | 'in-release'
  | 'release'
  | 'release-gpg'
  | 'index'
  | 'by-hash'
  | 'patch'
  | 'pool'
  | 'other'
  | OwnKind;
type OwnKind = 'upstream-release' | 'pool-index';

export interface Place {
  readonly kind: Kind;
  /** First segment: the name of an upstream, or of an archive that lives here. */
  readonly archive: string;
  /** Below the archive, decoded, without a leading slash. */
  readonly path: string;
}

export type Located = Place | { readonly malformed: string };

const MAX_PATH = 1024;
const archiveName = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const releases: Readonly<Record<string, Kind>> = {
  InRelease: 'in-release',
  Release: 'release',
  'Release.gpg': 'release-gpg',
};
const indexName =
  /^(?:Packages|Sources|Contents-[a-z0-9-]+|Index|Release|Translation-[\w-]+)(?:\.(?:gz|xz|bz2|lzma|zst|lz4))?$/;
const poolName =
  /\.(?:deb|udeb|ddeb|dsc|changes|buildinfo)$|\.(?:tar|diff)\.(?:gz|xz|bz2|lzma|zst)(?:\.asc)?$/;

/** @param address below the route's prefix, with its leading slash. `null`: no file can be there. */
export function locate(address: string): Located | null {
  const segments = segmentsOf(address);
  if ('malformed' in segments) return segments;
  const [archive = '', ...rest] = segments.names;
  if (!archiveName.test(archive)) return { malformed: 'A path begins with the name of an archive.' };
  if (rest.length === 0 || segments.isFolder) return null;
  const path = rest.join('/');
  if (path.length > MAX_PATH) return { malformed: `A path has more than ${MAX_PATH} characters.` };
  return { kind: kindOf(rest), archive, path };
}

function segmentsOf(
  address: string,
): { readonly names: readonly string[]; readonly isFolder: boolean } | { readonly malformed: string } {
  const raw = address.slice(1).split('/');
  const names: string[] = [];
  for (const segment of raw) {
    const name = decoded(segment);
    if (name === null || /[/\\\p{Cc}]/u.test(name)) return { malformed: 'A part of the path is no name.' };
    if (name === '..') return { malformed: 'A path does not lead out of its archive.' };
    // apt asks for `./Packages` where sources name the folder so.
    if (name !== '' && name !== '.') names.push(name);
  }
  return { names, isFolder: ['', '.'].includes(raw.at(-1) ?? '') };
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null; // the caller says what is wrong with it
  }
}

function kindOf(names: readonly string[]): Kind {
  const file = names.at(-1) ?? '';
  const isInDists = names[0] === 'dists' && names.length > 2;
  if (names.at(-3) === 'by-hash') return 'by-hash';
  const folder = names.at(-2) ?? '';
  if (folder.endsWith('.diff') && file !== 'Index') return 'patch';
  // A component has a `Release` of its own beside its `Packages`, which is an index like those.
  const isOwn = isInDists && /^(?:binary-|source$)/.test(folder);
  const release = isOwn ? undefined : releases[file];
  if (release !== undefined) return release;
  if (isInDists) return 'index';
  if (poolName.test(file)) return 'pool';
  return indexName.test(file) ? 'index' : 'other';
}

/** As it is asked for, and called in keys: every reserved character is encoded, so there is one spelling. */
export function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The hash that an address by hash names; `null`: it is none that can be checked. */
export function hashIn(
  path: string,
): { readonly algorithm: 'sha256' | 'sha512'; readonly hex: string } | null {
  const [, name, hex = ''] = /(?:^|\/)by-hash\/(SHA256|SHA512)\/([0-9a-f]+)$/.exec(path) ?? [];
  if (name === 'SHA256' && hex.length === 64) return { algorithm: 'sha256', hex };
  return name === 'SHA512' && hex.length === 128 ? { algorithm: 'sha512', hex } : null;
}

/**
 * What purges and generations call the suite that an index belongs to: its folder below `dists/`, as far as an address alone says it. Empty: a
 * flat archive, or none.
 */
export function suiteIn(path: string): string {
  return /^dists\/([^/]+)\//.exec(path)?.[1] ?? '';
}

/** Folders that the `InRelease` of an index may be in, the likeliest first: suites may have slashes in their names. */
export function releaseFolders(path: string): readonly string[] {
  const folders = path.split('/').slice(0, -1);
  if (folders[0] !== 'dists')
    return folders.map((_, up) => folders.slice(0, folders.length - up).join('/')).concat('');
  const most = Math.min(folders.length, 4);
  return Array.from({ length: Math.max(0, most - 1) }, (_, more) => folders.slice(0, 2 + more).join('/'));
}

/** `hello_2.10-3_amd64.deb`: package, version and architecture, as far as a file name says them. A version's epoch is not in it. */
export interface PoolName {
  readonly name: string;
  readonly version: string;
  /** `source` for what is no binary package. */
  readonly architecture: string;
}

export function poolNameIn(path: string): PoolName | null {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const [, name, version, architecture] =
    /^([a-z0-9][a-z0-9+.-]*)_([^_]+)_([a-z0-9-]+)\.(?:deb|udeb|ddeb)$/i.exec(file) ?? [];
  if (name !== undefined && version !== undefined && architecture !== undefined)
    return { name: name.toLowerCase(), version: version.replace(/%3a/gi, ':'), architecture };
  const [, source, its] =
    /^([a-z0-9][a-z0-9+.-]*)_([^_]+?)(?:\.dsc|\.(?:orig|debian)(?:-[a-z0-9-]+)?\.tar\..*|\.diff\.gz|\.tar\..*)$/i.exec(
      file,
    ) ?? [];
  return source === undefined || its === undefined
    ? null
    : { name: source.toLowerCase(), version: its, architecture: 'source' };
}
