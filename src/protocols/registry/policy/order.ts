/** How the versions of an ecosystem are ordered. */
export interface VersionOrder {
  /** Whether a text is a version at all: what is none satisfies no range but `*`. */
  isVersion(text: string): boolean;
  /** Negative: `a` is lower. Of versions only. */
  compare(a: string, b: string): number;
  /** Whether it is one that clients take only when they are asked to. */
  isPrerelease(version: string): boolean;
  /** One for all spellings of a version: `1.0` and `1.0.0` where they are the same. */
  canonical(version: string): string;
  /** What it is a pre-release or a build of, which a rule about that means as well: `1.0` of `1.0rc1` and of `1.0+cpu`. `null`: of nothing. */
  basisOf(version: string): string | null;
}
