/** What a package needs: a line of `Requires-Dist` (packaging.python.org/specifications/dependency-specifiers). */
import { isProjectName, normalise } from '../names.ts';
import { type Environment, holds, type Marker, readMarker } from './marker.ts';
import { readSpecifiers, type Specifier } from './specifier.ts';

export interface Requirement {
  /** Normalised. */
  readonly name: string;
  /** Normalised, in order. */
  readonly extras: readonly string[];
  readonly specifiers: readonly Specifier[];
  /** `null`: it always holds. */
  readonly marker: Marker | null;
}

/** Of a line; real ones have some hundred letters at most. */
const longest = 4_000;
/** Nothing in it can be taken for two things: so it takes no longer the stranger a line is. Of one with single spaces, and none at its ends. */
const shape =
  /^([A-Za-z0-9][A-Za-z0-9._-]*)(?![A-Za-z0-9._-]) ?(?:\[([^\]]*)\] ?)?(?:\(([^;)]*)\) ?|([^;@()]*))(?:;(.*))?$/;

/** `null`: it is at an address of its own, or nobody knows what it means. */
export function readRequirement(line: string): Requirement | null {
  if (line.length > longest) return null;
  const [, name = '', extras = '', bracketed, bare = '', condition] =
    shape.exec(line.replace(/\s+/g, ' ').trim()) ?? [];
  if (!isProjectName(name)) return null;
  const specifiers = readSpecifiers((bracketed ?? bare).trim());
  const marker = condition === undefined ? null : readMarker(condition);
  if (specifiers === null || (condition !== undefined && marker === null)) return null;
  const named = extras.split(',').map((each) => normalise(each.trim()));
  return {
    ...{ name: normalise(name), specifiers, marker },
    extras: [...new Set(named.filter((each) => each !== ''))].sort(),
  };
}

/** Whether it holds on that machine, for any of these extras. */
export function isNeeded(
  { marker }: Requirement,
  environment: Environment,
  extras: readonly string[],
): boolean {
  if (marker === null) return true;
  return ['', ...extras].some((extra) => holds(marker, { ...environment, extra }));
}
