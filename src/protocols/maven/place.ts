/**
 * What an address of a Maven repository means (the "Maven 2" layout): `/<group, with slashes>/<artifact>/<version>/<file>`.
 *
 *     com/acme/lib/1.0/lib-1.0-sources.jar                        a file of a release: never changes
 *     com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.030405-6.jar     a file of a build of a snapshot: never changes
 *     com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar              whatever was deployed last
 *     com/acme/lib/maven-metadata.xml                             which versions there are; of a group: which plugins
 *     com/acme/lib/1.1-SNAPSHOT/maven-metadata.xml                which builds there are
 *     …/lib-1.0.jar.sha1   …/maven-metadata.xml.sha256            checksums of each of these
 *     …/lib-1.0.jar.asc                                           signatures: files as others
 */

export type Checksum = 'md5' | 'sha1' | 'sha256' | 'sha512';

/** The weakest first. */
export const checksums: readonly Checksum[] = ['md5', 'sha1', 'sha256', 'sha512'];

export interface Coordinates {
  /** With dots. */
  readonly group: string;
  readonly artifact: string;
}

/** A file of one version. */
export interface FilePlace extends Coordinates {
  readonly of: 'file';
  /** As the folder is called: `1.0`, `1.1-SNAPSHOT`. */
  readonly version: string;
  readonly file: string;
  /** What it is called behind the version, without its dash; empty: nothing. */
  readonly classifier: string;
  /** With all its dots: `jar`, `tar.gz`, `jar.asc`. */
  readonly extension: string;
  /** Of a snapshot: which build it belongs to; `null`: whatever was deployed last. Absent: a release. */
  readonly build?: Build | null;
}

export interface Build {
  /** `20260102.030405`, UTC. */
  readonly timestamp: string;
  readonly number: number;
}

/** Of an artifact, or of a group of plugins: the address does not say which. */
export interface ListPlace extends Coordinates {
  readonly of: 'list';
}

/** Of the builds of a snapshot. */
export interface BuildsPlace extends Coordinates {
  readonly of: 'builds';
  readonly version: string;
}

export type Documented = FilePlace | ListPlace | BuildsPlace;

export interface ChecksumPlace {
  readonly of: 'checksum';
  readonly by: Checksum;
  readonly what: Documented;
}

export type Place = Documented | ChecksumPlace;

export type PlaceRead =
  | { readonly place: Place }
  /** There can be nothing at such an address. */
  | { readonly absent: string }
  /** Nobody should ask for it. */
  | { readonly malformed: string };

/** @param path below the route's prefix, with its leading slash, as the client wrote it. */
export function readPlace(path: string): PlaceRead {
  const segments = segmentsOf(path);
  if (!('names' in segments)) return segments;
  const { names } = segments;
  const last = names.at(-1);
  if (last === undefined || last === '') return { absent: 'a folder is not listed' };
  const by = checksums.find((each) => last.endsWith(`.${each}`));
  if (by === undefined) return placeOf(names);
  const what = last.slice(0, -by.length - 1);
  if (checksums.some((each) => what.endsWith(`.${each}`))) return { absent: 'a checksum has no checksum' };
  const of = placeOf([...names.slice(0, -1), what]);
  if (!('place' in of) || of.place.of === 'checksum') return of;
  return { place: { of: 'checksum', by, what: of.place } };
}

/** The name that rights, sources and rules go by. */
export function nameOf({ group, artifact }: Coordinates): string {
  return `${group}:${artifact}`;
}

/** What a pattern of the config means: `com.acme` is the group, `com.acme.*` that and all below it, `com.acme:*` what it says. */
export function patternsOf(pattern: string): readonly string[] {
  if (pattern.includes(':')) return [pattern];
  if (pattern.endsWith('.*')) return [`${pattern.slice(0, -2)}:*`, pattern];
  return pattern.includes('*') ? [pattern] : [`${pattern}:*`];
}

/** `null`: no name of an artifact. */
export function coordinatesOf(name: string): Coordinates | null {
  const [group = '', artifact = '', ...more] = name.split(':');
  if (more.length > 0 || !artifactPattern.test(artifact)) return null;
  return group.split('.').every((part) => groupPattern.test(part)) ? { group, artifact } : null;
}

/** Without a leading slash. */
export function folderOf({ group, artifact }: Coordinates, version?: string): string {
  const folder = `${group.replaceAll('.', '/')}/${artifact}`;
  return version === undefined ? folder : `${folder}/${version}`;
}

export function pathOf(place: Place): string {
  switch (place.of) {
    case 'file':
      return `${folderOf(place, place.version)}/${place.file}`;
    case 'list':
      return `${folderOf(place)}/${metadataFile}`;
    case 'builds':
      return `${folderOf(place, place.version)}/${metadataFile}`;
    case 'checksum':
      return `${pathOf(place.what)}.${place.by}`;
  }
}

const metadataFile = 'maven-metadata.xml';

const snapshot = 'SNAPSHOT';

export function isSnapshot(version: string): boolean {
  return version.endsWith(snapshot);
}

/** What builds of a snapshot begin with: `1.1-` of `1.1-SNAPSHOT`. */
export function baseOf(version: string): string {
  return version.slice(0, -snapshot.length);
}

/** The file of a version that is called so: its POM, its jar. */
export function fileOf(
  { group, artifact }: Coordinates,
  version: string,
  extension: string,
  classifier = '',
): FilePlace {
  const file = `${artifact}-${version}${classifier === '' ? '' : `-${classifier}`}.${extension}`;
  return {
    ...{ of: 'file', group, artifact, version, file, classifier, extension },
    ...(isSnapshot(version) ? { build: null } : {}),
  };
}

/** Longest name of one folder or file, in characters. */
const maxSegment = 255;
const maxSegments = 64;

/** What a version may be. */
export const versionPattern = /^[\w+][\w.+~=@!-]{0,199}$/;

const groupPattern = /^\w[\w-]*$/;
const artifactPattern = /^\w[\w.-]*$/;
const filePattern = /^[\w+][\w.+~=@!-]*$/;

/** Decoded, and none that leads out of the tree. */
export function segmentsOf(
  path: string,
): { readonly names: string[] } | { readonly malformed: string } | { readonly absent: string } {
  const names: string[] = [];
  const parts = path.slice(1).split('/');
  if (parts.length > maxSegments) return { malformed: `the path has more than ${maxSegments} folders` };
  for (const [index, part] of parts.entries()) {
    const name = decoded(part);
    if (name === null) return { malformed: `${quoted(part)} is not percent-encoded UTF-8` };
    if (name === '' && index === parts.length - 1) {
      names.push('');
      continue;
    }
    if (name.length > maxSegment) return { malformed: `a name of the path is longer than ${maxSegment}` };
    if (/^\.[\w-]/.test(name)) return { absent: `${quoted(name)} is no part of the layout` };
    if (!filePattern.test(name))
      return { malformed: `${quoted(name)} cannot be the name of a folder or a file` };
    names.push(name);
  }
  return { names };
}

function decoded(part: string): string | null {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // Broken encoding is what `null` says.
    return null;
  }
}

function placeOf(names: readonly string[]): PlaceRead {
  const file = names.at(-1)!;
  const folders = names.slice(0, -1);
  const broken = folders.find((name) => !versionPattern.test(name));
  if (broken !== undefined) return { malformed: `${quoted(broken)} cannot be the name of a folder` };
  if (file === metadataFile) return metadataPlace(folders);
  if (folders.length < 3) return { absent: 'a file stands in <group>/<artifact>/<version>/' };
  const at = coordinates(folders.slice(0, -1));
  if ('malformed' in at) return at;
  return filePlace(at, folders.at(-1)!, file);
}

function metadataPlace(folders: readonly string[]): PlaceRead {
  const last = folders.at(-1);
  if (last !== undefined && isSnapshot(last) && folders.length >= 3) {
    const at = coordinates(folders.slice(0, -1));
    return 'malformed' in at ? at : { place: { of: 'builds', ...at, version: last } };
  }
  if (folders.length < 2) return { absent: `${metadataFile} stands in <group>/<artifact>/` };
  const at = coordinates(folders);
  return 'malformed' in at ? at : { place: { of: 'list', ...at } };
}

function coordinates(folders: readonly string[]): Coordinates | { readonly malformed: string } {
  const artifact = folders.at(-1)!;
  const groups = folders.slice(0, -1);
  const broken = groups.find((name) => !groupPattern.test(name));
  if (broken !== undefined) return { malformed: `${quoted(broken)} cannot be a part of a group` };
  if (!artifactPattern.test(artifact)) return { malformed: `${quoted(artifact)} cannot be an artifact` };
  return { group: groups.join('.'), artifact };
}

function filePlace(at: Coordinates, version: string, file: string): PlaceRead {
  const wrong = { malformed: `${quoted(file)} is no file of ${at.artifact} ${version}` };
  const start = `${at.artifact}-`;
  if (!file.startsWith(start)) return wrong;
  const behind = file.slice(start.length);
  let tail: string;
  let build: Build | null | undefined;
  if (behind.startsWith(version)) {
    tail = behind.slice(version.length);
    build = isSnapshot(version) ? null : undefined;
  } else {
    const base = baseOf(version);
    const found =
      isSnapshot(version) && behind.startsWith(base) ? buildPattern.exec(behind.slice(base.length)) : null;
    if (found === null) return wrong;
    build = { timestamp: found[1]!, number: Number(found[2]) };
    tail = behind.slice(base.length + found[0].length);
  }
  const named = tailPattern.exec(tail);
  if (named === null) return wrong;
  const [, classifier = '', extension = ''] = named;
  return {
    place: {
      of: 'file',
      ...at,
      version,
      file,
      classifier,
      extension,
      ...(build === undefined ? {} : { build }),
    },
  };
}

const buildPattern = /^(\d{8}\.\d{6})-(\d{1,9})(?=[.-])/;
/** A classifier has no dot, as Maven's own readers of paths have it: what follows the first one is the extension. */
const tailPattern = /^(?:-([\w+~=@!-][\w+~=@!-]*))?\.([\w+~=@!-][\w.+~=@!-]*)$/;

function quoted(text: string): string {
  return JSON.stringify(text.length <= 100 ? text : `${text.slice(0, 100)}…`);
}
