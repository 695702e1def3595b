/**
 * Takes no more connections, and keeps those that there are. Bun has only one word for both: `server.stop()` closes connections
 * on which nothing is under way just then, a request that is on its way among them.
 *
 * So the listening socket is taken from under the server, which then waits for connections that never come (Linux alone; elsewhere
 * nothing happens). Before that, the system is told to hand over each connection as it is made. By default Bun has it wait for the
 * first bytes (TCP_DEFER_ACCEPT), and what waits there would be lost. What is lost still are connections whose handshake is under
 * way at that moment, unless net.ipv4.tcp_migrate_req is 1 and others listen at the same address.
 */
import { dlopen, ptr } from 'bun:ffi';
import { readdir } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import { canonicalAddress } from '../cidr.ts';

/** For connections that wait for their first bytes. */
const settleMs = 50;
/** Looks for a moment in which no connection waits to be taken. */
const maxLooks = 200;

/**
 * Resolves when no more connections are taken, or that cannot be done.
 * @param host that a server of this process listens at: an address, for by a name it is not found again.
 */
export async function unlisten(host: string, port: number, clock: Clock): Promise<void> {
  const own = canonicalAddress(host);
  const system = process.platform === 'linux' && own !== undefined ? loadSystem() : null;
  if (system === null) return;
  const isOurs = (fd: number) => system.isListening(fd) && system.listensAt(fd, own, port);
  const listening = (await readdir('/proc/self/fd')).map(Number).filter(isOurs);
  if (listening.length === 0) return;
  for (const fd of listening) system.takeAtOnce(fd);
  await pause(clock, settleMs);
  for (const fd of listening) {
    for (let looks = 0; looks < maxLooks && system.waiting(fd) > 0; looks++) await pause(clock, 0);
    system.replace(fd);
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** Of Linux, on every architecture that Bun runs on. */
const solSocket = 1;
const acceptConn = 30;
const ipprotoTcp = 6;
const deferAccept = 9;
const tcpInfo = 11;
/** `tcpi_unacked`, which for a listening socket is how many connections wait to be taken, in 32-bit words from the start. */
const unackedWord = 6;
const afUnix = 1;
const afInet = 2;
const afInet6 = 10;
const sockStream = 1;

interface System {
  isListening(fd: number): boolean;
  listensAt(fd: number, address: string | undefined, port: number): boolean;
  /** Has connections handed over as they are made. */
  takeAtOnce(fd: number): void;
  /** Connections that wait to be taken. */
  waiting(fd: number): number;
  /** Puts another socket in its place, which nobody connects to. */
  replace(fd: number): void;
}

const names = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'];

function loadSystem(): System | null {
  for (const name of names) {
    try {
      return systemOf(name);
    } catch {
      // The next one, then: which of them there is depends on the distribution.
    }
  }
  return null;
}

function systemOf(name: string): System {
  const { symbols } = dlopen(name, {
    getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    dup2: { args: ['i32', 'i32'], returns: 'i32' },
    close: { args: ['i32'], returns: 'i32' },
  });
  const word = (fd: number, level: number, option: number, at: number): number => {
    const value = new Int32Array(64);
    const length = new Uint32Array([value.byteLength]);
    symbols.getsockopt(fd, level, option, ptr(value), ptr(length));
    return value[at] ?? 0;
  };
  return {
    isListening: (fd) => word(fd, solSocket, acceptConn, 0) === 1,
    listensAt(fd, address, port) {
      const name = Buffer.alloc(128);
      symbols.getsockname(fd, ptr(name), ptr(new Uint32Array([name.length])));
      return name.readUInt16BE(2) === port && addressIn(name) === address;
    },
    takeAtOnce: (fd) =>
      void symbols.setsockopt(
        fd,
        ipprotoTcp,
        deferAccept,
        ptr(new Int32Array([0])),
        Int32Array.BYTES_PER_ELEMENT,
      ),
    waiting: (fd) => word(fd, ipprotoTcp, tcpInfo, unackedWord),
    replace(fd) {
      const other = symbols.socket(afUnix, sockStream, 0);
      if (other < 0) return;
      symbols.dup2(other, fd);
      symbols.close(other);
    },
  };
}

/** Of a `sockaddr_in` or `sockaddr_in6`, in canonical form. */
function addressIn(name: Buffer): string | undefined {
  const family = name.readUInt16LE(0);
  if (family === afInet) return name.subarray(4, 8).join('.');
  if (family !== afInet6) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => name.readUInt16BE(8 + at * 2).toString(16));
  return canonicalAddress(groups.join(':'));
}
