/** Takes away what lives here: a file, a version (`DELETE …/1.0/`), an artifact with all its versions (`DELETE …/lib/`). */
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import * as hosted from '../../registry/hosted/remove.ts';
import { indexTag } from '../../registry/item.ts';
import { coordinatesOf, isSnapshot, nameOf, readPlace, segmentsOf } from '../place.ts';
import { groupName } from './keep-file.ts';

export async function remove(at: Changing): Promise<Answer> {
  const meant = meantBy(at.path);
  if (meant === null) throw new Refusal(404, 'There is nothing there.');
  const { name, version, file } = meant;
  const group = coordinatesOf(name)?.group ?? '';
  await hosted.remove(at, {
    ...{ name, version, file },
    // A snapshot comes again, a release never does.
    leavesNothing: version !== null && isSnapshot(version),
    outdates: [indexTag('maven', groupName(group))],
  });
  return ownAnswer(200, 'text/plain; charset=utf-8', '');
}

export interface Meant {
  readonly name: string;
  readonly version: string | null;
  readonly file: string | null;
}

/**
 * What an address is about to take away; `null`: nothing that could be. A folder is that of a version where it is called as versions are, by a digit at its
 * start, and else that of an artifact.
 */
export function meantBy(path: string): Meant | null {
  const read = readPlace(path);
  if ('place' in read) {
    const { place } = read;
    return place.of === 'file' ? { name: nameOf(place), version: place.version, file: place.file } : null;
  }
  const segments = segmentsOf(path.endsWith('/') ? path.slice(0, -1) : path);
  const names = 'names' in segments ? segments.names : [];
  const isVersion = /^[vr]?\d|SNAPSHOT$/.test(names.at(-1) ?? '');
  const folders = isVersion ? names.slice(0, -1) : names;
  const name = `${folders.slice(0, -1).join('.')}:${folders.at(-1) ?? ''}`;
  if (coordinatesOf(name) === null) return null;
  return { name, version: isVersion ? (names.at(-1) ?? '') : null, file: null };
}
