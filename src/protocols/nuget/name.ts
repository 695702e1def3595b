/** Ids and versions of NuGet packages, as addresses have them: in lower case, and normalised. */
import { versions } from './version.ts';

/** `PackageIdValidator` of the client: letters, digits and underscores of any script, separated by dots and dashes; here, of ASCII. */
const idPattern = /^(?=.{1,100}$)[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;

export function isPackageId(text: string): boolean {
  return idPattern.test(text);
}

export function lowerId(id: string): string {
  return id.toLowerCase();
}

/** `1.00.0.0+build` → `1.0.0`; `null`: it is none. In the case that it was written in. */
export function normalised(version: string): string | null {
  const [, numbers = '', rest = ''] =
    /^([0-9.]+)(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.exec(version) ?? [];
  if (!versions.isVersion(version)) return null;
  const [major = '0', minor = '0', patch = '0', revision = '0'] = numbers
    .split('.')
    .map((part) => part.replace(/^0+(?=\d)/, ''));
  const last = revision === '0' ? '' : `.${revision}`;
  return `${major}.${minor}.${patch}${last}${rest}`;
}

/** The same in lower case; `null`: it is none. */
export function lowerVersion(version: string): string | null {
  return normalised(version)?.toLowerCase() ?? null;
}

/** Only clients that know of SemVer 2.0.0 understand it: it has several labels, or build metadata. */
export function isSemVer2(version: string): boolean {
  return version.includes('+') || /^[0-9.]+-[^.]*\./.test(version);
}

/** What the flat container calls the files of a version. */
export function packageFile(id: string, version: string): string {
  return `${id}.${version}.nupkg`;
}

export function manifestFile(id: string): string {
  return `${id}.nuspec`;
}
