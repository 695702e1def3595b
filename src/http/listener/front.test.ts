import { afterEach, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { makeCertificate, noOpenssl } from '../../../test/support/certificate.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import { readMessage } from '../../../test/support/message.ts';
import { available } from '../../../test/support/needs.ts';
import { readSocket } from '../../../test/support/socket-reader.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually, within } from '../../../test/support/wait.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { type Listener, type ListenerOptions, listen } from '../listener.ts';
import { headerTimeoutMs } from './front.ts';

const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
});

interface Setting extends Partial<ListenerOptions> {
  readonly handle?: ListenerOptions['handle'];
  readonly clock?: Clock;
}

async function start(setting: Setting = {}) {
  const refusals: unknown[] = [];
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    http2: false,
    http3: false,
    proxyProtocol: true,
    trustedProxies: ['127.0.0.1'],
    idleTimeoutS: 20,
    bodyBytes: 1 << 30,
    clock: systemClock,
    log: { info() {}, error() {}, warn: (_, fields) => refusals.push(fields?.why) },
    handle: (request, door) => new Response(`${door.clientAddress(request)} asked for ${request.url}`),
    failed: (error) => new Response(String(error), { status: 500 }),
    ...setting,
  });
  open.push(listener);
  return { listener, refusals };
}

const line = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n';
const get = 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

/** Sends pieces one after the other, each in a packet of its own, and gives all that comes back. */
async function send(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const reader = readSocket(socket);
  for (const piece of pieces) {
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await Bun.sleep(5);
  }
  const all = await within(5_000, 'the connection to end', reader.rest());
  socket.destroy();
  return all.toString('latin1');
}

const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);

describe('a listener behind a load balancer', () => {
  test('knows the client by what the load balancer says', async () => {
    const { listener } = await start();
    expect(bodyOf(await send(listener.port, line + get))).toBe('192.0.2.1 asked for http://h/a');
  });

  test('shares its address with others that want the same, and each knows its clients', async () => {
    const called = (name: string): Setting => ({
      reusePort: true,
      handle: (request, door) => new Response(`${name} ${door.clientAddress(request)}`),
    });
    const { listener } = await start(called('one'));
    await start({ ...called('other'), port: listener.port });
    const answers = new Set<string>();
    await eventually('answers of both', async () => {
      answers.add(bodyOf(await send(listener.port, line + get)));
      return answers.size === 2;
    });
    expect(answers).toEqual(new Set(['one 192.0.2.1', 'other 192.0.2.1']));
  });

  test('takes header and request in pieces of any size', async () => {
    const { listener } = await start();
    const bytes = [...(line + get)];
    expect(bodyOf(await send(listener.port, ...bytes))).toBe('192.0.2.1 asked for http://h/a');
  });

  test('speaks version 2, and over IPv6', async () => {
    const { listener } = await start();
    const header = Uint8Array.fromHex(
      `0d0a0d0a000d0a515549540a21210024${'20010db8000000000000000000000001'.repeat(2)}dc0401bb`,
    );
    expect(bodyOf(await send(listener.port, header, get))).toBe('2001:db8::1 asked for http://h/a');
  });

  test('is asked by the load balancer itself, for its health', async () => {
    const { listener } = await start();
    const header = Uint8Array.fromHex('0d0a0d0a000d0a515549540a20000000');
    expect(bodyOf(await send(listener.port, header, get))).toBe('127.0.0.1 asked for http://h/a');
  });

  test('keeps clients apart, however many there are at once', async () => {
    const { listener } = await start({
      handle: async (request, door) => {
        await Bun.sleep(Math.random() * 20);
        return new Response(door.clientAddress(request));
      },
    });
    const clients = Array.from({ length: 200 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    const answers = clients.map((client) =>
      send(listener.port, `PROXY TCP4 ${client} 198.51.100.1 1 2\r\n${get}`),
    );
    expect((await Promise.all(answers)).map(bodyOf)).toEqual(clients);
  });

  test('refuses a connection without a header', async () => {
    const { listener, refusals } = await start();
    expect(await send(listener.port, get)).toBe('');
    expect(refusals).toEqual(['the connection does not begin with a PROXY protocol header']);
  });

  test('refuses peers that are not trusted, whatever they say', async () => {
    const { listener, refusals } = await start({ trustedProxies: ['10.0.0.0/8'] });
    expect(await send(listener.port, line + get)).toBe('');
    expect(refusals).toEqual(['not one of the trusted proxies']);
  });

  test('does not wait for a header for ever', async () => {
    const clock = virtualClock();
    const { listener, refusals } = await start({ clock });
    const answer = send(listener.port, 'PROXY TCP4 ');
    await eventually('the connection', () => clock.waiting > 0);
    await Bun.sleep(50);
    clock.advance(headerTimeoutMs);
    expect(await answer).toBe('');
    expect(refusals).toEqual(['no whole PROXY protocol header within 10 s']);
  });

  test('refuses to start without trusted proxies', () => {
    expect(start({ trustedProxies: [] })).rejects.toThrow('trusted proxies');
  });

  test('closes the connection of a client that has said all it had to, as without a front', async () => {
    const { listener } = await start();
    const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
    const reader = readSocket(socket);
    socket.end(`${line}GET /a HTTP/1.1\r\nHost: h\r\n\r\n`);
    await within(2_000, 'the end', reader.rest());
    socket.destroy();
    await eventually('nothing to be pending', () => listener.pending() === 0);
  });

  test('notices that a client has left', async () => {
    const gone = Promise.withResolvers<void>();
    const { listener } = await start({
      handle: (request) => {
        request.signal.addEventListener('abort', () => gone.resolve());
        return new Promise<Response>(() => {});
      },
    });
    const socket = connect({ port: listener.port, host: '127.0.0.1' });
    socket.write(line + get);
    await eventually('the request', () => listener.pending() === 1);
    socket.resetAndDestroy();
    await within(2_000, 'the abort', gone.promise);
  });
});

/** So many bytes that no two of the same length are alike. */
function pattern(length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = ((from + at) * 31 + ((from + at) >> 8)) & 255;
  return bytes;
}

const MiB = 1 << 20;

describe('through the front', () => {
  test('a large answer reaches a slow client whole, and is not held in memory', async () => {
    let made = 0;
    const { listener } = await start({
      handle: () =>
        new Response(
          new ReadableStream<Uint8Array>(
            {
              pull(controller) {
                controller.enqueue(pattern(MiB / 4, made));
                made += MiB / 4;
                if (made === 64 * MiB) controller.close();
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    });
    const socket = connect({ port: listener.port, host: '127.0.0.1' });
    socket.pause();
    socket.write(line + get);
    await Bun.sleep(500);
    expect(made, 'made while nobody read').toBeLessThan(32 * MiB);
    const reading = readMessage(readSocket(socket), { response: true });
    socket.resume();
    const answer = await within(20_000, 'the answer', reading);
    socket.destroy();
    expect(answer?.whole).toBe(true);
    expect(answer?.body.length).toBe(64 * MiB);
    expect(Bun.hash(answer?.body ?? '')).toBe(Bun.hash(pattern(64 * MiB)));
  });

  test('a large body reaches a slow reader whole, and is not held in memory', async () => {
    let seen = 0;
    const hasher = new Bun.CryptoHasher('sha256');
    const slow = Promise.withResolvers<void>();
    const { listener } = await start({
      handle: async (request, door) => {
        await slow.promise;
        for await (const chunk of door.body(request) ?? []) {
          hasher.update(chunk);
          seen += chunk.length;
        }
        return new Response(`${seen}`, { headers: { connection: 'close' } });
      },
    });
    const socket = connect({ port: listener.port, host: '127.0.0.1' });
    const reader = readSocket(socket);
    socket.write(`${line}POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${64 * MiB}\r\n\r\n`);
    let accepted = 0;
    for (let sent = 0; sent < 64 * MiB; sent += MiB) {
      socket.write(pattern(MiB, sent), () => {
        accepted += MiB;
      });
    }
    await Bun.sleep(500);
    expect(accepted, 'taken while nobody read').toBeLessThan(32 * MiB);
    slow.resolve();
    const answer = await within(20_000, 'the answer', reader.rest());
    expect(bodyOf(answer.toString())).toBe(String(64 * MiB));
    expect(hasher.digest('hex')).toBe(new Bun.CryptoHasher('sha256').update(pattern(64 * MiB)).digest('hex'));
  });

  test('TLS goes on behind the header, also when the certificate changes', async () => {
    if (!available('openssl', noOpenssl)) return;
    using folder = temporary('front');
    const files = await makeCertificate(folder.path, 'one');
    const { listener } = await start({ tls: files, http2: true });
    const ask = () => askOverTls(listener.port);
    expect(await ask()).toEqual({ name: 'one', body: '192.0.2.1 asked for https://h/a' });
    const next = await makeCertificate(folder.path, 'two');
    await Bun.write(files.cert, Bun.file(next.cert));
    await Bun.write(files.key, Bun.file(next.key));
    await listener.reloadCertificates();
    expect(await ask()).toEqual({ name: 'two', body: '192.0.2.1 asked for https://h/a' });
  });
});

async function askOverTls(port: number): Promise<{ name: unknown; body: string }> {
  const raw = connect({ port, host: '127.0.0.1' });
  raw.write(line);
  await Bun.sleep(20);
  const socket = connectTls({ socket: raw, rejectUnauthorized: false, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  const reader = readSocket(socket);
  socket.write(get);
  const answer = await within(5_000, 'the answer', reader.rest());
  socket.destroy();
  return { name, body: bodyOf(answer.toString()) };
}
