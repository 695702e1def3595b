/**
 * The PROXY protocol, versions 1 and 2: what a load balancer says, before the first byte of a connection, about
 * who is at its other end. Source: haproxy.org, doc/proxy-protocol.txt, sections 2.1 and 2.2.
 *
 * Whoever can make this parser believe something is whoever they like, so it is strict: one spelling per
 * thing, no spare bytes, no families or commands that the document does not define for TCP. Checksums
 * (PP2_TYPE_CRC32C) are not computed: the sender is trusted, and TCP has a checksum of its own.
 */
import { canonicalAddress } from './cidr.ts';

export type ProxyHeader =
  /** The bytes so far are the beginning of a header. */
  | { readonly state: 'partial' }
  | { readonly state: 'malformed'; readonly why: string }
  | {
      readonly state: 'whole';
      /** The connection's own bytes begin here. */
      readonly lengthBytes: number;
      /**
       * The client's address, as `canonicalAddress` writes it. `null` when the sender speaks for itself (a health
       * check: LOCAL), or knows no IP address (UNKNOWN, UNSPEC, UNIX): then the connection's own peer counts.
       */
      readonly client: string | null;
    };

/** `PROXY UNKNOWN` with the longest addresses and ports, and CRLF (section 2.1). */
const maxLineBytes = 107;

/** The format allows for 65,551; what senders add (a certificate at most) stays well below this. */
const maxBinaryBytes = 16 * 1024;

/** No header is longer: with so many bytes, the state is never `partial`. */
export const maxProxyHeaderBytes = maxBinaryBytes;

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const word = new TextEncoder().encode('PROXY ');
const partial: ProxyHeader = { state: 'partial' };

/** @param bytes everything that the connection has brought so far. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return partial;
  if (startsAlike(bytes, word)) return bytes.length < word.length ? partial : parseLine(bytes);
  if (startsAlike(bytes, signature)) return bytes.length < signature.length ? partial : parseBinary(bytes);
  return malformed('the connection does not begin with a PROXY protocol header');
}

/** Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CRLF. */
function parseLine(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, maxLineBytes).indexOf(0x0a);
  if (end === -1)
    return bytes.length < maxLineBytes ? partial : malformed('the line is longer than 107 bytes');
  if (bytes[end - 1] !== 0x0d) return malformed('the line does not end with CRLF');
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  if (!/^[ -~]*$/.test(line)) return malformed('the line holds characters that are not printable ASCII');
  const lengthBytes = end + 1;
  // What follows UNKNOWN must be ignored, whatever it is.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { state: 'whole', lengthBytes, client: null };

  const match = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\S+) (\S+)$/.exec(line);
  if (match === null) return malformed('the line is not PROXY, a family, two addresses and two ports');
  const [, family = '', source = '', destination = '', sourcePort = '', destinationPort = ''] = match;
  const client = addressOf(family, source);
  if (client === undefined || addressOf(family, destination) === undefined) {
    return malformed(`an address does not belong to ${family}`);
  }
  if (!isPort(sourcePort) || !isPort(destinationPort)) return malformed('a port is not a number up to 65535');
  return { state: 'whole', lengthBytes, client };
}

function addressOf(family: string, text: string): string | undefined {
  const isIpv6 = text.includes(':');
  if (isIpv6 !== (family === 'TCP6') || text.includes('%')) return undefined;
  return canonicalAddress(text);
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

const fixedBytes = 16;
const localCommand = 0x20;
const proxyCommand = 0x21;

/** Family and transport (byte 14) → bytes of its addresses and ports. Datagrams do not come over TCP. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [0x00, 0], // UNSPEC
  [0x11, 12], // TCP over IPv4
  [0x21, 36], // TCP over IPv6
  [0x31, 216], // UNIX stream
]);

/** Version 2: signature, version and command, family, length of the rest, addresses, then extensions (TLV). */
function parseBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < fixedBytes) return partial;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command = view.getUint8(12);
  const family = view.getUint8(13);
  const lengthBytes = fixedBytes + view.getUint16(14);
  if (command !== localCommand && command !== proxyCommand) return malformed('unknown version or command');
  if (lengthBytes > maxBinaryBytes) return malformed(`the header is longer than ${maxBinaryBytes} bytes`);
  const addresses = addressBytes.get(family);
  // A receiver must not look at what comes with LOCAL, not even at its family.
  if (command === proxyCommand && addresses === undefined) return malformed('unknown address family');
  if (bytes.length < lengthBytes) return partial;
  if (command === localCommand || addresses === undefined || addresses === 0) {
    return { state: 'whole', lengthBytes, client: null };
  }

  const extensionsAt = fixedBytes + addresses;
  if (extensionsAt > lengthBytes) return malformed('the header is too short for its addresses');
  if (!extensionsFit(view, extensionsAt, lengthBytes)) {
    return malformed('an extension reaches beyond the header');
  }
  const source = bytes.subarray(fixedBytes, fixedBytes + (family === 0x11 ? 4 : 16));
  const client = family === 0x11 || family === 0x21 ? canonicalAddress(written(source)) : undefined;
  return { state: 'whole', lengthBytes, client: client ?? null };
}

/** Each extension: one byte of type, two of length, the value (section 2.2.1). Types are the senders' affair. */
function extensionsFit(view: DataView, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    if (at + 3 > to) return false;
    at += 3 + view.getUint16(at + 1);
  }
  return at === to;
}

function written(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  return Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16)).join(':');
}

/** Whether the two are the same as far as the shorter one goes. */
function startsAlike(bytes: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(bytes.length, expected.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== expected[at]) return false;
  return true;
}

function malformed(why: string): ProxyHeader {
  return { state: 'malformed', why };
}
