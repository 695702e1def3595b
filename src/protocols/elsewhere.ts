/**
 * Where a registry may send us: to the service that gives tokens for it (`realm`), and to where it keeps its blobs (`Location`). Both are
 * its own words, so they are followed within bounds: over TLS where it is asked over TLS itself, with no credential in the address, and
 * from the internet to nowhere within, where an origin may reach what others may not.
 *
 * Names are looked up for that when they are followed. Who has them mean something else a moment later gets a connection there, and of what
 * it says nothing that no digest names, but where that answers as a registry would.
 */
import { lookup } from 'node:dns/promises';
import { MeridianError } from '../errors.ts';
import { cidrSet } from '../http/cidr.ts';
import { destination } from '../http/client/place.ts';
/** An upstream, as it is told of and asked. */
export interface Sender {
  /** As people know it. */
  readonly name: string;
  /** Absolute URL. */
  readonly url: string;
  /** Hosts of an internal network that it may send to, though it is on the internet itself. */
  readonly internalHosts?: readonly string[] | undefined;
}

/** Addresses of a name; none where that cannot be found out. */
type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * @param from the address that has answered so.
 * @param text absolute, or relative to that.
 * @throws `upstream-invalid` for what is not to be followed.
 */
export async function elsewhere(
  source: Sender,
  from: URL,
  text: string,
  resolve: Resolve = addressesOf,
): Promise<URL> {
  const to = URL.parse(text, from.href);
  const isSafe = to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:');
  if (to === null || !isSafe || to.username !== '' || to.password !== '')
    throw new MeridianError(
      'upstream-invalid',
      `${source.name} sends to nowhere, with a password in the address, or from https to something else: ${shown(to)}`,
    );
  const own = URL.parse(source.url)?.hostname ?? '';
  const { hostname } = to;
  if (hostname === own || source.internalHosts?.includes(hostname) === true) return to;
  if (!(await isWithin(hostname, to, resolve))) return to;
  if (await isWithin(own, new URL(source.url), resolve)) return to;
  throw new MeridianError(
    'upstream-invalid',
    `${source.name} sends to an address of an internal network: ${shown(to)}. Where that is meant, name its host in the \`internalHosts\` of this source.`,
  );
}

/** Addresses that the internet does not reach (RFC 1918, RFC 4193, RFC 6598, RFC 6890), and those of the machine itself. */
const within = cidrSet([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.168.0.0/16', '::/127', 'fc00::/7', 'fe80::/10'],
]);

async function isWithin(hostname: string, url: URL, resolve: Resolve): Promise<boolean> {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (bare === 'localhost' || bare.endsWith('.localhost') || within.has(bare)) return true;
  // What a proxy of the environment may be asked for, it decides itself; names may mean nothing on this side of it.
  const { tunnel, targetPrefix } = destination(url.href, {}).place;
  if (tunnel !== null || targetPrefix !== '') return false;
  return (await resolve(bare)).some((address) => within.has(address));
}

async function addressesOf(hostname: string): Promise<readonly string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    return []; // whoever connects to it says what is wrong
  }
}

/** Without its query, which may be a signature. */
function shown(url: URL | null): string {
  return url === null ? 'no address' : `${url.protocol}//${url.host}${url.pathname}`.slice(0, 200);
}
