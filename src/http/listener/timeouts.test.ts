/**
 * What becomes of connections on which little moves. The times are Bun's own, which no clock of ours can move: so
 * these tests take as long as they say, all at once.
 */
import { afterAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { readSocket } from '../../../test/support/socket-reader.ts';
import { within } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { type Listener, type ListenerOptions, listen } from '../listener.ts';

const open: Listener[] = [];
afterAll(async () => {
  await Promise.all(open.map((listener) => listener.drain(0)));
});

async function start(options: Partial<ListenerOptions>): Promise<Listener> {
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    http2: true,
    http3: false,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: 1,
    bodyBytes: 1_000,
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
    handle: () => new Response('hello'),
    failed: (error) => new Response(String(error), { status: 500 }),
    ...options,
  });
  open.push(listener);
  return listener;
}

function client(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  return { socket, reader: readSocket(socket), [Symbol.dispose]: () => socket.destroy() };
}

const get = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

test.concurrent('a connection without a byte is closed within 15 s, however long idle ones may stay', async () => {
  const { port } = await start({ idleTimeoutS: 255 });
  using silent = client(port);
  await within(15_000, 'the end', silent.reader.rest());
}, 20_000);

test.concurrent('a head that only dribbles does not keep its connection open', async () => {
  const { port } = await start({ idleTimeoutS: 255 });
  using slow = client(port);
  slow.socket.write('GET / HTTP/1.1\r\nHost: h\r\n');
  const dribble = setInterval(() => slow.socket.write('X: y\r\n'), 500);
  await within(15_000, 'the end', slow.reader.rest());
  clearInterval(dribble);
}, 20_000);

test.concurrent('half of the HTTP/2 preface does not keep its connection open either', async () => {
  const { port } = await start({});
  using half = client(port);
  half.socket.write('PRI * HTTP/2.0\r\n');
  await within(15_000, 'the end', half.reader.rest());
}, 20_000);

test.concurrent('an idle connection is closed after its time', async () => {
  const { port } = await start({});
  using idle = client(port);
  idle.socket.write(get);
  await within(12_000, 'the end', idle.reader.rest());
}, 20_000);

test.concurrent('an answer that is promised has more time than an idle connection', async () => {
  const { url } = await start({ handle: () => Bun.sleep(9_000).then(() => new Response('late')) });
  expect(await (await fetch(url)).text()).toBe('late');
}, 20_000);

test.concurrent('a connection has the patience that it is given', async () => {
  const { port } = await start({
    idleTimeoutS: 255,
    handle(request, listener) {
      listener.patience(request, 1);
      return new Response('hello');
    },
  });
  using idle = client(port);
  idle.socket.write(get);
  await within(12_000, 'the end', idle.reader.rest());
}, 20_000);

test.concurrent('an answer that is promised has no more patience than it is given', async () => {
  const { port } = await start({
    idleTimeoutS: 255,
    handle(request, listener) {
      listener.patience(request, 1);
      return new Promise<Response>(() => {});
    },
  });
  using waiting = client(port);
  waiting.socket.write(get);
  await within(12_000, 'the end', waiting.reader.rest());
}, 20_000);

test.concurrent('a body may come slower than the 16 KiB/s that Bun wants', async () => {
  const { port } = await start({
    handle: async (request, listener) => new Response(await new Response(listener.body(request)).text()),
  });
  using slow = client(port);
  slow.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\n');
  for (let sent = 0; sent < 14; sent++) {
    slow.socket.write('x');
    await Bun.sleep(700);
  }
  expect(await within(2_000, 'the answer', slow.reader.through('x'.repeat(14)))).toContain('200 OK');
}, 20_000);
