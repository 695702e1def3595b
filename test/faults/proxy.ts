/**
 * A bad line between a client and any TCP server: slow, narrow, cut, reset, or dead. It may go bad and recover
 * while connections are open. Stands in for `tc netem`, which needs a kernel module that not every machine has.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../support/ports.ts';

/** What is wrong with the line. Bytes and rates count what comes back from the server, on each connection. */
export interface Weather {
  /** Before each piece of data, in both directions. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** Closes the connection as if the server had. */
  readonly cutAfterBytes?: number;
  readonly resetAfterBytes?: number;
  /** Connections open, and nothing passes. */
  readonly blackhole?: boolean;
}

export interface FaultyProxy extends AsyncDisposable {
  readonly port: number;
  /** Without a trailing slash. */
  readonly url: string;
  /** Connections accepted so far. */
  connections(): number;
  /** From now on, for open connections too. `weather({})`: all is well. */
  weather(weather: Weather): void;
  /** Refuses connections, and resets those that there are. */
  off(): Promise<void>;
  /** Listens again, on the same port. */
  on(): Promise<void>;
}

/** @param host where it listens. */
export async function startProxy(
  target: { host?: string; port: number },
  host = '127.0.0.1',
): Promise<FaultyProxy> {
  const port = await freePort();
  const open = new Set<Socket>();
  let now: Weather = {};
  let accepted = 0;
  let server: Server | null = null;

  function join(client: Socket): void {
    accepted++;
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        open.delete(one);
        if (!one.readableEnded) other.destroy();
      });
    }
    const gone = () => client.destroy(); // Either end has left: what the other one has to say is lost on it.
    carry(client, upstream, () => ({ ...(now.latencyMs && { latencyMs: now.latencyMs }) })).catch(gone);
    carry(upstream, client, () => now).catch(gone);
  }

  const hold = () => now.blackhole === true;

  /** One direction of one connection. */
  async function carry(from: Socket, to: Socket, weather: () => Weather): Promise<void> {
    let passed = 0;
    for await (const piece of from as AsyncIterable<Buffer>) {
      while (hold() && !to.destroyed) await Bun.sleep(10);
      const { latencyMs = 0, bytesPerSecond, cutAfterBytes, resetAfterBytes } = weather();
      if (latencyMs > 0) await Bun.sleep(latencyMs);
      const end = cutAfterBytes ?? resetAfterBytes;
      const bytes = end === undefined ? piece : piece.subarray(0, Math.max(0, end - passed));
      passed += bytes.length;
      if (bytesPerSecond) await Bun.sleep((bytes.length / bytesPerSecond) * 1000);
      if (bytes.length > 0) await write(to, bytes);
      if (end !== undefined && passed >= end) {
        if (resetAfterBytes === undefined) to.end();
        else to.resetAndDestroy();
        return void from.destroy();
      }
    }
    to.end();
  }

  const proxy: FaultyProxy = {
    port,
    url: `http://${host}:${port}`,
    connections: () => accepted,
    weather(weather) {
      now = weather;
    },
    async off() {
      const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
      for (const socket of open) socket.resetAndDestroy();
      await closed;
      server = null;
    },
    on() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server = createServer({ allowHalfOpen: true, noDelay: true }, join);
      server.once('error', reject);
      server.listen(port, host, resolve);
      return promise;
    },
    [Symbol.asyncDispose]: () => proxy.off(),
  };
  await proxy.on();
  return proxy;
}

function write(to: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
