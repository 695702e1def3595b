import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { makeCertificate, noOpenssl, type TestCertificate } from '../../../../test/support/certificate.ts';
import { frameServers } from '../../../../test/support/http2-server.ts';
import { available } from '../../../../test/support/needs.ts';
import { ask as askAnyhow, codeOf, readerOf, textOf } from '../../../../test/support/raw-server.ts';
import { temporary } from '../../../../test/support/temporary.ts';
import { eventually } from '../../../../test/support/wait.ts';
import { systemClock } from '../../../clock.ts';
import type { Answer } from '../../../entry.ts';
import type { ClientRequest } from '../../client.ts';
import { type Listener, listen } from '../../listener.ts';
import { type ClientTls, readClientTls } from '../tls.ts';

const frames = frameServers();
const ask = (url: string, options: Partial<ClientRequest> = {}) =>
  askAnyhow(url, { http2: true, direct: true, ...options });

describe('connections with HTTP/2', () => {
  test('carry as many streams as the server allows, then there is another one, up to a bound', async () => {
    const held: (() => void)[] = [];
    const { url, sockets } = await frames((s) => void held.push(() => s.say(s.head(), s.data(2, true))), {
      maxStreams: 2,
    });
    const asked: Promise<Answer>[] = [];
    for (let nth = 1; nth <= 8; nth++) {
      asked.push(ask(url));
      await eventually(`request ${nth}`, () => held.length === nth);
    }
    for (let nth = 9; nth <= 12; nth++) asked.push(ask(url));
    await Bun.sleep(50);
    expect([held.length, sockets.length]).toEqual([8, 4]);
    for (let answered = 0; answered < 12; answered++) {
      await eventually('the next one', () => held.length > answered);
      held[answered]?.();
    }
    for (const each of asked) expect(await textOf(await each)).toBe('aa');
    expect(sockets.length).toBe(4);
  });

  test('serve no more requests at once than the bounds say, and so many may wait', async () => {
    const held: (() => void)[] = [];
    const { url } = await frames((s) => void held.push(() => s.say(s.head(), s.data(2, true))));
    const bounds = { connections: 1, waiting: 1 };
    const [first, second] = [ask(url, { bounds }), ask(url, { bounds })];
    await eventually('the first one', () => held.length === 1);
    expect(await codeOf(ask(url, { bounds }))).toBe('overloaded');
    held[0]?.();
    await eventually('the second one', () => held.length === 2);
    held[1]?.();
    expect([await textOf(await first), await textOf(await second)]).toEqual(['aa', 'aa']);
  });

  test('that break fail all requests at once, each with the same error', async () => {
    const { url, streams, sockets } = await frames(() => {});
    const failures = Array.from({ length: 20 }, () => ask(url).catch((error: unknown) => error));
    await eventually('all requests', () => streams() === 20);
    sockets[0]?.end();
    const all = await Promise.all(failures);
    expect(all[0]).toMatchObject({ code: 'upstream-unreachable' });
    expect(new Set(all).size).toBe(1);
  });

  test('that are silent after a request has waited in vain are not used again', async () => {
    const { url, sockets } = await frames(
      (s) => {
        if (sockets.indexOf(s.socket) > 0) s.say(s.head(), s.data(2, true));
      },
      { pong: false },
    );
    const timeouts = { connectMs: 1_000, firstByteMs: 50, betweenBytesMs: 50 };
    expect(await codeOf(ask(url, { timeouts }))).toBe('upstream-timeout');
    expect(await textOf(await ask(url))).toBe('aa');
    expect(sockets.length).toBe(2);
  });

  test('are kept where the server shows that it is only slow', async () => {
    const { url, sockets } = await frames((s) => {
      if (s.nth > 1) s.say(s.head(), s.data(2, true));
    });
    const timeouts = { connectMs: 1_000, firstByteMs: 50, betweenBytesMs: 50 };
    expect(await codeOf(ask(url, { timeouts }))).toBe('upstream-timeout');
    await Bun.sleep(50);
    expect(await textOf(await ask(url))).toBe('aa');
    expect(sockets.length).toBe(1);
  });
});

const usable = available('openssl', noOpenssl);

describe.skipIf(!usable)('our own listener', () => {
  const folder = temporary('http2-client');
  const open: Listener[] = [];
  let certificate: TestCertificate;
  let tls: ClientTls;

  beforeAll(async () => {
    certificate = await makeCertificate(folder.path);
    tls = await readClientTls({ ca: certificate.cert });
  });
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.drain(0);
  });
  afterAll(() => folder[Symbol.dispose]());

  async function serve(handle: (request: Request) => Response, { http2 = true, secure = true } = {}) {
    const listener = await listen({
      ...{ host: '127.0.0.1', port: 0, http2, http3: false, proxyProtocol: false, trustedProxies: [] },
      ...{ idleTimeoutS: 10, bodyBytes: 1024, clock: systemClock, failed: () => new Response() },
      ...(secure && { tls: certificate }),
      log: { info() {}, error() {}, warn() {} },
      handle,
    });
    open.push(listener);
    return listener.url;
  }

  test('answers hundreds of requests at once, over TLS and without', async () => {
    for (const secure of [true, false]) {
      const url = await serve((request) => new Response(new URL(request.url).pathname), { secure });
      const paths = Array.from({ length: 600 }, (_, nth) => `/${nth}`);
      const texts = await Promise.all(paths.map(async (path) => textOf(await ask(url + path, { tls }))));
      expect(texts).toEqual(paths);
    }
  });

  test('that speaks HTTP/1.1 only is asked with that', async () => {
    const url = await serve(() => new Response('ok'), { http2: false });
    const texts = await Promise.all([1, 2, 3].map(async () => textOf(await ask(url, { tls }))));
    expect(texts).toEqual(['ok', 'ok', 'ok']);
  });

  test('whose answer breaks off is not believed', async () => {
    const url = await serve(() => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(1000));
          await Bun.sleep(20);
          controller.error();
        },
      });
      return new Response(body);
    });
    expect(await codeOf(ask(url, { tls }).then(textOf))).toBe('upstream-truncated');
  });

  test('is not read ahead of a slow reader by more than a window, and others go on meanwhile', async () => {
    let sent = 0;
    const piece = new Uint8Array(1 << 16);
    const url = await serve((request) => {
      if (new URL(request.url).pathname !== '/large') return new Response('ok');
      let left = 1024;
      const body = new ReadableStream({
        pull(controller) {
          sent += piece.length;
          controller.enqueue(piece);
          if (--left === 0) controller.close();
        },
      });
      return new Response(body);
    });
    const readers = await Promise.all(
      [1, 2, 3].map(async () => readerOf(await ask(`${url}/large`, { tls }))),
    );
    await Bun.sleep(300);
    expect(sent).toBeLessThan(3 * (8 << 20));
    expect(await textOf(await ask(`${url}/small`, { tls }))).toBe('ok');
    for (const reader of readers) {
      let received = 0;
      for (let next = await reader.read(); !next.done; next = await reader.read())
        received += next.value.length;
      expect(received).toBe(64 << 20);
    }
  });
});
