/**
 * Which upstream registry a package belongs to, and which requests may carry its credentials.
 *
 * A scope that a remote lists belongs to that remote alone. It never falls to another one, not even
 * when its own fails or knows no such package: a public registry where anybody may publish must not
 * get to answer for a private name (dependency confusion), nor even learn of it.
 */
import { MeridianError } from '../../errors.ts';
import type { Remote } from '../../parent.ts';
import { scopeOf } from './path.ts';

export interface NpmRemote {
  /** Absolute URL; a trailing slash does not matter. */
  readonly url: string;
  /** Value of the `Authorization` field for this remote alone. */
  readonly authorization?: string | undefined;
  /** `@scope`s that are asked for here and nowhere else. None: every name that no other remote claims. */
  readonly scopes?: readonly string[] | undefined;
}

export interface Remotes {
  /** The remote of a package. Fails with `not-found` where there is none. */
  of(name: string): Remote;
  /** The remote for what concerns no single package. Fails with `not-found` where there is none. */
  fallback(): Remote;
  /** The same; `null` where there is none. */
  readonly default: Remote | null;
  /** Whether the default remote may hear of this package. */
  isPublic(name: string): boolean;
  /** Whether a text holds a scope that the default remote must not hear of. */
  mentionsPrivate(text: string): boolean;
  /**
   * The remote to send a request for `url` to, on behalf of `remote`: with its credentials where they
   * belong, and without any elsewhere.
   */
  at(url: URL, remote: Remote): Remote;
}

/** Fails with a `RangeError` where two remotes claim the same: which one answers must not be a matter of luck. */
export function openRemotes(configured: readonly NpmRemote[]): Remotes {
  const byScope = new Map<string, Remote>();
  const all: Remote[] = [];
  let general: Remote | null = null;
  for (const { url, authorization, scopes = [] } of configured) {
    const remote: Remote = { url: withoutTrailingSlash(url), authorization };
    all.push(remote);
    if (scopes.length === 0) {
      if (general !== null)
        throw new RangeError('Two npm remotes have no scopes; only one can be the default.');
      general = remote;
    }
    for (const scope of scopes.map(normalScope)) {
      if (byScope.has(scope)) throw new RangeError(`Two npm remotes claim the scope ${scope}.`);
      byScope.set(scope, remote);
    }
  }

  const claimedBy = (name: string): Remote | undefined => {
    const scope = scopeOf(name);
    return scope === null ? undefined : byScope.get(normalScope(scope));
  };
  const fallback = (): Remote => {
    if (general !== null) return general;
    throw new MeridianError('not-found', 'No remote of this route serves this; none is the default one.');
  };
  return {
    of: (name) => claimedBy(name) ?? fallback(),
    fallback,
    default: general,
    isPublic: (name) => (claimedBy(name) ?? general) === general,
    mentionsPrivate(text) {
      const lower = text.toLowerCase();
      return [...byScope].some(([scope, remote]) => remote !== general && lower.includes(scope));
    },
    at: (url, remote) => (mayCarryCredentials(url, remote, all) ? remote : { url: url.origin }),
  };
}

/**
 * Credentials go to the remote's own origin: scheme, host and port. Several registries may share one
 * (`…/team-a/`, `…/team-b/`), so not to an address under another remote's path either, unless that is
 * within this remote's own.
 */
function mayCarryCredentials(url: URL, remote: Remote, all: readonly Remote[]): boolean {
  const own = new URL(remote.url);
  if (url.origin !== own.origin || url.username !== '' || url.password !== '') return false;
  const depth = depthUnder(url, own);
  return all.every((other) => other.url === remote.url || depthUnder(url, new URL(other.url)) <= depth);
}

/** Length of the base's path when `url` lies under it, or -1. */
function depthUnder(url: URL, base: URL): number {
  if (url.origin !== base.origin) return -1;
  const path = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  return url.pathname.startsWith(path) ? path.length : -1;
}

/** Scopes of new packages are lower case, and several registries take any case for the same. */
function normalScope(scope: string): string {
  const lower = scope.toLowerCase();
  return lower.startsWith('@') ? lower : `@${lower}`;
}

function withoutTrailingSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}

/** Where a registry has a package's document. The slash of a scope is encoded, as npm itself does it. */
export function packumentUrl(remote: Remote, name: string): string {
  return `${remote.url}/${name.replace('/', '%2f')}`;
}
