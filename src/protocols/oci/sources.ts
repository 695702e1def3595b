/**
 * Which registry a repository is pulled from. Its full name begins with its source, as people write it (`docker.io/library/alpine`), and
 * that is what keys, rights and tags go by, whichever way a client has asked:
 *
 *     /v2/docker.io/library/alpine/…         by its full name
 *     /v2/library/alpine/…?ns=docker.io      as containerd asks a mirror
 *     /v2/library/alpine/…                   as Docker asks a mirror: the source that is the route's `mirrors`
 *     /v2/acme/app/…                         what lives here (`hosted`), by the only name that it has
 */
import type { Remote } from '../../parent.ts';
import type { Hosted } from './hosted/claims.ts';

export interface OciSource {
  /** As the first word of names: `docker.io`, `ghcr.io`, `registry.example.com:5000`. */
  readonly name: string;
  /** Absolute URL of the registry, without `/v2`. */
  readonly url: string;
  /** For its token service, or for itself where that asks for Basic. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** What names without a slash belong to, such as `library` at Docker Hub. */
  readonly namespace?: string | undefined;
  /** What all names begin with there: a project of Harbor, or this source's name at another Meridian. */
  readonly prefix?: string | undefined;
  /** Hosts of an internal network that this registry may send to, though it is on the internet itself. */
  readonly internalHosts?: readonly string[] | undefined;
}

export interface Place {
  readonly source: OciSource;
  readonly remote: Remote;
  /** There. */
  readonly repository: string;
}

export interface Sources {
  /** The full name of what a client calls so; `null`: no source has such a name. */
  fullName(name: string, namespace: string | null): string | null;
  /** Where that is; `null`: at no source. */
  placeOf(fullName: string): Place | null;
}

/** What has its home here is nobody else's; no name begins with that of a source. */
type Claims = Pick<Hosted, 'claims'> | null;

/** @param fallback name of the source of what names none. */
export function openSources(
  configured: readonly OciSource[],
  fallback: string | null,
  hosted: Claims = null,
): Sources {
  const byName = new Map(
    configured.map((source) => [source.name, { ...source, url: source.url.replace(/\/+$/, '') }]),
  );

  function within(source: OciSource, repository: string): string {
    const isBare = source.namespace !== undefined && !repository.includes('/');
    return `${source.name}/${isBare ? `${source.namespace}/` : ''}${repository}`;
  }

  return {
    fullName(name, namespace) {
      if (namespace !== null) {
        const source = byName.get(namespace);
        return source === undefined ? null : within(source, name);
      }
      const slash = name.indexOf('/');
      const named = slash === -1 ? undefined : byName.get(name.slice(0, slash));
      if (named !== undefined) return within(named, name.slice(slash + 1));
      if (hosted?.claims(name) === true) return name;
      const source = fallback === null ? undefined : byName.get(fallback);
      return source === undefined ? null : within(source, name);
    },

    placeOf(fullName) {
      const slash = fullName.indexOf('/');
      const source = byName.get(fullName.slice(0, slash));
      if (source === undefined) return null;
      const name = fullName.slice(slash + 1);
      const repository = source.prefix === undefined ? name : `${source.prefix}/${name}`;
      return { source, remote: { url: source.url }, repository };
    },
  };
}
