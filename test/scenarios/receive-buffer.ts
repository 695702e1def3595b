/**
 * Sets the receive buffer of a connection (SO_RCVBUF), which Bun has no option for.
 *
 * Left alone, the system lets it grow to megabytes; a thousand of those overflow when the crowd is not read for a
 * moment, packets are dropped, and congestion control makes some connections creep along at a kilobyte a second.
 */
import { dlopen, ptr } from 'bun:ffi';

const { symbols } = dlopen(process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6', {
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
});

const [solSocket, soRcvbuf] = process.platform === 'darwin' ? [0xffff, 0x1002] : [1, 8];

export function setReceiveBuffer(socket: Bun.Socket<unknown>, bytes: number): void {
  const fd: unknown = Reflect.get(socket, 'fd');
  const value = new Int32Array([bytes]);
  const code = typeof fd === 'number' ? symbols.setsockopt(fd, solSocket, soRcvbuf, ptr(value), 4) : -1;
  if (code !== 0) throw new Error('the receive buffer of a connection cannot be set');
}
