/**
 * Addresses of the Hub. A repository is `org/name`, or `name` alone for some old models; what it holds is asked for by a revision: a branch, a tag, a
 * pull request, or the hash of a commit, which alone never means anything else.
 */

export type RepoType = 'models' | 'datasets' | 'spaces';

export interface Repo {
  readonly type: RepoType;
  /** `org/name`. */
  readonly id: string;
  /** What rights, sources and the policy go by: `org/name` of a model, `datasets/org/name`, `spaces/org/name`. */
  readonly name: string;
}

/** Revisions, paths and files are as people write them. */
export type Address =
  | { readonly at: 'info'; readonly repo: Repo; readonly rev: string | null }
  | { readonly at: 'tree'; readonly repo: Repo; readonly rev: string; readonly path: string }
  | { readonly at: 'refs'; readonly repo: Repo }
  | { readonly at: 'commits'; readonly repo: Repo; readonly rev: string }
  | { readonly at: 'paths'; readonly repo: Repo; readonly rev: string }
  | { readonly at: 'preupload'; readonly repo: Repo; readonly rev: string }
  | { readonly at: 'commit'; readonly repo: Repo; readonly rev: string }
  | {
      readonly at: 'resolve' | 'raw';
      readonly repo: Repo;
      readonly rev: string;
      readonly file: string;
    }
  | { readonly at: 'batch'; readonly repo: Repo }
  | { readonly at: 'object'; readonly repo: Repo; readonly oid: string }
  | { readonly at: 'search'; readonly type: RepoType }
  | { readonly at: 'whoami' | 'create-repo' | 'delete-repo' };

export type ReadAddress = Address | { readonly at: 'malformed' | 'absent'; readonly why: string };

/** UTF-16 units of a path, percent-encoded: it is a part of keys. */
const longestPath = 900;
const types: ReadonlySet<string> = new Set(['models', 'datasets', 'spaces']);
const part = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;
/** What follows a repository in addresses of its documents. */
const verbs: ReadonlySet<string> = new Set([
  ...['revision', 'tree', 'refs', 'commits', 'paths-info', 'preupload', 'commit'],
]);

export function isCommit(rev: string): boolean {
  return /^[0-9a-f]{40}$/.test(rev);
}

/** @param path with its leading slash, as the client wrote it. */
export function readAddress(path: string): ReadAddress {
  if (path.length > longestPath) return malformed(`The path is longer than ${longestPath} characters.`);
  const segments: string[] = [];
  for (const written of path.slice(1).split('/')) {
    const segment = decode(written);
    if (segment === null) return malformed('The path is not percent-encoded UTF-8.');
    if (segment.split('/').some((each) => each === '' || each === '.' || each === '..'))
      return malformed('A segment of the path is empty, or leads to another folder.');
    if (/[\\\p{Cc}\p{Cs}]/u.test(segment))
      return malformed('A segment of the path holds a backslash or a control character.');
    segments.push(segment);
  }
  return segments[0] === 'api' ? readApi(segments.slice(1)) : readRepoPath(segments);
}

function readApi([type = '', ...rest]: readonly string[]): ReadAddress {
  if (type === 'whoami-v2' && rest.length === 0) return { at: 'whoami' };
  if (type === 'repos' && rest.length === 1 && rest[0] === 'create') return { at: 'create-repo' };
  if (type === 'repos' && rest.length === 1 && rest[0] === 'delete') return { at: 'delete-repo' };
  if (!isType(type)) return absent();
  if (rest.length === 0) return { at: 'search', type };
  const isShort = rest.length === 1 || verbs.has(rest[1] ?? '');
  const repo = repoOf(type, rest.slice(0, isShort ? 1 : 2));
  if (repo === null) return malformed('This is no name of a repository.');
  const [verb, ...more] = rest.slice(isShort ? 1 : 2);
  if (verb === undefined) return { at: 'info', repo, rev: null };
  if (verb === 'refs' && more.length === 0) return { at: 'refs', repo };
  const [rev, path] = revisionIn(more);
  if (rev === null) return absent();
  if (verb === 'tree') return { at: 'tree', repo, rev, path: path.join('/') };
  if (path.length > 0) return absent();
  switch (verb) {
    case 'revision':
      return { at: 'info', repo, rev };
    case 'commits':
      return { at: 'commits', repo, rev };
    case 'preupload':
      return { at: 'preupload', repo, rev };
    case 'commit':
      return { at: 'commit', repo, rev };
    case 'paths-info':
      return { at: 'paths', repo, rev };
    default:
      return absent();
  }
}

function readRepoPath(segments: readonly string[]): ReadAddress {
  const [first = ''] = segments;
  const type = first === 'datasets' || first === 'spaces' ? first : 'models';
  const own = type === 'models' ? segments : segments.slice(1);
  const isShort = own[1] === 'resolve' || own[1] === 'raw' || own[0]?.endsWith('.git') === true;
  const named = own.slice(0, isShort ? 1 : 2);
  const [verb, ...more] = own.slice(named.length);
  if (named.at(-1)?.endsWith('.git')) {
    const repo = repoOf(type, named.join('/').slice(0, -4).split('/'));
    return repo === null
      ? malformed('This is no name of a repository.')
      : readLfs(repo, own.slice(named.length));
  }
  if (verb !== 'resolve' && verb !== 'raw') return absent();
  const repo = repoOf(type, named);
  if (repo === null) return malformed('This is no name of a repository.');
  const [rev, file] = revisionIn(more);
  if (rev === null || file.length === 0) return absent();
  return { at: verb, repo, rev, file: file.join('/') };
}

/** Git LFS, as far as uploads need it. */
function readLfs(repo: Repo, rest: readonly string[]): ReadAddress {
  if (rest.join('/') === 'info/lfs/objects/batch') return { at: 'batch', repo };
  const [info, lfs, objects, oid, ...more] = rest;
  const isObject = info === 'info' && lfs === 'lfs' && objects === 'objects' && more.length === 0;
  if (!isObject || oid === undefined) return absent();
  if (!/^[0-9a-f]{64}$/.test(oid)) return malformed('An object is named by its SHA-256.');
  return { at: 'object', repo, oid };
}

/** Some clients encode slashes of revisions, some do not. */
function revisionIn([first, ...rest]: readonly string[]): readonly [string | null, readonly string[]] {
  if (first === undefined) return [null, []];
  const [kind, name, ...more] = rest;
  if (first === 'refs' && (kind === 'pr' || kind === 'convert') && name !== undefined)
    return [`refs/${kind}/${name}`, more];
  return [first, rest];
}

function repoOf(type: RepoType, parts: readonly string[]): Repo | null {
  const isNamed = parts.length > 0 && parts.every((each) => part.test(each) && !/--|\.\.|\.git$/.test(each));
  if (!isNamed || (parts.length === 1 && (types.has(parts[0] ?? '') || parts[0] === 'api'))) return null;
  return repoNamed(type, parts.join('/'));
}

/** @param id checked by now. */
export function repoNamed(type: RepoType, id: string): Repo {
  return { type, id, name: type === 'models' ? id : `${type}/${id}` };
}

/** From the name that rights go by. `null`: it is none. */
export function repoOfName(name: string): Repo | null {
  const [first = '', ...rest] = name.split('/');
  return first === 'datasets' || first === 'spaces' ? repoOf(first, rest) : repoOf('models', name.split('/'));
}

function isType(text: string): text is RepoType {
  return types.has(text);
}

/** The one path of an address, below the route's prefix and without a leading slash. */
export const infoPath = ({ type, id }: Repo, rev: string | null): string =>
  `api/${type}/${id}${rev === null ? '' : `/revision/${encodeURIComponent(rev)}`}`;
export const treePath = ({ type, id }: Repo, rev: string, path: string): string =>
  `api/${type}/${id}/tree/${encodeURIComponent(rev)}${path === '' ? '' : `/${encoded(path)}`}`;
export const listPath = ({ type, id }: Repo, what: string): string => `api/${type}/${id}/${what}`;
export const filePath = (at: 'resolve' | 'raw', { name }: Repo, rev: string, file: string): string =>
  `${name}/${at}/${encodeURIComponent(rev)}/${encoded(file)}`;

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function malformed(why: string): ReadAddress {
  return { at: 'malformed', why };
}

function absent(): ReadAddress {
  return { at: 'absent', why: 'The Hub has no such address, or it is none that this route serves.' };
}
