/** Which versions of modules are one for good, which a module may have, and which of them is the latest. */
import { majorOf } from './module-path.ts';
import { versions } from './version.ts';

const incompatible = '+incompatible';

/** Whether it names one version for good: what is none is a branch, a commit or a part of a version, which may come to mean another one. */
export function isCanonicalVersion(text: string): boolean {
  return text.startsWith('v') && versions.isVersion(text) && versions.canonical(text) === text;
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
export function latestOf(all: readonly string[]): string | null {
  const rank = (version: string) => {
    if (isPseudoVersion(version)) return 0;
    return versions.isPrerelease(version) ? 1 : 2;
  };
  return all.reduce<string | null>((best, each) => {
    if (best === null) return each;
    const order = rank(each) - rank(best) || versions.compare(each, best);
    return order > 0 ? each : best;
  }, null);
}
