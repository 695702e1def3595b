/** Versions of modules: semantic ones with a `v`, and `+incompatible` where a module's path does not say its major version. */
import type { VersionOrder } from '../registry/policy/order.ts';
import { compareSemver, readSemver, type Semver } from '../semver.ts';
import { majorOf } from './module-path.ts';

const incompatible = '+incompatible';

export const goOrder: VersionOrder = {
  isVersion: (text) => read(text) !== null,
  compare(a, b) {
    const [mine, other] = [read(a), read(b)];
    if (mine === null || other === null) return Number(mine !== null) - Number(other !== null);
    return compareSemver(mine, other);
  },
  isPrerelease: (version) => (read(version)?.prerelease.length ?? 0) > 0,
  canonical: (version) => {
    const { numbers, prerelease } = read(version) ?? {};
    if (numbers === undefined || prerelease === undefined) return version;
    return `v${numbers.join('.')}${prerelease.length > 0 ? `-${prerelease.join('.')}` : ''}`;
  },
};

/** Advisories write versions of modules without the `v`. */
function read(text: string): Semver | null {
  return readSemver(text.startsWith('v') ? text.slice(1) : text);
}

/** Whether it names one version for good: what is none is a branch, a commit or a part of a version, which may come to mean another one. */
export function isCanonicalVersion(text: string): boolean {
  const version = text.startsWith('v') ? readSemver(text.slice(1)) : null;
  return version !== null && (version.build === '' || text.endsWith(incompatible));
}

/** A version made of a commit: `v0.0.0-20260102030405-abcdefabcdef`. Lists leave them out. */
export function isPseudoVersion(version: string): boolean {
  return /^v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(?:\+.*)?$/.test(version);
}

/** Whether a module of this path may have this version (golang.org/x/mod/module: `CheckPathMajor`). */
export function fitsModule(version: string, module: string): boolean {
  const major = majorOf(module)?.replace(/-unstable$/, '') ?? '';
  const its = version.slice(0, version.indexOf('.'));
  if (major === '.v1' && version.startsWith('v0.0.0-')) return true;
  if (major !== '') return major.slice(1) === its;
  return its === 'v0' || its === 'v1' || version.endsWith(incompatible);
}

/** What `@latest` means: the highest release; where there is none, the highest of the others. `null` of none. */
export function latestOf(versions: readonly string[]): string | null {
  const rank = (version: string) => {
    if (isPseudoVersion(version)) return 0;
    return goOrder.isPrerelease(version) ? 1 : 2;
  };
  return versions.reduce<string | null>((best, each) => {
    if (best === null) return each;
    const order = rank(each) - rank(best) || goOrder.compare(each, best);
    return order > 0 ? each : best;
  }, null);
}
