/**
 * Who the client is, behind proxies: `Forwarded` (RFC 7239) or `X-Forwarded-For`, `-Proto` and `-Host`.
 *
 * Anybody can send these fields, so they are believed only as far as trust reaches. Each proxy adds, at the
 * right end, whom it was asked by; so the walk starts at the peer and goes left while it stands on a trusted
 * proxy. The first address that is not one is the client's, and what is left of it is the client's to invent.
 */
import { type CidrSet, canonicalAddress, cidrSet } from './cidr.ts';
import { validAuthority } from './host.ts';
import { argument, split, tokenLength, trim } from './syntax.ts';

/** Which field the proxies write. The others are ignored: a proxy that does not write one passes on the client's. */
export type ForwardingField = 'forwarded' | 'x-forwarded-for';

export interface TrustedProxies {
  readonly addresses: CidrSet;
  readonly field: ForwardingField;
}

export interface Client {
  /** As `canonicalAddress` writes it. */
  readonly address: string;
  /** How the client reached the proxy nearest to it, where that is known. */
  readonly proto?: 'http' | 'https';
  readonly host?: string;
}

/** Throws, with a clear text, when a block is malformed. */
export function trustedProxies(
  blocks: readonly string[],
  field: ForwardingField = 'x-forwarded-for',
): TrustedProxies {
  return { addresses: cidrSet(blocks), field };
}

/** @param peer the address at the other end of the connection. */
export function clientFrom(headers: Headers, peer: string, trusted: TrustedProxies): Client {
  const address = canonicalAddress(peer) ?? peer;
  if (!trusted.addresses.has(peer)) return { address };
  return trusted.field === 'forwarded'
    ? fromForwarded(headers.get('forwarded') ?? '', address, trusted.addresses)
    : fromXForwarded(headers, address, trusted.addresses);
}

function fromForwarded(value: string, peer: string, trusted: CidrSet): Client {
  let client: Client = { address: peer };
  for (const element of fromTheRight(value)) {
    const pairs = parseElement(element);
    if (pairs === undefined) break;
    // Unknown or obfuscated: the proxy says how it was asked, but not by whom.
    const address = nodeAddress(pairs.get('for') ?? '');
    client = clientOf(address ?? client.address, pairs.get('proto'), pairs.get('host'));
    if (address === undefined || !trusted.has(address)) break;
  }
  return client;
}

/**
 * `-Proto` and `-Host` may be lists that grow with `-For`, or hold one value that a proxy has set: the value is
 * taken at the place of the client, or the nearest to it on the trusted side.
 */
function fromXForwarded(headers: Headers, peer: string, trusted: CidrSet): Client {
  let address = peer;
  let hops = 0;
  for (const node of fromTheRight(headers.get('x-forwarded-for') ?? '')) {
    const next = nodeAddress(node);
    if (next === undefined) break;
    address = next;
    hops++;
    if (!trusted.has(next)) break;
  }
  return clientOf(
    address,
    at(headers.get('x-forwarded-proto'), hops),
    at(headers.get('x-forwarded-host'), hops),
  );
}

/** The member `hops` from the right (at least one), or the leftmost of fewer. */
function at(value: string | null, hops: number): string | undefined {
  if (value === null) return undefined;
  let found: string | undefined;
  let count = 0;
  for (const member of fromTheRight(value)) {
    found = member;
    if (++count >= hops) break;
  }
  return found;
}

function clientOf(address: string, proto: string | undefined, host: string | undefined): Client {
  const client: { -readonly [Name in keyof Client]: Client[Name] } = { address };
  const scheme = proto?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') client.proto = scheme;
  if (host !== undefined && validAuthority(host)) client.host = host;
  return client;
}

/**
 * The members of a list from the last to the first, split from the right: the right end was written by those who
 * are trusted, and a quote that the client left open further left must not reach into it.
 */
function* fromTheRight(value: string): Generator<string> {
  let end = value.length;
  let inQuotes = false;
  for (let i = value.length - 1; i >= 0; i--) {
    const character = value[i];
    if (character === '"') inQuotes = !inQuotes;
    else if (character === ',' && !inQuotes) {
      const member = trim(value.slice(i + 1, end));
      if (member !== '') yield member;
      end = i;
    }
  }
  const first = trim(value.slice(0, end));
  if (first !== '') yield first;
}

/** `forwarded-element` (RFC 7239 §4), names in lower case; `undefined` when it is malformed or repeats a name. */
function parseElement(element: string): ReadonlyMap<string, string> | undefined {
  // Nothing that belongs here needs an escape, and one would read differently from the right.
  if (element.includes('\\')) return undefined;
  const pairs = new Map<string, string>();
  for (const pair of split(element, ';')) {
    const nameLength = tokenLength(pair);
    const name = pair.slice(0, nameLength).toLowerCase();
    const value = pair[nameLength] === '=' ? argument(pair.slice(nameLength + 1)) : undefined;
    if (name === '' || value === undefined || pairs.has(name)) return undefined;
    pairs.set(name, value);
  }
  return pairs;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` or `2001:db8::1` (RFC 7239 §6, and custom). */
function nodeAddress(node: string): string | undefined {
  const match = /^(?:\[([\dA-Fa-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(node);
  return canonicalAddress(match?.[1] ?? match?.[2] ?? node);
}
