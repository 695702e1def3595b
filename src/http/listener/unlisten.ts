/**
 * Takes no more connections, and keeps those that there are. Bun has only one word for both: `server.stop()` closes connections
 * on which nothing is under way just then, a request that is on its way among them.
 *
 * So the listening socket is taken from under the server, which then waits for connections that never come (Linux alone; elsewhere
 * nothing happens). The system resets what is still on its way to such a socket: connections that wait to be taken, and
 * those whose handshake is under way. So there must be none. For the few milliseconds, or the round trip to a client, until that is
 * so, the system is told to overlook what asks for a new connection; a client's system asks again after a second, and then comes to
 * another process at the same address, or is refused.
 */
import type { Clock } from '../../clock.ts';
import { canonicalAddress } from '../cidr.ts';
import { handshakesAt } from './handshakes.ts';
import { type Sockets, sockets } from './sockets.ts';

/**
 * For connections of which the first bytes are waited for, and that do not bring any: their handshake is completed when the
 * system asks them again, which it does after 1 s.
 */
const silentMs = 1_200;
/** For handshakes under way. Longer ones are lost. */
const handshakeMs = 600;
/** A look takes some milliseconds, in which nothing is served. */
const lookMs = 20;
/** While new clients are overlooked, time counts more. */
const lookSoonMs = 2;

/**
 * Resolves when no more connections are taken, or that cannot be done.
 * @param host that a server of this process listens at: an address, for by a name it is not found again.
 */
export async function unlisten(host: string, port: number, clock: Clock): Promise<void> {
  const own = canonicalAddress(host);
  const system = own === undefined ? null : sockets();
  if (own === undefined || system === null) return;
  const listening = await system.listeningAt(own, port);
  if (listening.length === 0) return;
  for (const fd of listening) system.takeAtOnce(fd);
  const silent = handshakesAt(port);
  const haveSpoken = () => silent.size === 0 || silent.isDisjointFrom(handshakesAt(port));
  await until(haveSpoken, { clock, withinMs: silentMs, everyMs: lookMs });
  await Promise.all(listening.map((fd) => close(fd, port, system, clock)));
}

async function close(fd: number, port: number, system: Sockets, clock: Clock): Promise<void> {
  system.deafen(fd);
  const wait = { clock, withinMs: handshakeMs, everyMs: lookSoonMs };
  // In this order: what has shaken hands is what waits then.
  await until(() => handshakesAt(port).size === 0, wait);
  await until(() => system.waiting(fd) === 0, wait);
  system.replace(fd);
}

interface Wait {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly everyMs: number;
}

async function until(isSo: () => boolean, { clock, withinMs, everyMs }: Wait): Promise<void> {
  const endMs = clock.elapsed() + withinMs;
  while (!isSo() && clock.elapsed() < endMs)
    await new Promise<void>((resolve) => void clock.after(everyMs, resolve));
}
