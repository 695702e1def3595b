/**
 * A long way to a server on this machine: every byte takes the same time, in both directions, and any number of them are on
 * their way at once. (A proxy that waits before each piece would make a narrow line of it.)
 */
import { connect, createServer, type Socket } from 'node:net';

export interface FarAway {
  readonly port: number;
  close(): void;
}

export async function farAway(port: number, oneWayMs: number): Promise<FarAway> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('data', (piece) => void setTimeout(() => to.write(piece), oneWayMs));
      from.on('close', () => {
        open.delete(from);
        setTimeout(() => to.destroy(), oneWayMs);
      });
      // Whoever waits at the other end learns of it by the close.
      from.on('error', () => from.destroy());
    }
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
