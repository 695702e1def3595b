/**
 * How a client shows which version of a package he wants: by asking for documents that only this one leads to, or for its file.
 */
import { type Picker, wishOf } from './pick.ts';
import type { Shelf } from './shelf.ts';

/** Any of them shows it. */
const mostDocuments = 8;

/**
 * @param rivals what he may want instead, by number.
 * @returns paths of the route.
 */
export function signsOf(
  picker: Picker,
  at: number,
  rivals: readonly number[],
  shelf: Shelf,
): readonly string[] {
  const others = new Set(rivals.flatMap((rival) => [...askedFor(picker, rival), ...perhaps(picker, rival)]));
  const own = [...askedFor(picker, at)].filter((name) => !others.has(name)).slice(0, mostDocuments);
  return [...own.map((name) => shelf.document(name, 1).target), shelf.file(picker, at, 1).target];
}

/** Packages whose documents are asked for in any case. */
function askedFor(picker: Picker, at: number): ReadonlySet<string> {
  const { dependencies = {}, optional = {} } = picker.needsOf(at);
  return namesIn({ ...dependencies, ...optional });
}

/** Packages whose documents some installers ask for. */
function perhaps(picker: Picker, at: number): ReadonlySet<string> {
  const { peers = {}, optionalPeers = {} } = picker.needsOf(at);
  return namesIn({ ...peers, ...optionalPeers });
}

function namesIn(ranges: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(Object.entries(ranges).flatMap(([name, spec]) => wishOf(name, spec)?.name ?? []));
}
