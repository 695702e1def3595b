/**
 * A way through an HTTP proxy to a server beyond it (`CONNECT`, RFC 9110 §9.3.6).
 */
import type { Socket } from 'bun';
import { MeridianError } from '../../errors.ts';
import { headLength, parseHead } from './head.ts';
import type { Address, Place } from './place.ts';

/** Resolves with a socket on which the next bytes go to the server. */
export function openTunnel(
  address: Exclude<Address, { readonly unix: string }>,
  { tunnel, proxyAuthorization }: Pick<Place, 'tunnel' | 'proxyAuthorization'>,
): Promise<Socket<unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket<unknown>>();
  let heard: Buffer = Buffer.alloc(0);
  let through = false;

  function hear(socket: Socket<unknown>, bytes: Buffer): void {
    // Once TLS is on it, the socket still tells of the bytes beneath.
    if (through) return;
    try {
      heard = heard.length === 0 ? bytes : Buffer.concat([heard, bytes]);
      const length = headLength(heard);
      if (length === 0) return;
      const { status } = parseHead(heard.toString('latin1', 0, length - 4));
      if (status < 200) {
        heard = heard.subarray(length);
        return;
      }
      if (status > 299 || heard.length > length) throw refused(status);
      through = true;
      resolve(socket);
    } catch (error) {
      reject(error);
      socket.terminate();
    }
  }

  const credentials = proxyAuthorization === null ? '' : `proxy-authorization: ${proxyAuthorization}\r\n`;
  const words = `CONNECT ${tunnel} HTTP/1.1\r\nhost: ${tunnel}\r\n${credentials}\r\n`;
  const closed = (_: unknown, error?: unknown) => reject(error ?? refused(0));
  const { hostname, port } = address;
  Bun.connect({
    hostname,
    port,
    socket: {
      // A few hundred bytes on a new connection: the socket takes them whole.
      open: (socket) => void socket.write(words),
      data: hear,
      close: closed,
      error: closed,
    },
  }).catch(reject);
  return promise;
}

function refused(status: number): MeridianError {
  const how = status === 0 ? 'closed the connection' : `answered ${status}`;
  return new MeridianError('upstream-unreachable', `the HTTP proxy ${how} instead of opening a way`);
}
