/**
 * What a path of the npm registry's interface means. Runs for every request, so it only scans: no URL
 * object, nothing looked up but the few paths that are not about a package.
 *
 * A scoped name comes as `/@scope/name` or `/@scope%2fname`; both mean the same, and so does everything
 * that hangs below them. What is neither known nor harmless is refused here, so that no other file
 * ever sees a name with odd characters in it.
 */
export type Wanted =
  | {
      readonly kind:
        | 'packument'
        | 'dist-tags'
        | 'access'
        | 'visibility'
        | 'collaborators'
        | 'owners'
        | 'known';
      readonly name: string;
    }
  | { readonly kind: 'dist-tag'; readonly name: string; readonly tag: string }
  | { readonly kind: 'owner'; readonly name: string; readonly user: string }
  /** What of a package, or of one of its files, somebody has seen before he changes it. */
  | { readonly kind: 'revision'; readonly name: string; readonly revision: string }
  | { readonly kind: 'tarball-revision'; readonly name: string; readonly file: string }
  | { readonly kind: 'manifest' | 'attestations'; readonly name: string; readonly version: string }
  | { readonly kind: 'tarball'; readonly name: string; readonly file: string }
  | { readonly kind: 'ping' | 'search' | 'keys' | 'advisories' | 'audit-tree' | 'account' | 'publish' }
  /** Nothing of this interface lives there. */
  | { readonly kind: 'nothing' }
  /** Not a path that any registry could serve. */
  | { readonly kind: 'malformed'; readonly why: string };

/** Longest name, scope included: npm's own limit. */
const NAME_LENGTH = 214;
/** Longest version, tag or file name: what a file system takes as one name. */
const WORD_LENGTH = 255;

/** The part of a path below a route's prefix, with its leading slash. */
export function readPath(path: string): Wanted {
  const plain = path.includes('%') ? decode(path) : path;
  if (plain === null) {
    return { kind: 'malformed', why: 'The path holds percent-encoded characters that no package name has.' };
  }
  if (plain.startsWith('/-/') && !plain.startsWith('/-/-/')) return readSpecial(plain);

  const end = endOfName(plain, 1);
  const name = plain.slice(1, end);
  if (name === '') return { kind: 'nothing' };
  if (!isPackageName(name)) {
    return { kind: 'malformed', why: 'The path does not begin with a valid package name.' };
  }
  if (end === plain.length) return { kind: 'packument', name };
  if (plain.startsWith('/-/', end)) return readTarball(name, plain.slice(end + 3));
  if (plain.startsWith(REVISION, end)) {
    const revision = plain.slice(end + REVISION.length);
    return isVersion(revision) ? { kind: 'revision', name, revision } : { kind: 'nothing' };
  }
  const version = plain.slice(end + 1);
  return isVersion(version) ? { kind: 'manifest', name, version } : { kind: 'nothing' };
}

/**
 * `file.tgz`, and `@scope/file.tgz` as some registries write it: lock files made with those keep the
 * path and only change the host.
 */
function readTarball(name: string, rest: string): Wanted {
  const scope = scopeOf(name);
  const below = scope !== null && rest.startsWith(`${scope}/`) ? rest.slice(scope.length + 1) : rest;
  const end = below.indexOf(REVISION);
  const file = end < 0 ? below : below.slice(0, end);
  if (!isTarballFile(file)) return { kind: 'nothing' };
  if (end < 0) return { kind: 'tarball', name, file };
  return isVersion(below.slice(end + REVISION.length))
    ? { kind: 'tarball-revision', name, file }
    : { kind: 'nothing' };
}

const specials = new Map<string, Wanted>([
  ['/-/ping', { kind: 'ping' }],
  ['/-/v1/search', { kind: 'search' }],
  ['/-/npm/v1/keys', { kind: 'keys' }],
  ['/-/npm/v1/security/advisories/bulk', { kind: 'advisories' }],
  ['/-/npm/v1/security/audits', { kind: 'audit-tree' }],
  ['/-/npm/v1/security/audits/quick', { kind: 'audit-tree' }],
  ['/-/whoami', { kind: 'account' }],
  ['/-/v1/login', { kind: 'account' }],
  ['/-/v1/done', { kind: 'account' }],
  ['/-/npm/v1/user', { kind: 'account' }],
  ['/-/npm/v1/tokens', { kind: 'account' }],
  ['/-/stage', { kind: 'publish' }],
]);

const accountPrefixes = [
  ...['/-/user/', '/-/npm/v1/tokens/', '/-/npm/v1/oidc/', '/-/org/', '/-/team/'],
  ...['/-/npm/v1/hooks', '/-/_view/'],
];
const ATTESTATIONS = '/-/npm/v1/attestations/';
const PACKAGE = '/-/package/';
const REVISION = '/-rev/';

/** `/-/…`: what concerns the registry rather than one package's documents. */
function readSpecial(plain: string): Wanted {
  const exact = specials.get(plain);
  if (exact !== undefined) return exact;
  if (plain.startsWith(ATTESTATIONS)) return readAttestations(plain.slice(ATTESTATIONS.length));
  if (plain.startsWith(PACKAGE)) return readPackageProperty(plain);
  if (plain.startsWith('/-/stage/')) return { kind: 'publish' };
  return accountPrefixes.some((prefix) => plain.startsWith(prefix))
    ? { kind: 'account' }
    : { kind: 'nothing' };
}

/** `name@version`. */
function readAttestations(spec: string): Wanted {
  const at = spec.lastIndexOf('@');
  const name = spec.slice(0, Math.max(at, 0));
  const version = spec.slice(at + 1);
  return isPackageName(name) && isVersion(version)
    ? { kind: 'attestations', name, version }
    : { kind: 'nothing' };
}

/** `/-/package/:name/dist-tags`, `…/dist-tags/:tag` (written to only), who may read it, whose it is, whether everybody may know of it. */
function readPackageProperty(plain: string): Wanted {
  const end = endOfName(plain, PACKAGE.length);
  const name = plain.slice(PACKAGE.length, end);
  if (!isPackageName(name)) return { kind: 'nothing' };
  const property = plain.slice(end);
  if (property === '/dist-tags') return { kind: 'dist-tags', name };
  if (property.startsWith('/dist-tags/')) {
    const tag = property.slice('/dist-tags/'.length);
    return isVersion(tag) ? { kind: 'dist-tag', name, tag } : { kind: 'nothing' };
  }
  if (property === '/owners') return { kind: 'owners', name };
  if (property.startsWith('/owners/')) {
    const user = property.slice('/owners/'.length);
    return isVersion(user) ? { kind: 'owner', name, user } : { kind: 'nothing' };
  }
  if (property === '/access') return { kind: 'access', name };
  if (property === '/visibility') return { kind: 'visibility', name };
  if (property === '/collaborators') return { kind: 'collaborators', name };
  if (property === '/known') return { kind: 'known', name };
  return { kind: 'account' };
}

/** Where the name that begins at `from` ends: at the first slash, or the second for a scoped one. */
function endOfName(plain: string, from: number): number {
  let slash = plain.indexOf('/', from);
  if (slash > 0 && plain.charCodeAt(from) === AT) slash = plain.indexOf('/', slash + 1);
  return slash < 0 ? plain.length : slash;
}

/** `@scope` of a scoped name, or `null`. */
export function scopeOf(name: string): string | null {
  return name.charCodeAt(0) === AT ? name.slice(0, name.indexOf('/')) : null;
}

/** The name without its scope. */
export function bareName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/**
 * Every name that a registry has ever accepted: capitals and `~'!()*` are gone from new names, but old
 * packages still bear them. Not so `..`, a leading dot, or the leading underscore of CouchDB's own paths.
 */
export function isPackageName(name: string): boolean {
  return name.length <= NAME_LENGTH && packageName.test(name);
}

/** As new packages may be called: in lower case, and without what has to be encoded in a URL. */
export function isNewPackageName(name: string): boolean {
  return isPackageName(name) && /^[a-z0-9@/._-]+$/.test(name);
}

export function isVersion(version: string): boolean {
  return version.length <= WORD_LENGTH && versionWord.test(version);
}

export function isTarballFile(file: string): boolean {
  return file.length <= WORD_LENGTH && file.endsWith('.tgz') && fileWord.test(file);
}

// At each character only one of these can go on, so they read every text once.
const packageName =
  /^(?:@[a-zA-Z0-9~'!()*-](?:[\w~'!()*-]|\.(?!\.))*\/)?[a-zA-Z0-9~'!()*-](?:[\w~'!()*-]|\.(?!\.))*$/;
const fileWord = /^[a-zA-Z0-9~'!()*+-](?:[\w~'!()*+-]|\.(?!\.))*$/;
const versionWord = /^[a-zA-Z0-9~'!()*+](?:[\w~'!()*+-]|\.(?!\.))*$/;

const AT = 0x40;

/** Percent-decodes once. `null` when that yields anything that may not stand in a path of this interface. */
function decode(path: string): string | null {
  let plain = '';
  let from = 0;
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', from)) {
    const octet = hexDigit(path.charCodeAt(at + 1)) * 16 + hexDigit(path.charCodeAt(at + 2));
    const char = Number.isNaN(octet) ? '%' : String.fromCharCode(octet);
    if (!mayBeEncoded.test(char)) return null;
    plain += path.slice(from, at) + char;
    from = at + 3;
  }
  return plain + path.slice(from);
}

const mayBeEncoded = /^[\w.~'!()*+@/-]$/;

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}
