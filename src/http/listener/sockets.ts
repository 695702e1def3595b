/**
 * What Bun neither tells of its sockets nor lets anybody do to them, asked of the system: Linux alone.
 */
import { ptr } from 'bun:ffi';
import { readdir } from 'node:fs/promises';
import { canonicalAddress } from '../cidr.ts';
import { libc } from './libc.ts';

export interface Sockets {
  /** File descriptors of this process that listen for TCP at this address, in its canonical form. */
  listeningAt(address: string, port: number): Promise<readonly number[]>;
  /** Has connections handed over as they are made. By default Bun has the system wait for the first bytes (TCP_DEFER_ACCEPT). */
  takeAtOnce(fd: number): void;
  /** Has the system drop what asks for a new connection, as if it had been lost on its way: who asked asks again after 1 s. */
  deafen(fd: number): void;
  /** Connections that wait to be taken. */
  waiting(fd: number): number;
  /** Puts another socket in its place, which nobody connects to. */
  replace(fd: number): void;
  /** Connections that this process has taken at this port, whoever of its servers has them. */
  takenAt(port: number): Promise<readonly Taken[]>;
}

export interface Taken {
  /** Since the client last said something, or else was connected. */
  readonly silentMs: number;
  /** Of TLS, for which there is a handshake, as of HTTP. */
  readonly receivedBytes: number;
  /** For a packet to go there and back, as far as the system knows. */
  readonly roundTripMs: number;
}

/** `null` where the system is another one. */
export function sockets(): Sockets | null {
  if (loaded === null) {
    const symbols = system();
    loaded = { sockets: symbols && socketsBy(symbols) };
  }
  return loaded.sockets;
}

let loaded: { readonly sockets: Sockets | null } | null = null;

/** Of Linux, on every architecture that Bun runs on. */
const solSocket = 1;
const attachFilter = 26;
const acceptConn = 30;
const ipprotoTcp = 6;
const deferAccept = 9;
const tcpInfo = 11;
const afUnix = 1;
const afInet = 2;
const afInet6 = 10;
const sockStream = 1;

/** Of `struct tcp_info`, in 32-bit words from its start. */
const words = {
  /** For a listening socket: connections that wait to be taken. */
  unacked: 6,
  lastDataRecvMs: 13,
  rttMicroseconds: 17,
  bytesReceived: 32,
  count: 64,
};

/** Classic BPF (linux/filter.h), which sees a packet from its TCP header on: what has SYN and not ACK is not let through. */
const noNewConnections = program([
  [0x30, 0, 0, 13], // load the flags
  [0x54, 0, 0, 0x12], // of them SYN and ACK
  [0x15, 0, 1, 0x02], // SYN alone?
  [0x06, 0, 0, 0],
  [0x06, 0, 0, 0xffffffff],
]);

function program(lines: readonly (readonly [number, number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(lines.length * 8);
  for (const [at, [code, whenTrue, whenFalse, operand]] of lines.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(whenTrue, at * 8 + 2);
    bytes.writeUInt8(whenFalse, at * 8 + 3);
    bytes.writeUInt32LE(operand, at * 8 + 4);
  }
  return bytes;
}

function system() {
  return libc({
    getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    dup2: { args: ['i32', 'i32'], returns: 'i32' },
    close: { args: ['i32'], returns: 'i32' },
  });
}

function socketsBy(symbols: NonNullable<ReturnType<typeof system>>): Sockets {
  /** `null` when it is no such socket. */
  function asked(fd: number, level: number, option: number): Uint32Array | null {
    const value = new Uint32Array(words.count);
    const length = new Uint32Array([value.byteLength]);
    return symbols.getsockopt(fd, level, option, ptr(value), ptr(length)) === 0 ? value : null;
  }

  /** A `sockaddr`: empty where the file is no socket. */
  function nameOf(fd: number): Buffer {
    const name = Buffer.alloc(128);
    const length = new Uint32Array([name.length]);
    symbols.getsockname(fd, ptr(name), ptr(length));
    return name;
  }

  const isListening = (fd: number) => asked(fd, solSocket, acceptConn)?.[0] === 1;

  async function atPort(port: number): Promise<readonly number[]> {
    const all = (await readdir('/proc/self/fd')).map(Number);
    return all.filter((fd) => isInternet(nameOf(fd)) && nameOf(fd).readUInt16BE(2) === port);
  }

  return {
    async listeningAt(address, port) {
      return (await atPort(port)).filter((fd) => isListening(fd) && addressIn(nameOf(fd)) === address);
    },
    takeAtOnce(fd) {
      const never = new Int32Array([0]);
      symbols.setsockopt(fd, ipprotoTcp, deferAccept, ptr(never), never.byteLength);
    },
    deafen(fd) {
      // struct sock_fprog: how many lines, and where they are.
      const filter = Buffer.alloc(16);
      filter.writeUInt16LE(noNewConnections.length / 8, 0);
      filter.writeBigUInt64LE(BigInt(ptr(noNewConnections)), 8);
      symbols.setsockopt(fd, solSocket, attachFilter, ptr(filter), filter.length);
    },
    waiting: (fd) => asked(fd, ipprotoTcp, tcpInfo)?.[words.unacked] ?? 0,
    replace(fd) {
      const other = symbols.socket(afUnix, sockStream, 0);
      if (other < 0) return;
      symbols.dup2(other, fd);
      symbols.close(other);
    },
    async takenAt(port) {
      const taken: Taken[] = [];
      for (const fd of await atPort(port)) {
        const info = isListening(fd) ? null : asked(fd, ipprotoTcp, tcpInfo);
        if (info === null) continue;
        taken.push({
          silentMs: info[words.lastDataRecvMs] ?? 0,
          receivedBytes: info[words.bytesReceived] ?? 0,
          roundTripMs: (info[words.rttMicroseconds] ?? 0) / 1000,
        });
      }
      return taken;
    },
  };
}

function isInternet(name: Buffer): boolean {
  const family = name.readUInt16LE(0);
  return family === afInet || family === afInet6;
}

/** Of a `sockaddr_in` or `sockaddr_in6`, in canonical form. */
function addressIn(name: Buffer): string | undefined {
  if (name.readUInt16LE(0) === afInet) return name.subarray(4, 8).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => name.readUInt16BE(8 + at * 2).toString(16));
  return canonicalAddress(groups.join(':'));
}
