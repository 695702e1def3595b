/**
 * Why a server and we do not come together in TLS, asked of the server itself: the clients of some say no more than that the
 * connection was closed.
 */
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import type { Clock } from '../clock.ts';
import { type TlsPems, tlsSentence } from '../server-tls.ts';

/** A server that has something against us says so within this. */
const waitMs = 1_000;

export interface ProbedServer {
  readonly url: URL;
  /** Where the URL names none. */
  readonly port: number;
  /** Whether it says something before TLS begins. */
  readonly greets: boolean;
  readonly tls: TlsPems;
  readonly clock: Clock;
}

/** @returns the same error where the server shows nothing that TLS has to do with. */
export async function explained(error: unknown, server: ProbedServer): Promise<unknown> {
  const shown = server.tls.cert !== undefined;
  const sentence = tlsSentence(error, shown) ?? (await probed(server, shown));
  return sentence === null ? error : new Error(`TLS: ${sentence}`, { cause: error });
}

async function probed(
  { url, port, greets, tls, clock }: ProbedServer,
  shown: boolean,
): Promise<string | null> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const cancel = clock.after(waitMs, () => resolve(null));
  const open: Socket[] = [];

  function watch<Opened extends Socket>(socket: Opened): Opened {
    open.push(socket);
    socket.on('error', (problem) => resolve(tlsSentence(problem, shown)));
    socket.on('close', () => resolve(null));
    return socket;
  }

  const plain = watch(connect({ host, port: Number(url.port || port) }));
  plain.once(greets ? 'data' : 'connect', () => {
    const socket = watch(secure({ socket: plain, host, ...tls }));
    // With TLS 1.3, a server refuses our certificate only after the handshake: asked something, it says so, or answers.
    socket.once('secureConnect', () => socket.write('PING\r\n'));
    socket.once('data', () => resolve(null));
  });
  const sentence = await promise;
  cancel();
  for (const socket of open.reverse()) socket.destroy();
  return sentence;
}
