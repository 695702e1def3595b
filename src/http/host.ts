/**
 * The authority of a request: what `Host` or `:authority` may say (RFC 9110 §4.2, RFC 3986 §3.2.2).
 *
 * Stricter than the grammar wherever it leaves room for two spellings, because the authority becomes part of
 * keys and links: no comma (two `Host` lines arrive joined by one), no empty or zero-padded port, no
 * address of a future IP version, no zone.
 */
import { canonicalAddress } from './cidr.ts';
import { memoise } from './memo.ts';

/** A host with or without a port from 1 to 65535, and nothing else. */
export function validAuthority(host: string): boolean {
  return remembered(host);
}

/** A name has 253 characters at most (RFC 1035 §2.3.4); the rest is for a port. */
const maxLength = 260;

const remembered = memoise((host): boolean => {
  if (host.length > maxLength) return false;
  const match = /^(?:\[([^\]]*)\]|((?:[\w.~!$&'()*+;=-]|%[\dA-Fa-f]{2})+))(?::([1-9]\d{0,4}))?$/.exec(host);
  if (match === null) return false;
  const [, literal, , port = '1'] = match;
  if (literal !== undefined && !isIpv6(literal)) return false;
  return Number(port) <= 65_535;
});

function isIpv6(literal: string): boolean {
  return literal.includes(':') && !literal.includes('%') && canonicalAddress(literal) !== undefined;
}
