import { expect, test } from 'bun:test';
import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../../src/clock.ts';
import { freePort } from '../process.ts';
import { openLink } from './link.ts';

const usual = { hosts: ['127.0.0.1', '127.0.0.2'], roundTripMs: 4, megabits: 1000, slowStart: true };

/** A link of a few milliseconds to a server of the test's own. */
async function linked(serve: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, serve);
  const [to, port] = [await freePort(), await freePort()];
  await new Promise<void>((resolve) => server.listen(to, '127.0.0.1', resolve));
  const link = await openLink({ ...usual, port, to }, systemClock);
  return {
    port,
    async [Symbol.asyncDispose]() {
      await link.close();
      server.close();
    },
  };
}

/** All that the other side says before it ends. */
function heard(socket: Socket, whole: (text: string) => void): void {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => void pieces.push(piece));
  socket.on('end', () => whole(Buffer.concat(pieces).toString()));
}

test('bytes come whole and in order, both ways, and each side ends for itself', async () => {
  await using link = await linked((socket) => {
    heard(socket, (asked) => socket.end(asked.toUpperCase()));
  });
  const question = 'abcdefgh'.repeat(200_000);
  const socket = connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<string>();
  heard(socket, resolve);
  socket.end(question);
  expect((await promise) === question.toUpperCase()).toBe(true);
});

test('no question is there before the connection could be', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  await using link = await linked((socket) => socket.once('data', () => resolve(performance.now())));
  const startedMs = performance.now();
  const socket = connect(link.port, '127.0.0.1');
  socket.write('?');
  // A round trip, and the way of the question itself: 6 ms, and half a one for the timers.
  expect((await promise) - startedMs).toBeGreaterThan(5);
  socket.destroy();
});

test('whoever breaks off is seen to by the other side', async () => {
  const closed = Promise.withResolvers<void>();
  await using link = await linked((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.once('close', () => closed.resolve());
  });
  const socket = connect(link.port, '127.0.0.1');
  socket.write('?', () => setImmediate(() => socket.resetAndDestroy()));
  await closed.promise;
});

test('whoever connects to another address comes from there', async () => {
  await using link = await linked((socket) => socket.end(socket.remoteAddress ?? ''));
  for (const host of usual.hosts) {
    const said = await new Promise((resolve) => heard(connect(link.port, host), resolve));
    expect(said).toBe(host);
  }
});

test('where nobody listens, the connection breaks', async () => {
  const [to, port] = [await freePort(), await freePort()];
  const link = await openLink({ ...usual, port, to }, systemClock);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('?');
  await new Promise((resolve) => socket.once('close', resolve));
  await link.close();
});
