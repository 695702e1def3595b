/**
 * The addresses of the distribution API (OCI Distribution Specification 1.1, https://github.com/opencontainers/distribution-spec):
 * read once, into what is wanted. Names may hold words that the API uses itself (`team/blobs`), so an address is read from its end.
 */
import type { Mount } from '../../protocol.ts';
import { type Digest, readDigest } from './digest.ts';

/** `<first>/<…>`: lower-case words, as the specification has them (§ Pull, `<name>`). */
const word = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** A host with a port may be the first word of a name: what comes after it is a repository there. */
const first = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?::[0-9]{1,5})?';
const namePattern = new RegExp(`^${first}(?:/${word})*$`);
/** Characters of an address that an error repeats. */
const longestShown = 300;
/** So that file systems and databases can hold it; the specification asks for no more. */
const longestName = 255;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** What a manifest is called: by one of its names, or by its digest. */
export type Reference = { readonly tag: string } | { readonly digest: Digest };

export type Wanted =
  | { readonly kind: 'base' | 'token' | 'catalogue' }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: Reference }
  | { readonly kind: 'blob' | 'referrers'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'tags'; readonly name: string }
  /** `null`: one that is to begin. */
  | { readonly kind: 'upload'; readonly name: string; readonly id: string | null }
  | Malformed
  | { readonly kind: 'nothing' };

/** An address of the API with a name, a tag or a digest in it that can be none. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly code: 'NAME_INVALID' | 'DIGEST_INVALID' | 'MANIFEST_INVALID';
  readonly why: string;
  /** What it would be the address of. */
  readonly of: 'manifest' | 'blob' | 'referrers' | 'tags' | 'upload';
}

const nothing: Wanted = { kind: 'nothing' };

/** @param path below `/v2`, without its query. */
export function readPath(path: string): Wanted {
  if (path === '' || path === '/') return { kind: 'base' };
  if (path === '/token') return { kind: 'token' };
  if (path === '/_catalog') return { kind: 'catalogue' };
  if (path.endsWith('/tags/list'))
    return named('tags', path.slice(1, -'/tags/list'.length), (name) => ({ kind: 'tags', name }));
  if (path.endsWith('/blobs/uploads/') || path.endsWith('/blobs/uploads')) {
    const end = path.lastIndexOf('/blobs/uploads');
    return named('upload', path.slice(1, end), (name) => ({ kind: 'upload', name, id: null }));
  }
  const slash = path.lastIndexOf('/');
  const last = path.slice(slash + 1);
  const before = path.slice(0, slash);
  if (before.endsWith('/manifests'))
    return named('manifest', before.slice(1, -'/manifests'.length), (name) => manifest(name, last));
  if (before.endsWith('/blobs/uploads'))
    return named('upload', before.slice(1, -'/blobs/uploads'.length), (name) => ({
      ...{ kind: 'upload', name, id: last },
    }));
  if (before.endsWith('/blobs'))
    return named('blob', before.slice(1, -'/blobs'.length), (name) => byDigest('blob', name, last));
  if (before.endsWith('/referrers'))
    return named('referrers', before.slice(1, -'/referrers'.length), (name) =>
      byDigest('referrers', name, last),
    );
  return nothing;
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

export function isName(text: string): boolean {
  return text.length <= longestName && namePattern.test(text);
}

function named(of: Malformed['of'], name: string, make: (name: string) => Wanted): Wanted {
  if (isName(name)) return make(name);
  return { kind: 'malformed', of, code: 'NAME_INVALID', why: `"${shown(name)}" is no name of a repository` };
}

/** So much of what cannot be read as helps who has sent it. */
function shown(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

function manifest(name: string, text: string): Wanted {
  if (isTag(text)) return { kind: 'manifest', name, reference: { tag: text } };
  const digest = readDigest(text);
  if (digest !== null) return { kind: 'manifest', name, reference: { digest } };
  const isMeant = text.includes(':') || text.includes('%3A');
  return {
    ...{ kind: 'malformed', of: 'manifest' },
    code: isMeant ? 'DIGEST_INVALID' : 'MANIFEST_INVALID',
    why: `"${shown(text)}" is neither a tag nor a digest that can be checked (sha256, sha512)`,
  };
}

function byDigest(kind: 'blob' | 'referrers', name: string, text: string): Wanted {
  const digest = readDigest(text);
  if (digest !== null) return { kind, name, digest };
  return {
    ...{ kind: 'malformed', of: kind },
    code: 'DIGEST_INVALID',
    why: `"${shown(text)}" is no digest that can be checked (sha256, sha512)`,
  };
}

/** What a path is below `/v2`: a route may begin there, or at the root of its host. */
export function below(mount: Pick<Mount, 'prefix'>, path: string): string | null {
  const rest = path.slice(mount.prefix.length);
  if (mount.prefix.endsWith('/v2')) return rest;
  return rest === '/v2' || rest.startsWith('/v2/') ? rest.slice('/v2'.length) : null;
}
