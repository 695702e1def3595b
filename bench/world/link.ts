/**
 * A link between two places, as TCP connections see it: what connects to its port speaks to another port of this machine, as if
 * that were so far away. Each direction has a rate, which all connections share (`lane.ts`). To connect takes a round
 * trip: the system accepts at once, so the first byte waits that long.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../../src/clock.ts';
import { type Flow, type Lane, LOW_BYTES, openLane, type Receiver } from './lane.ts';

export interface LinkOptions {
  /** Addresses of this machine. Whoever connects to one of them comes from there: that is how clients differ. */
  readonly hosts: readonly string[];
  /** Of these, and of 127.0.0.1. */
  readonly port: number;
  readonly to: number;
  readonly roundTripMs: number;
  /** In each direction. */
  readonly megabits: number;
  readonly slowStart: boolean;
}

export interface Link {
  close(): Promise<void>;
}

/** What a sender's side may hold before it is read no further. */
const HIGH_BYTES = 4 * LOW_BYTES;

export async function openLink(options: LinkOptions, clock: Clock): Promise<Link> {
  const { roundTripMs, megabits, slowStart } = options;
  const lane = { oneWayMs: roundTripMs / 2, bytesPerSecond: (megabits * 1e6) / 8, slowStart };
  const [there, back] = [openLane(lane, clock), openLane(lane, clock)];
  const sockets = new Set<Socket>();
  const take = (near: Socket) => {
    const localAddress = near.localAddress ?? '127.0.0.1';
    const far = connect({ port: options.to, host: '127.0.0.1', localAddress, allowHalfOpen: true });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    carry(near, far, there, clock.elapsed() + roundTripMs);
    carry(far, near, back, 0);
  };
  const servers = options.hosts.map((host) => ({
    host,
    server: createServer({ allowHalfOpen: true }, take),
  }));
  for (const { host, server } of servers) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(options.port, host, resolve);
    await promise;
  }
  return {
    async close() {
      const closed = servers.map(({ server }) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** What comes from one side, to the other. */
function carry(from: Socket, to: Socket, lane: Lane, fromMs: number): void {
  let arrived = false;
  const receiver: Receiver = {
    arrive(bytes) {
      // Confirmed when the system has it: a reader that stands still holds up its sender, and nobody else.
      to.write(bytes, () => flow.taken(bytes.byteLength));
    },
    ended() {
      arrived = true;
      to.end();
    },
    broken() {
      arrived = true;
      to.resetAndDestroy();
    },
  };
  const flow: Flow = lane.open(fromMs, receiver, () => {
    if (from.isPaused()) from.resume();
  });
  from.on('data', (bytes: Buffer) => {
    flow.send(bytes);
    if (flow.waiting > HIGH_BYTES) from.pause();
  });
  from.on('end', () => flow.end());
  // What it means is seen by `close`, which follows.
  from.on('error', () => {});
  from.on('close', () => {
    const isWhole = from.readableEnded && from.writableFinished;
    if (!isWhole && !arrived) flow.breakOff();
  });
}
