/**
 * Which route serves a request: the first whose host and path prefix match, in the order of the config.
 */
import type { Protocol } from '../protocol.ts';

export interface Route {
  readonly name: string;
  /** Lower case; `*.example.com` stands for any number of labels in front. Empty: every host. */
  readonly hosts: readonly string[];
  /** Path prefix without a trailing slash; empty: every path. */
  readonly prefix: string;
  readonly protocol: Protocol;
}

export interface Routes {
  match(authority: string, path: string): Route | null;
  /** By name: how a tier asks, since the host that the client used stays at the PoP. */
  named(name: string): Route | null;
  readonly all: readonly Route[];
}

export function routes(all: readonly Route[]): Routes {
  const byName = new Map(all.map((route) => [route.name, route]));

  function find(authority: string, path: string): Route | null {
    for (const route of all) {
      if (
        underPrefix(path, route.prefix) &&
        (route.hosts.length === 0 || hostMatches(route.hosts, authority))
      )
        return route;
    }
    return null;
  }

  return {
    all,
    named: (name) => byName.get(name) ?? null,
    match(authority, path) {
      const found = find(authority, path);
      return path.includes('%') && find(authority, plain(path)) !== found ? null : found;
    },
  };
}

/**
 * What may be written as it is means the same when it is percent-encoded (RFC 3986 §6.2.2.2). An address that is another route's
 * when it is written plainly is nobody's: `/%70rivate` would go round a closed `/private`, to the same page of one server.
 */
// off the hit path: an address with a percent sign
function plain(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code;
  });
}

function underPrefix(path: string, prefix: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47);
}

function hostMatches(hosts: readonly string[], authority: string): boolean {
  const host = authority.replace(/:\d+$/, '').toLowerCase();
  return hosts.some((pattern) =>
    pattern.startsWith('*.')
      ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
      : host === pattern,
  );
}
