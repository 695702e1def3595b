/**
 * Where a field of an upstream's answer points to (`Location`, `Content-Location`), in the terms of the route that the
 * answer came through: those of the same origin alone, since nobody else may have things forgotten (RFC 9111 §4.4).
 */
import type { Exchange } from '../../exchange.ts';

export interface Place {
  /** Absolute URL without a trailing slash: what stands for the route's prefix at the upstream. */
  readonly upstream: string;
  /** Path prefix of the route, without a trailing slash. */
  readonly prefix: string;
  /** By which the upstream knows itself, beside its own. */
  readonly hostHeader?: string | undefined;
}

/**
 * The target, path and query, that a client would ask for; `null` when it is elsewhere.
 *
 * A server may write the address as it sees it itself, by the host that it was asked with, or as the client did.
 */
export function targetOf(reference: string | null, { base, target }: Exchange, place: Place): string | null {
  if (reference === null) return null;
  const { upstream, prefix, hostHeader } = place;
  const url = URL.parse(reference, upstream + target.slice(prefix.length));
  const own = URL.parse(upstream);
  if (url === null || own === null) return null;
  if (url.origin === own.origin || (hostHeader !== undefined && url.host === hostHeader)) {
    const root = own.pathname === '/' ? '' : own.pathname;
    return url.pathname.startsWith(`${root}/`) ? prefix + url.pathname.slice(root.length) + url.search : null;
  }
  return url.origin === URL.parse(base)?.origin ? url.pathname + url.search : null;
}
