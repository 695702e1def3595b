/** What is asked of one project while a tree is resolved, and which versions that leaves (pip: `Criterion`, `find_matches`). */
import { compareVersions, isPrerelease, type Version } from '../version.ts';
import type { Candidate, Candidates } from './candidates.ts';
import { isAllowed, isPinned, namesPrerelease, type Specifier } from './specifier.ts';

export interface Asked {
  readonly specifiers: readonly Specifier[];
  /** By whom, as the resolver names it; `null`: by the user. */
  readonly by: string | null;
  /** This very version, because extras of it are wanted. */
  readonly only: Version | null;
}

export interface Criterion {
  readonly project: string;
  readonly extras: readonly string[];
  readonly asked: readonly Asked[];
  /** Versions that have led nowhere. */
  readonly without: readonly Version[];
  /** The first of those that are left; `null`: not known. */
  readonly best: Candidate | null;
}

/** `name`, or `name[extra,other]`: with extras it is resolved apart. */
export function nameOf(project: string, extras: readonly string[]): string {
  return extras.length === 0 ? project : `${project}[${extras.join(',')}]`;
}

export function satisfies({ version }: Candidate, asked: readonly Asked[]): boolean {
  return asked.every(
    ({ specifiers, only }) =>
      (only === null || compareVersions(only, version) === 0) && isAllowed(version, specifiers),
  );
}

/** Whether what was the first of all still is, now that this is asked as well: without looking at all the others. */
export function isStillBest(best: Candidate, asked: Asked): boolean {
  return (
    satisfies(best, [asked]) &&
    asked.only === null &&
    !best.file.isYanked &&
    !namesPrerelease(asked.specifiers)
  );
}

/** Best first. @param asked all that holds of the project. */
export function* matches(
  { without }: Criterion,
  asked: readonly Asked[],
  candidates: Candidates,
): Generator<Candidate> {
  const specifiers = asked.flatMap((each) => each.specifiers);
  const only = asked.find((each) => each.only !== null)?.only ?? null;
  const mayBe = (version: Version) =>
    (only === null || compareVersions(only, version) === 0) &&
    isAllowed(version, specifiers) &&
    !without.some((other) => compareVersions(other, version) === 0);
  const takesPrereleases = only !== null || namesPrerelease(specifiers);
  const withdrawn: Candidate[] = [];
  let isAny = false;
  function* among(wanted: (version: Version) => boolean): Generator<Candidate> {
    for (const candidate of candidates.those((version) => wanted(version) && mayBe(version))) {
      isAny = true;
      if (candidate.file.isYanked && only === null) withdrawn.push(candidate);
      else yield candidate;
    }
  }
  yield* among((version) => takesPrereleases || !isPrerelease(version));
  // Where there is nothing else, pre-releases do.
  if (!isAny) yield* among(isPrerelease);
  if (withdrawn.length > 0 && isPinned(specifiers)) yield* withdrawn;
}
