/**
 * IP addresses, and blocks of them in CIDR notation (RFC 4632, RFC 4291 §2.3).
 *
 * An IPv4 address that arrives in the clothes of IPv6 (`::ffff:192.0.2.1`, as dual-stack sockets show it) is the
 * IPv4 address everywhere here. Otherwise the families are apart: `::/0` is every IPv6 address and no IPv4 one.
 */
import { memoise } from './memo.ts';

export interface CidrSet {
  readonly size: number;
  /** Whether a block contains the address. What is not an address is in none. */
  has(address: string): boolean;
}

/** Looks through the blocks one by one: meant for the few that a config lists. Throws on the first malformed one. */
export function cidrSet(texts: readonly string[]): CidrSet {
  const blocks = texts.map(parseBlock);
  return {
    size: blocks.length,
    has(text) {
      if (blocks.length === 0) return false;
      const { groups } = remembered(text);
      return blocks.some((block) => contains(block, groups));
    },
  };
}

/**
 * The one way to write an address that equal addresses share: RFC 5952 for IPv6, and IPv4 for what is IPv4.
 * The zone of a link-local address (`%eth0`) is left out. `undefined` for what is not an address.
 */
export function canonicalAddress(text: string): string | undefined {
  return remembered(text).canonical;
}

/** The block that an address lies in, as `192.0.2.0/24`. `undefined` for what is not an address. */
export function blockOf(
  text: string,
  bits: { readonly ipv4: number; readonly ipv6: number },
): string | undefined {
  const { groups } = remembered(text);
  if (groups.length === 0) return undefined;
  const length = groups.length === 2 ? bits.ipv4 : bits.ipv6;
  return `${format(groups.map((group, i) => group & mask(length - 16 * i)))}/${length}`;
}

/** In 16-bit groups: two for IPv4, eight for IPv6, none for what is not an address. */
type Address = readonly number[];

const remembered = memoise((text): { readonly groups: Address; readonly canonical: string | undefined } => {
  const groups = parseAddress(text);
  return groups === undefined ? { groups: [], canonical: undefined } : { groups, canonical: format(groups) };
});

interface Block {
  readonly groups: Address;
  readonly bits: number;
}

const mappedBits = 96;

function parseBlock(text: string): Block {
  const slash = text.indexOf('/');
  const written = slash === -1 ? text : text.slice(0, slash);
  const plain = written.includes('%') ? undefined : parseGroups(written);
  if (plain === undefined)
    throw new Error(`"${text}" is not an IP address or CIDR block such as 10.0.0.0/8 or 2001:db8::/32`);
  const limit = plain.length * 16;
  const digits = slash === -1 ? String(limit) : text.slice(slash + 1);
  const length = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(length <= limit)) throw new Error(`"${text}": the prefix length must be a number from 0 to ${limit}`);

  const inner = unmapped(plain);
  const block =
    inner !== plain && length >= mappedBits
      ? { groups: inner, bits: length - mappedBits }
      : { groups: plain, bits: length };
  const base = block.groups.map((group, i) => group & mask(block.bits - 16 * i));
  if (base.some((group, i) => group !== block.groups[i])) {
    throw new Error(`"${text}" has bits set beyond its prefix: write ${format(base)}/${block.bits}`);
  }
  return block;
}

function contains({ groups, bits }: Block, address: Address): boolean {
  if (groups.length !== address.length) return false;
  for (let i = 0; i * 16 < bits; i++) {
    if (((address[i] ?? 0) & mask(bits - 16 * i)) !== groups[i]) return false;
  }
  return true;
}

/** Of a 16-bit group its first `bits`: all from 16 on, none up to 0. */
function mask(bits: number): number {
  return (0xffff << (16 - Math.min(Math.max(bits, 0), 16))) & 0xffff;
}

function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const groups = parseGroups(zone === -1 ? text : text.slice(0, zone));
  if (groups === undefined || (zone !== -1 && groups.length === 2)) return undefined;
  return unmapped(groups);
}

function parseGroups(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** `::ffff:0:0/96` (RFC 4291 §2.5.5.2). */
function unmapped(groups: Address): Address {
  const mapped =
    groups.length === 8 && groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? groups.slice(6) : groups;
}

/** Four decimal numbers. Leading zeros are refused: some read them as octal. */
function parseIpv4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const octets = match
    .slice(1)
    .map((digits) => (digits.length > 1 && digits.startsWith('0') ? 256 : Number(digits)));
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return octets.every((octet) => octet <= 255) ? [(a << 8) | b, (c << 8) | d] : undefined;
}

/** RFC 4291 §2.2: eight groups, of which `::` stands for one or more that are zero, and the last two may be IPv4. */
function parseIpv6(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = '', tail] = halves;
  const before = parseHalf(head, tail === undefined);
  const after = tail === undefined ? [] : parseHalf(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function parseHalf(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[\dA-Fa-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    groups.push(...ipv4);
  }
  return groups;
}

function format(address: Address): string {
  if (address.length === 2) return address.flatMap((group) => [group >> 8, group & 255]).join('.');
  // RFC 5952 §4.2: the longest run of two or more zero groups, of equal ones the first, becomes `::`.
  let [start, length] = [0, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && address[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  const text = (groups: Address) => groups.map((group) => group.toString(16)).join(':');
  if (length === 1) return text(address);
  return `${text(address.slice(0, start))}::${text(address.slice(start + length))}`;
}
