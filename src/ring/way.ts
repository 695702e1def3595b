/**
 * The way to a member of a ring: a socket on the same machine, or its address on another one. All that is said to members
 * goes this way, so that what it takes to get there is known here alone.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { ClientTls } from '../http/client/tls.ts';
import { type ClientRequest, request } from '../http/client.ts';

export interface Way {
  /** Fails as `request` does. */
  ask(target: string, options: Said): Promise<Answer>;
  /** The same over a connection of its own: for a question that must not wait behind all others. */
  askAside(target: string, options: Said): Promise<Answer>;
  /** Whether its machine makes a connection within so long, which the system does while the member is busy. `true` for a socket. */
  reaches(withinMs: number, clock: Clock): Promise<boolean>;
  /** Whether nothing has been sent, because more connections came at once than the member's socket has room for. */
  isFull(thrown: unknown): boolean;
}

export type Said = Omit<ClientRequest, 'unix' | 'direct' | 'bounds' | 'tls' | 'http2'>;

/**
 * To one member at once, and those that wait for one of these connections: more than the clients that a worker takes on
 * (`limits.clients`) unless that has been raised.
 */
const bounds = { connections: 2048, connecting: 64, waiting: 16_384 };
const boundsAside = { connections: 4, waiting: 64 };
/**
 * With TLS, so many requests wait for an answer each on a connection of its own, which takes a third less processor time than
 * a stream of HTTP/2. Those that come to more than that are a crowd, for which as many handshakes would keep the member from all else: they
 * share connections.
 */
const crowd = 128;

/**
 * @param address `unix:/path/of/a/socket`, `http://host:port`, or `https://host:port`.
 * @param tls what is shown over `https:`, and who is believed, asked for each request.
 */
export function wayTo(address: string, tls: () => ClientTls | undefined): Way {
  const unix = address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
  const base = unix === undefined ? address : 'http://ring';
  const aside = base.replace('//', '//aside@');
  const secure = base.startsWith('https:');
  let waiting = 0;

  async function ask(target: string, options: Said): Promise<Answer> {
    const http2 = secure && waiting >= crowd;
    waiting++;
    try {
      return await request(base + target, { ...options, unix, direct: true, bounds, tls: tls(), http2 });
    } finally {
      waiting--;
    }
  }

  return {
    ask,
    // Connections are pooled by what stands before the path: a user name, which is not sent, makes this another pool.
    askAside: (target, options) =>
      request(aside + target, { ...options, unix, direct: true, bounds: boundsAside, tls: tls() }),
    reaches: (withinMs, clock) =>
      unix === undefined ? connects(base, withinMs, clock) : Promise.resolve(true),
    isFull(thrown) {
      const cause = thrown instanceof MeridianError ? thrown.cause : null;
      return unix !== undefined && cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    },
  };
}

function connects(base: string, withinMs: number, clock: Clock): Promise<boolean> {
  const { hostname, port, protocol } = new URL(base);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(withinMs, () => resolve(false));
  const found = (is: boolean) => () => {
    cancel();
    resolve(is);
  };
  const bare = hostname.replace(/^\[|\]$/g, '');
  const socket = { open: (made: Bun.Socket) => void made.terminate(), data: () => undefined };
  Bun.connect({ hostname: bare, port: Number(port) || (protocol === 'https:' ? 443 : 80), socket }).then(
    found(true),
    found(false),
  );
  return promise;
}
