/**
 * What a client asks for next: a POM leads to the POM of its parent, to its artifact, and to the POMs of what it depends on; and what is needed to use
 * one version, which is the same for `meridian mirror`.
 */
import type { Wanted } from '../../protocol.ts';
import type { Item, Mirroring, Needed } from '../registry/ecosystem.ts';
import { XmlError } from '../registry/xml.ts';
import { itemOf, placeOf } from './items.ts';
import { coordinatesOf, type FilePlace, fileOf, isSnapshot, pathOf, versionPattern } from './place.ts';
import { extensionOf, type Pom, readPom, type Versioned } from './pom.ts';

/** Of snapshots nobody knows by the POM which build comes next. */
export function foresee(item: Item, body: Uint8Array): readonly Item[] {
  if (item.kind !== 'pom') return [];
  const place = placeOf(item);
  const pom = tryPom(body);
  if (pom === null || place.of !== 'file' || isSnapshot(place.version)) return [];
  const next = [
    ...(pom.parent === null ? [] : [pomOf(pom.parent)]),
    ...artifactOf(place, pom),
    ...pom.dependencies.flatMap(({ scope, isOptional, version, ...of }) =>
      version === null || isOptional || scope === 'test' || scope === 'provided' || scope === 'system'
        ? []
        : [pomOf({ ...of, version })],
    ),
  ];
  return next.flatMap((each) => (each === null ? [] : [itemOf(each)]));
}

/** The POM, those that it inherits from, the artifact, and the checksums of all. */
export async function needs({ name, version }: Wanted, at: Mirroring): Promise<readonly Needed[]> {
  const of = coordinatesOf(name);
  if (of === null || !versionPattern.test(version)) return [];
  const places: FilePlace[] = [];
  let next: FilePlace | null = fileOf(of, version, 'pom');
  for (let depth = 0; next !== null && depth < mostParents; depth += 1) {
    places.push(next);
    const bytes = await at.read(`/${pathOf(next)}`);
    const pom: Pom | null = bytes === null ? null : tryPom(bytes);
    if (depth === 0) places.push(...(pom === null ? [] : artifactOf(next, pom)));
    const up: FilePlace | null = pom?.parent == null ? null : pomOf(pom.parent);
    next = up !== null && places.some((place) => pathOf(place) === pathOf(up)) ? null : up;
  }
  const paths = places.map((place) => `/${pathOf(place)}`);
  const sums = await Promise.all(paths.map((path) => sumNeeded(path, at)));
  return [...paths, ...sums.flat()].map((path) => ({ path }));
}

const mostParents = 16;

/** What a client compares the file with; an upstream that has none is no failure. */
async function sumNeeded(path: string, at: Mirroring): Promise<string[]> {
  return (await at.read(`${path}.sha1`)) === null ? [] : [`${path}.sha1`];
}

function artifactOf(place: FilePlace, { packaging }: Pom): FilePlace[] {
  const extension = extensionOf(packaging);
  return extension === null ? [] : [fileOf(place, place.version, extension)];
}

/** `null`: it names no artifact that could be asked for, such as one of a property that a parent has. */
function pomOf({ group, artifact, version }: Versioned): FilePlace | null {
  const of = coordinatesOf(`${group}:${artifact}`);
  if (of === null || !versionPattern.test(version) || isSnapshot(version)) return null;
  return fileOf(of, version, 'pom');
}

/** What cannot be read says nothing: whoever asked for it gets it all the same. */
function tryPom(bytes: Uint8Array): Pom | null {
  try {
    return readPom(bytes);
  } catch (error) {
    if (error instanceof XmlError) return null;
    throw error;
  }
}
