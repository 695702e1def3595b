/**
 * The address that a listener listens on: how it is written in a URL, and whether it is free.
 */
import { canonicalAddress } from '../cidr.ts';

/** `https://[::1]:8443`. For a listener on all addresses, the one at which this machine reaches itself. */
export function listenerUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const isDefault = port === (scheme === 'http' ? 80 : 443);
  return `${scheme}://${urlHost(host)}${isDefault ? '' : `:${port}`}`;
}

function urlHost(host: string): string {
  const address = canonicalAddress(host);
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Fails when somebody listens there. For listeners with `SO_REUSEPORT`, which the system lets share an address with
 * others of their kind: the second of two processes with the same config would come up without a word, and
 * take half of the connections. And for those with UDP: when Bun cannot have that, it fails, but keeps the TCP port.
 */
export async function claim(host: string, port: number, udp: boolean): Promise<void> {
  Bun.listen({ hostname: host, port, exclusive: true, socket: { data() {} } }).stop(true);
  if (!udp) return;
  const socket = await Bun.udpSocket({ hostname: host, port });
  socket.close();
}

/** What can be done about it, for the person who starts the node. */
export function cannotListen(host: string, port: number, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return Object.assign(new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause }), { code });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)',
};
