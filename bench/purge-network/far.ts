/**
 * A long way to a server on this machine: every byte takes the same time, in both directions, and any number of them are on
 * their way at once. (A proxy that waits before each piece would make a narrow line of it.) In a process of its own, so that it adds
 * nothing to the way of those who share one: `bun far.ts <port> <ms>` prints its port.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface FarAway {
  readonly port: number;
  close(): Promise<void>;
}

export async function farAway(port: number, oneWayMs: number): Promise<FarAway> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(port), String(oneWayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async close() {
      child.kill();
      await child.exited;
    },
  };
}

async function serve(port: number, oneWayMs: number): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      delay(from, to, oneWayMs);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  console.log(address.port);
}

function delay(from: Socket, to: Socket, ms: number): void {
  from.on('data', (piece) => void setTimeout(() => to.write(piece), ms));
  // Whoever waits at the other end learns of it by the close.
  from.on('close', () => void setTimeout(() => to.destroy(), ms));
  from.on('error', () => from.destroy());
}

if (import.meta.main) await serve(Number(process.argv[2]), Number(process.argv[3]));
