/** The versions of a project that a machine may get, each as the file that it would take. */

import { compareVersions, readVersion, type Version } from '../version.ts';
import type { Client } from './client.ts';
import type { OfferedFile, Page, Release } from './page.ts';
import { isAllowed, readSpecifiers } from './specifier.ts';
import type { Rank } from './tags.ts';

export interface Candidate {
  readonly project: string;
  readonly version: Version;
  /** Of the version, as the file has it. */
  readonly text: string;
  readonly file: OfferedFile;
  readonly isWheel: boolean;
}

export interface Candidates {
  /** The highest first, one after the other, as far as they are looked at. */
  those(mayBe: (version: Version) => boolean): Iterable<Candidate>;
  /** That very version. */
  at(version: Version): Candidate | null;
}

/** Thousands of files say the same few things. */
export type PythonRule = (requiresPython: string | null) => boolean;

export function pythonRule({ python }: Client): PythonRule {
  const version = readVersion(python);
  const known = new Map<string, boolean>();
  return (text) => {
    if (text === null || version === null) return true;
    const said = known.get(text);
    if (said !== undefined) return said;
    const specifiers = readSpecifiers(text);
    // What nobody understands hinders nobody, as with pip.
    const may = specifiers === null || isAllowed(version, specifiers);
    known.set(text, may);
    return may;
  };
}

/** @param beforeMs what was uploaded since then is not looked at; `null`: everything is. */
export function candidatesOf(
  project: string,
  { releases }: Page,
  {
    rank,
    mayRun,
    beforeMs,
  }: { readonly rank: Rank; readonly mayRun: PythonRule; readonly beforeMs: number | null },
): Candidates {
  const made: (Candidate | null)[] = [];
  const isThere = ({ uploadedMs }: OfferedFile) =>
    beforeMs === null || uploadedMs === null || uploadedMs < beforeMs;

  function madeOf(nth: number): Candidate | null {
    const known = made[nth];
    if (known !== undefined) return known;
    const found = bestOf(releases[nth]!);
    made[nth] = found;
    return found;
  }

  function bestOf({ version, text, files }: Release): Candidate | null {
    let best: OfferedFile | null = null;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const file of files) {
      if (!mayRun(file.requiresPython) || !isThere(file)) continue;
      const own = file.name.endsWith('.whl') ? rank(file.name) : Number.MAX_SAFE_INTEGER;
      if (own === null || own >= bestRank) continue;
      [best, bestRank] = [file, own];
    }
    return best && { project, version, text, file: best, isWheel: best.name.endsWith('.whl') };
  }

  return {
    *those(mayBe) {
      for (const [nth, { version }] of releases.entries()) {
        const found = mayBe(version) ? madeOf(nth) : null;
        if (found !== null) yield found;
      }
    },
    at(version) {
      const nth = releases.findIndex((release) => compareVersions(release.version, version) === 0);
      return nth < 0 ? null : madeOf(nth);
    },
  };
}
