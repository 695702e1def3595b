/**
 * What a policy asks of the versions of one package. Plain data: it goes to the packument worker with the document.
 */
import type { Advisory } from './osv.ts';

export interface Terms {
  /** Ranges of versions that may be used; `null`: all that no other rule is against. */
  readonly only: readonly string[] | null;
  /** Ranges of versions that may not. */
  readonly blocked: readonly string[];
  /** Those that are severe enough and not excepted, in the order of their ids. */
  readonly advisories: readonly Advisory[];
  /** Every version has to come with a statement of where it was built. */
  readonly provenance: boolean;
  readonly age: AgeTerms | null;
}

export interface AgeTerms {
  readonly minimumMs: number;
  /** What was published later is not there, ms since the epoch; `null`: no such moment. */
  readonly publishedBeforeMs: number | null;
  /** Of which it is not known when they were published. */
  readonly withoutTime: 'refuse' | 'allow';
  /** Ranges of versions whose age does not matter. */
  readonly exempt: readonly string[];
}

/** What a document says of a version. */
export interface Facts {
  readonly version: string;
  /** ms since the epoch; `null` where the document does not say it. */
  readonly publishedMs: number | null;
  readonly hasProvenance: boolean;
}

/** Under which terms a document was made. */
export interface Stamp {
  readonly terms: string;
  /** When the same terms lead to another document, because a version becomes old enough: ms since the epoch. `null`: never. */
  readonly changesAtMs: number | null;
}

/** Whether a document that was made then would be the same now. @param mark of the terms that hold now; `null`: none. */
export function holdsUnder(stamp: Stamp | null, mark: string | null, nowMs: number): boolean {
  if (stamp === null || mark === null) return stamp === null && mark === null;
  return stamp.terms === mark && (stamp.changesAtMs === null || nowMs < stamp.changesAtMs);
}

/** Whether it matters when versions were published. */
export function needsTime({ age }: Terms): boolean {
  return age !== null && !age.exempt.includes('*');
}

/** The same terms have the same mark. */
export function markOf(terms: Terms): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(terms)).digest('base64url').slice(0, 22);
}
