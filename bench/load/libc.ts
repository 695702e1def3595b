/** What the load generator asks of the system itself: sockets (Linux, socket(7)), since no server is to wait for a slow reader. */
import { dlopen, FFIType, ptr, read } from 'bun:ffi';

const { symbols: c } = dlopen('libc.so.6', {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'usize', 'i32'], returns: FFIType.i64_fast },
  recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: FFIType.i64_fast },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
});

const [AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, SOL_SOCKET, SO_RCVBUF] = [2, 1, 6, 1, 1, 8];
const [MSG_TRUNC, MSG_DONTWAIT, MSG_NOSIGNAL] = [0x20, 0x40, 0x4000];
const POLLIN = 1;
/** `struct pollfd`, poll(2). */
const [POLL_BYTES, REVENTS_AT] = [8, 6];

/** A connection to a port of this machine. */
export function connectTo(port: number, receiveBufferBytes: number | null): number {
  const descriptor = c.socket(AF_INET, SOCK_STREAM, 0);
  if (receiveBufferBytes !== null) setOption(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
  setOption(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  if (c.connect(descriptor, ptr(address), address.length) !== 0) throw new Error(`nobody listens on ${port}`);
  return descriptor;
}

function setOption(descriptor: number, level: number, option: number, value: number): void {
  if (c.setsockopt(descriptor, level, option, ptr(new Int32Array([value])), 4) !== 0) {
    throw new Error('the system refuses an option of a connection');
  }
}

/** Short enough to fit into the socket's buffer at once. */
export function send(descriptor: number, bytes: Uint8Array): void {
  if (c.send(descriptor, ptr(bytes), bytes.length, MSG_NOSIGNAL) !== bytes.length) {
    throw new Error('a request could not be sent');
  }
}

/** Bytes received; 0 at the end, less than 0 when the connection is broken. */
export function receive(descriptor: number, into: Uint8Array): number {
  return Number(c.recv(descriptor, ptr(into), into.length, MSG_DONTWAIT));
}

/** The same without looking at them: the system throws the bytes away and copies nothing (tcp(7), MSG_TRUNC). */
export function discard(descriptor: number, bytes: number): number {
  return Number(c.recv(descriptor, null, bytes, MSG_DONTWAIT | MSG_TRUNC));
}

export function closeDescriptor(descriptor: number): void {
  c.close(descriptor);
}

export interface Poll {
  /** Waits for at most so long; calls `ready` with the place of each connection that something has come on. */
  wait(timeoutMs: number, ready: (place: number) => void): void;
  /** Nothing more is wanted of this connection. */
  forget(place: number): void;
}

export function pollOf(descriptors: readonly number[]): Poll {
  const table = new Int32Array(descriptors.length * 2);
  for (const [place, descriptor] of descriptors.entries()) {
    table[place * 2] = descriptor;
    table[place * 2 + 1] = POLLIN; // `events` in the lower half, `revents` in the upper one (little endian)
  }
  const address = ptr(table);
  return {
    wait(timeoutMs, ready) {
      let left = c.poll(address, descriptors.length, timeoutMs);
      for (let place = 0; left > 0 && place < descriptors.length; place++) {
        // Not by way of `table`: compiled code takes it that nobody else writes there.
        if (read.u16(address, place * POLL_BYTES + REVENTS_AT) === 0) continue;
        left--;
        ready(place);
      }
    },
    forget(place) {
      table[place * 2] = -1; // poll(2) skips it
    },
  };
}
