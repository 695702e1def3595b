/**
 * The way to a member of a ring: a socket on the same machine, or its address on another one. All that is said to members
 * goes this way, so that what it takes to get there is known here alone.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
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

export type Said = Omit<ClientRequest, 'unix' | 'direct' | 'bounds'>;

/**
 * To one member at once, and those that wait for one of these connections: more than the clients that a worker takes on
 * (`limits.clients`) unless that has been raised.
 */
const bounds = { connections: 2048, connecting: 64, waiting: 16_384 };
const boundsAside = { connections: 4, waiting: 64 };

/** @param address `unix:/path/of/a/socket`, or `http://host:port`. */
export function wayTo(address: string): Way {
  const unix = address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
  const base = unix === undefined ? address : 'http://ring';
  const aside = base.replace('//', '//aside@');
  return {
    ask: (target, options) => request(base + target, { ...options, unix, direct: true, bounds }),
    // Connections are pooled by what stands before the path: a user name, which is not sent, makes this another pool.
    askAside: (target, options) =>
      request(aside + target, { ...options, unix, direct: true, bounds: boundsAside }),
    reaches: (withinMs, clock) =>
      unix === undefined ? connects(base, withinMs, clock) : Promise.resolve(true),
    isFull(thrown) {
      const cause = thrown instanceof MeridianError ? thrown.cause : null;
      return unix !== undefined && cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    },
  };
}

function connects(base: string, withinMs: number, clock: Clock): Promise<boolean> {
  const { hostname, port } = new URL(base);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(withinMs, () => resolve(false));
  const found = (is: boolean) => () => {
    cancel();
    resolve(is);
  };
  const bare = hostname.replace(/^\[|\]$/g, '');
  const socket = { open: (made: Bun.Socket) => void made.terminate(), data: () => undefined };
  Bun.connect({ hostname: bare, port: Number(port || 80), socket }).then(found(true), found(false));
  return promise;
}
