/**
 * Whether there is anybody at an address. Bun's fetch has no time-out for connecting, and a host that is gone
 * does not refuse a connection: it says nothing for minutes, as a slow one does. So when an answer is late, a
 * connection of its own finds out which of the two it is.
 */
import { connect } from 'node:net';
import type { Clock } from '../../clock.ts';

/** An address that has answered is not asked again for so long. */
const provenMs = 10_000;

/** Addresses remembered at once. */
const maxProven = 256;

/** `host:port` → `Clock.elapsed()` when it answered. */
const proven = new Map<string, number>();

/** The look that is under way at an address, for all who wonder at the same time. */
const looks = new Map<string, Promise<boolean>>();

/** With one of these, the way to an upstream leads through a proxy, and connecting by ourselves proves nothing. */
const proxied = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].some(
  (name) => process.env[name],
);

/** `false` when the address has not accepted or refused a connection within the time. */
export function answers(url: string, withinMs: number, clock: Clock): Promise<boolean> {
  const place = placeOf(url);
  if (proxied || place === undefined) return Promise.resolve(true);
  const key = `${place.host}:${place.port}`;
  const since = proven.get(key);
  if (since !== undefined && clock.elapsed() - since < provenMs) return Promise.resolve(true);

  const underWay = looks.get(key);
  if (underWay !== undefined) return underWay;
  const look = tryConnecting(place, withinMs, clock);
  looks.set(key, look);
  void look.then((answered) => {
    looks.delete(key);
    if (proven.size >= maxProven) proven.clear();
    if (answered) proven.set(key, clock.elapsed());
  });
  return look;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function placeOf(url: string): Place | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  const { hostname, port, protocol } = parsed;
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
}

/** A refusal, or a name that does not exist, is an answer too: whoever asked will hear it from fetch. */
function tryConnecting(place: Place, withinMs: number, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(place);
  const cancel = clock.after(withinMs, () => finish(false));

  function finish(answered: boolean): void {
    cancel();
    socket.destroy();
    resolve(answered);
  }

  socket.once('connect', () => finish(true));
  socket.once('error', () => finish(true));
  return promise;
}
