/** The builds of a snapshot that lives here, read off the names of its files. */
import type { HostedFile, HostedVersion } from '../../registry/hosted/record.ts';
import { type Build, coordinatesOf, type FilePlace, folderOf, readPlace } from '../place.ts';

/** What a file of a version is, by its name. */
function filePlaceOf(
  { name, version }: Pick<HostedVersion, 'name' | 'version'>,
  file: string,
): FilePlace | null {
  const of = coordinatesOf(name);
  const read = of === null ? null : readPlace(`/${folderOf(of, version)}/${file}`);
  return read !== null && 'place' in read && read.place.of === 'file' ? read.place : null;
}

/** `null`: it belongs to none. */
export function buildOf(version: Pick<HostedVersion, 'name' | 'version'>, file: string): Build | null {
  return filePlaceOf(version, file)?.build ?? null;
}

/** The oldest first, each once. */
export function buildsIn(version: HostedVersion): Build[] {
  const builds = new Map<string, Build>();
  for (const { name } of version.files) {
    const build = buildOf(version, name);
    if (build !== null) builds.set(orderOf(build), build);
  }
  return [...builds.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, build]) => build);
}

/** Text that is ordered as builds are. */
export function orderOf({ timestamp, number }: Build): string {
  return `${timestamp}-${String(number).padStart(10, '0')}`;
}

export interface PlacedFile extends HostedFile {
  readonly place: FilePlace;
}

/**
 * The newest file of each classifier and extension. A build that is still being deployed, which has no POM yet, is not offered, so that files of two builds
 * are not mixed.
 */
export function newestFiles(version: HostedVersion): PlacedFile[] {
  const files = version.files.flatMap((file) => {
    const place = filePlaceOf(version, file.name);
    return place === null ? [] : [{ ...file, place }];
  });
  const whole = new Set(
    files.filter(({ place }) => place.extension === 'pom').map(({ place }) => keyOf(place)),
  );
  const newest = new Map<string, PlacedFile>();
  for (const file of files) {
    if (whole.size > 0 && !whole.has(keyOf(file.place))) continue;
    const key = `${file.place.classifier} ${file.place.extension}`;
    const known = newest.get(key);
    if (known === undefined || isNewer(file, known)) newest.set(key, file);
  }
  return [...newest.values()];
}

/** Of which build; empty: of none. */
function keyOf({ build }: FilePlace): string {
  return build == null ? '' : orderOf(build);
}

function isNewer(one: PlacedFile, other: PlacedFile): boolean {
  const [a, b] = [keyOf(one.place), keyOf(other.place)];
  return a === '' || b === '' ? one.uploadedMs > other.uploadedMs : a > b;
}
