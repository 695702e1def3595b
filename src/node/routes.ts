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
      const isPlain = !path.includes('%') && !path.includes('//') && !path.includes(';');
      return isPlain || readings(path).every((read) => find(authority, read) === found) ? found : null;
    },
  };
}

/**
 * How servers may read a path. What may be written as it is means the same when it is percent-encoded (RFC 3986 §6.2.2.2); many servers
 * go further, and decode all of it, once or twice, take one slash for several, resolve dots, or drop parameters. An address that is
 * another route's in any of these readings is nobody's: `/%70rivate`, `//private` or `/x/..%2fprivate` would go round a closed
 * `/private`, to the same page of one server.
 */
// off the hit path: an address with a percent sign, two slashes or a semicolon
function readings(path: string): readonly string[] {
  const written = decoded(path, /[\w.~-]/);
  const once = decoded(written, any);
  const twice = decoded(once, any);
  const cleaned = [written, once, twice].flatMap((read) => [
    resolved(read),
    resolved(read.replace(/;[^/]*/g, '')),
  ]);
  return [written, ...cleaned];
}

const any = /./s;

function decoded(path: string, which: RegExp): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return which.test(character) ? character : code;
  });
}

/** Without empty and dot segments (RFC 3986 §5.2.4), `\` as `/`. */
function resolved(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split(/[/\\]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

function underPrefix(path: string, prefix: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47);
}

export function hostMatches(hosts: readonly string[], authority: string): boolean {
  const host = authority.replace(/\.?(?::\d+)?$/, '').toLowerCase();
  return hosts.some((pattern) =>
    pattern.startsWith('*.')
      ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
      : host === pattern,
  );
}
