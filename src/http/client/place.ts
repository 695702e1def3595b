/**
 * Where a request goes: the address to connect to, and what to say there, directly or through the HTTP proxy that
 * the environment names (`http_proxy`, `https_proxy`, `no_proxy`, in small or capital letters).
 */
import { MeridianError } from '../../errors.ts';
import type { ClientTls } from './tls.ts';

export interface Place {
  /** Equal for requests that may use the same connection. */
  readonly key: string;
  /** What is connected to: the server itself, or the proxy. */
  readonly address: Address;
  /** With TLS to the server, whose certificate must be for this name. */
  readonly tlsName: string | null;
  /** What TLS shows, and whom it believes. */
  readonly tls: ClientTls | null;
  /** What `CONNECT` asks a proxy for before anything else is said; `null` without such a tunnel. */
  readonly tunnel: string | null;
  /** The value of `Proxy-Authorization`, or none. */
  readonly proxyAuthorization: string | null;
  /** `Host` of requests. */
  readonly authority: string;
  /** What stands before the path in the request line: a proxy without a tunnel is told the whole URL. */
  readonly targetPrefix: string;
}

export type Address = { readonly hostname: string; readonly port: number } | { readonly unix: string };

export interface Way {
  readonly unix?: string | undefined;
  /** Never through a proxy. */
  readonly direct?: boolean | undefined;
  readonly tls?: ClientTls | undefined;
}

/** Places remembered at once. */
const maxKnown = 1024;

/** Scheme and authority, and the way → the place. What the environment says of proxies is read once per place. */
const known = new Map<string, Place>();

export interface Destination {
  readonly place: Place;
  /** For the request line. */
  readonly target: string;
}

/** Fails with a `TypeError` for what is no URL with `http:` or `https:`. */
export function destination(url: string, way: Way): Destination {
  const start = url.indexOf('//') + 2;
  const slash = url.indexOf('/', start);
  // Nearly always: a URL whose target can be taken as it is written.
  if (start > 1 && slash !== -1 && plainTarget.test(url)) {
    return { place: placeAt(url.slice(0, slash), way), target: url.slice(slash) };
  }
  const parsed = new URL(url);
  return { place: placeAt(parsed.origin, way), target: parsed.pathname + parsed.search };
}

/** Characters that a request line can hold; a fragment is not sent. */
const plainTarget = /^[!"$-~]+$/;

function placeAt(origin: string, way: Way): Place {
  const key = `${way.direct === true ? 'direct ' : ''}${way.unix ?? ''} ${way.tls?.id ?? ''} ${origin}`;
  const before = known.get(key);
  if (before) return before;
  if (known.size >= maxKnown) known.clear();
  const place = makePlace(new URL(origin), way, key);
  known.set(key, place);
  return place;
}

function makePlace(url: URL, { unix, direct, tls }: Way, key: string): Place {
  const { protocol, host } = url;
  const secure = protocol === 'https:';
  if (!secure && protocol !== 'http:') throw new TypeError(`${protocol} is not a scheme that can be asked`);
  const hostname = bare(url.hostname);
  const port = portOf(url);
  const tlsName = secure ? hostname : null;
  const plain = {
    ...{ key, tlsName, tls: (secure ? tls : null) ?? null },
    ...{ tunnel: null, proxyAuthorization: null, authority: host, targetPrefix: '' },
  };
  if (unix !== undefined) return { ...plain, address: { unix } };
  const proxy = direct === true ? null : proxyFor(secure, hostname, port);
  if (proxy === null) return { ...plain, address: { hostname, port } };
  return {
    ...plain,
    address: { hostname: bare(proxy.hostname), port: portOf(proxy) },
    tunnel: secure ? `${url.hostname}:${port}` : null,
    proxyAuthorization: credentialsOf(proxy),
    targetPrefix: secure ? '' : `http://${host}`,
  };
}

function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

function proxyFor(secure: boolean, hostname: string, port: number): URL | null {
  const value = setting(secure ? 'https_proxy' : 'http_proxy');
  if (value === undefined || bypassed(hostname, port)) return null;
  const proxy = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (proxy?.protocol !== 'http:') {
    throw new MeridianError(
      'upstream-unreachable',
      'the HTTP proxy of the environment is not an http:// URL',
    );
  }
  return proxy;
}

/** `no_proxy`: `*`, or names with everything below them and addresses, each with a port or without. */
function bypassed(hostname: string, port: number): boolean {
  const list =
    setting('no_proxy')
      ?.toLowerCase()
      .split(/[\s,]+/) ?? [];
  return list.some((item) => {
    if (item === '*') return true;
    const [, name = '', only] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(item) ?? [];
    const suffix = name.replace(/^\*?\./, '');
    if (suffix === '' || (only !== undefined && Number(only) !== port)) return false;
    return hostname === suffix || hostname.endsWith(`.${suffix}`);
  });
}

function setting(name: string): string | undefined {
  return process.env[name] || process.env[name.toUpperCase()] || undefined;
}

function credentialsOf({ username, password }: URL): string | null {
  if (username === '') return null;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}
