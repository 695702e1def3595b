/** Which versions a requirement allows (packaging.python.org/specifications/version-specifiers, formerly PEP 440). */
import { compareVersions, isPrerelease, readVersion, type Version } from '../version.ts';

export interface Specifier {
  readonly operator: '==' | '!=' | '<=' | '>=' | '<' | '>' | '~=' | '===';
  readonly version: Version;
  /** As it is written; `===` compares nothing else. */
  readonly text: string;
  /** `==1.4.*`, and what `~=` means: so many numbers have to be the same. */
  readonly prefix: number | null;
}

const longest = 1_000;
const shape = /^(===|==|!=|<=|>=|~=|<|>)\s*([^\s,]+)$/;

/** `null`: some of it means nothing. */
export function readSpecifiers(text: string): readonly Specifier[] | null {
  if (text.length > longest) return null;
  const found: Specifier[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const one = readSpecifier(part.trim());
    if (one === null) return null;
    found.push(one);
  }
  return found;
}

function readSpecifier(part: string): Specifier | null {
  const [, operator, written = ''] = shape.exec(part) ?? [];
  if (operator === undefined) return null;
  const isWild = written.endsWith('.*');
  if (isWild && operator !== '==' && operator !== '!=') return null;
  const text = isWild ? written.slice(0, -2) : written;
  const version = readVersion(text);
  if (version === null) return null;
  const numbers = /^\s*v?(?:\d+!)?([\d.]*\d)/i.exec(text)?.[1]?.split('.').length ?? 1;
  if (operator === '~=' && numbers < 2) return null;
  const prefix = isWild ? numbers : operator === '~=' ? numbers - 1 : null;
  return { operator: operator as Specifier['operator'], version, text, prefix };
}

/** Whatever is said of pre-releases apart. */
export function isAllowed(version: Version, specifiers: readonly Specifier[]): boolean {
  return specifiers.every((one) => isMet(version, one));
}

/** Whether pre-releases are asked for by naming one. */
export function namesPrerelease(specifiers: readonly Specifier[]): boolean {
  return specifiers.some(
    ({ operator, version }) => !['!=', '<', '>'].includes(operator) && isPrerelease(version),
  );
}

/** Whether one version is asked for, which may be withdrawn. */
export function isPinned(specifiers: readonly Specifier[]): boolean {
  return specifiers.some(
    ({ operator, prefix }) => operator === '===' || (operator === '==' && prefix === null),
  );
}

function isMet(version: Version, { operator, version: edge, prefix }: Specifier): boolean {
  switch (operator) {
    case '===':
      return compareVersions(version, edge) === 0;
    case '==':
      return isSame(version, edge, prefix);
    case '!=':
      return !isSame(version, edge, prefix);
    case '<=':
      return compareVersions(publicOf(version), edge) <= 0;
    case '>=':
      return compareVersions(publicOf(version), edge) >= 0;
    case '~=':
      return compareVersions(publicOf(version), edge) >= 0 && isSame(version, edge, prefix);
    case '<':
      return compareVersions(version, edge) < 0 && !(isEarlier(version, edge) && !isPrerelease(edge));
    case '>':
      return compareVersions(version, edge) > 0 && !(isLater(version, edge) && edge.post === null);
  }
}

function isSame(version: Version, edge: Version, prefix: number | null): boolean {
  if (prefix === null)
    return compareVersions(edge.local.length === 0 ? publicOf(version) : version, edge) === 0;
  const start = (of: Version): Version => ({
    ...{ epoch: of.epoch, release: of.release.slice(0, prefix) },
    ...{ pre: null, post: null, dev: null, local: [] },
  });
  return compareVersions(start(version), start(edge)) === 0;
}

/** A pre-release of the very release. */
function isEarlier(version: Version, edge: Version): boolean {
  return isPrerelease(version) && compareVersions(releaseOf(version), releaseOf(edge)) === 0;
}

/** A post-release or a build of the very release. */
function isLater(version: Version, edge: Version): boolean {
  const isOf = compareVersions(releaseOf(version), releaseOf(edge)) === 0;
  return isOf && (version.post !== null || version.local.length > 0);
}

function publicOf(version: Version): Version {
  return version.local.length === 0 ? version : { ...version, local: [] };
}

function releaseOf({ epoch, release }: Version): Version {
  return { epoch, release, pre: null, post: null, dev: null, local: [] };
}
