import { afterAll, afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeCertificate, noOpenssl, shownCertificate } from '../../test/support/certificate.ts';
import { available } from '../../test/support/needs.ts';
import { freePort } from '../../test/support/ports.ts';
import { sendRaw } from '../../test/support/raw-client.ts';
import { readSocket } from '../../test/support/socket-reader.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually, within } from '../../test/support/wait.ts';
import { systemClock } from '../clock.ts';
import { type Listener, type ListenerOptions, listen } from './listener.ts';

const folder = temporary('listener');
const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
});
afterAll(() => folder[Symbol.dispose]());

const logged: string[] = [];
const log = {
  info: (message: string) => void logged.push(message),
  warn: (message: string) => void logged.push(message),
  error: (message: string) => void logged.push(message),
};

const defaults: ListenerOptions = {
  host: '127.0.0.1',
  port: 0,
  http2: false,
  http3: false,
  proxyProtocol: false,
  trustedProxies: [],
  idleTimeoutS: 20,
  bodyBytes: 1_000,
  clock: systemClock,
  log,
  handle: () => new Response('hello'),
  failed: (error) =>
    new Response(`failed: ${error instanceof Error ? error.message : error}`, { status: 500 }),
};

async function start(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await listen({ ...defaults, ...options });
  open.push(listener);
  return listener;
}

const head = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;

describe('a listener', () => {
  test('says where it is', async () => {
    const listener = await start();
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
    expect(await (await fetch(listener.url)).text()).toBe('hello');
  });

  test('on all addresses is reached at one of them', async () => {
    const everywhere = await start({ host: '::' });
    expect(everywhere.url).toBe(`http://127.0.0.1:${everywhere.port}`);
    expect((await start({ host: '0.0.0.0' })).url).toStartWith('http://127.0.0.1:');
    expect((await start({ host: '::1' })).url).toStartWith('http://[::1]:');
  });

  test('knows clients by their own address, on a dual-stack socket too', async () => {
    const handle: ListenerOptions['handle'] = (request, listener) =>
      new Response(listener.clientAddress(request));
    const { port } = await start({ host: '::', handle });
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('127.0.0.1');
    expect(await (await fetch(`http://[::1]:${port}`)).text()).toBe('::1');
  });

  test('says so when the address of a client is not known any more', async () => {
    let late: (() => string) | undefined;
    const { url } = await start({
      handle(request, listener) {
        late = () => listener.clientAddress(request);
        return new Response('hello');
      },
    });
    await (await fetch(url)).text();
    await Bun.sleep(20);
    expect(late?.()).toBe('unknown');
  });

  test('has an answer for what handle throws, and never shows source code', async () => {
    const handlers: ListenerOptions['handle'][] = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ];
    const bodies = handlers.map(async (handle) => {
      const response = await fetch((await start({ handle })).url);
      expect(response.status).toBe(500);
      return response.text();
    });
    expect(await Promise.all(bodies)).toEqual(['failed: at once', 'failed: later']);
  });

  test('counts what it has not answered yet', async () => {
    const answer = Promise.withResolvers<Response>();
    const listener = await start({ handle: () => answer.promise });
    const asked = fetch(listener.url);
    await eventually('the request', () => listener.pending() === 1);
    answer.resolve(new Response('hello'));
    await (await asked).text();
    await eventually('the answer to be sent', () => listener.pending() === 0);
  });
});

describe('an address that cannot be had', () => {
  test('is refused when somebody listens there already', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`127.0.0.1:${port}: something else listens there`);
    await expect(start({ port })).rejects.toHaveProperty('code', 'EADDRINUSE');
  });

  test.skipIf(!available('openssl', noOpenssl))(
    'is refused although listeners with TLS can share one',
    async () => {
      const tls = await makeCertificate(folder.path, 'shared');
      const { port } = await start({ tls });
      await expect(start({ port, tls })).rejects.toThrow('something else listens there');
      await expect(start({ port })).rejects.toThrow('something else listens there');
      const script = `const { listen } = await import(${JSON.stringify(join(import.meta.dir, 'listener.ts'))});
        const { systemClock } = await import(${JSON.stringify(join(import.meta.dir, '../clock.ts'))});
        await listen({ ...${JSON.stringify({ ...defaults, port, tls })}, clock: systemClock }).catch((error) => {
          console.log(error.message);
        });
        process.exit();`;
      const other = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
      expect(await other.stdout.text()).toContain('something else listens there already');
    },
  );

  test.skipIf(!available('openssl', noOpenssl))(
    'is refused as a whole when only its UDP half is taken',
    async () => {
      const tls = await makeCertificate(folder.path, 'udp');
      const taken = await Bun.udpSocket({ hostname: '127.0.0.1', port: await freePort() });
      await expect(start({ port: taken.port, tls, http3: true })).rejects.toThrow('something else listens');
      await start({ port: taken.port, tls });
      taken.close();
    },
  );

  test('is refused when this machine does not have it', async () => {
    await expect(start({ host: '192.0.2.1', port: 4_000 })).rejects.toThrow('192.0.2.1:4000');
  });

  test('is refused with options that contradict each other', async () => {
    await expect(start({ http3: true })).rejects.toThrow('HTTP/3 needs TLS');
    const tls = { cert: 'a', key: 'b' };
    await expect(start({ tls, http3: true, proxyProtocol: true, trustedProxies: ['::1'] })).rejects.toThrow(
      'PROXY protocol',
    );
  });
});

describe('a body', () => {
  const echo: ListenerOptions['handle'] = async (request, listener) => {
    try {
      return new Response(await new Response(listener.body(request)).text());
    } catch (error) {
      return new Response(String(error), { status: 413, headers: { connection: 'close' } });
    }
  };

  test('is given up to the limit, and not beyond', async () => {
    const { url } = await start({ handle: echo });
    const post = (body: string) => fetch(url, { method: 'POST', body });
    expect(await (await post('x'.repeat(1_000))).text()).toBe('x'.repeat(1_000));
    expect(await (await post('x'.repeat(1_001))).text()).toContain('body-too-large');
    expect((await post('x'.repeat(100_000))).status).toBe(413);
  });
});

describe('draining', () => {
  test('takes no more connections', async () => {
    const listener = await start();
    await listener.drain(1_000);
    await expect(fetch(listener.url)).rejects.toHaveProperty('code', 'ECONNREFUSED');
  });

  test('lets responses finish, streams too, and closes their connections', async () => {
    const answer = Promise.withResolvers<Response>();
    const listener = await start({ handle: () => answer.promise });
    const asked = sendRaw(listener.port, head());
    await eventually('the request', () => listener.pending() === 1);
    const drained = listener.drain(5_000);
    let pieces = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await Bun.sleep(20);
        controller.enqueue(new Uint8Array(10));
        if (++pieces === 5) controller.close();
      },
    });
    answer.resolve(new Response(body));
    const received = await asked;
    expect([received?.status, received?.body.length, received?.whole]).toEqual([200, 50, true]);
    expect(received?.closed).toBe(true);
    await within(1_000, 'the end of the drain', drained);
  });

  test('closes idle connections at once, and does not wait for one that is half open', async () => {
    const listener = await start();
    const idle = connect({ port: listener.port, host: '127.0.0.1' });
    const reader = readSocket(idle);
    idle.write(head());
    await reader.through('hello');
    const half = connect({ port: listener.port, host: '127.0.0.1' });
    half.write('GET / HT');
    await Bun.sleep(50);
    await within(1_000, 'the drain', listener.drain(20_000));
    await within(1_000, 'the end', reader.rest());
    idle.destroy();
    half.destroy();
  });

  test('cuts off what is not done when the grace is over', async () => {
    const listener = await start({ handle: () => new Promise<Response>(() => {}) });
    const asked = fetch(listener.url).then(
      () => 'answered',
      () => 'cut off',
    );
    await eventually('the request', () => listener.pending() === 1);
    await within(2_000, 'the drain', listener.drain(200));
    expect(await asked).toBe('cut off');
  });

  test('says so on the responses to come', async () => {
    const answer = Promise.withResolvers<void>();
    const handle: ListenerOptions['handle'] = (_, listener) =>
      answer.promise.then(() => new Response(`${listener.draining}`));
    const listener = await start({ handle });
    const asked = sendRaw(listener.port, head());
    await eventually('the request', () => listener.pending() === 1);
    const drained = listener.drain(1_000);
    answer.resolve();
    expect((await asked)?.body.toString()).toBe('true');
    await drained;
  });
});

const canDoTls = available('openssl', noOpenssl);

describe.skipIf(!canDoTls)('over TLS', () => {
  const insecure = { tls: { rejectUnauthorized: false } };

  test('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const { port } = await start({ tls: await makeCertificate(folder.path, 'versions') });
    const weak = ['-cipher', 'DEFAULT@SECLEVEL=0'];
    expect((await shownCertificate(port, ['-tls1_3'])).version).toBe('TLSv1.3');
    expect((await shownCertificate(port, ['-tls1_2'])).version).toBe('TLSv1.2');
    expect((await shownCertificate(port, ['-tls1_1', ...weak])).version).toBeUndefined();
    expect((await shownCertificate(port, ['-tls1', ...weak])).version).toBeUndefined();
  });

  test('serves HTTP/1.1 and HTTP/2 at one port, as the client prefers', async () => {
    const { url } = await start({ tls: await makeCertificate(folder.path, 'two'), http2: true });
    for (const protocol of ['http1.1', 'http2'] as const) {
      expect(await (await fetch(url, { ...insecure, protocol })).text()).toBe('hello');
    }
    const { url: old } = await start({ tls: await makeCertificate(folder.path, 'old') });
    await expect(fetch(old, { ...insecure, protocol: 'http2' })).rejects.toHaveProperty(
      'code',
      'HTTP2Unsupported',
    );
  });

  test('refuses to start with a certificate that it cannot use', async () => {
    const { cert } = await makeCertificate(folder.path, 'a');
    const { key } = await makeCertificate(folder.path, 'b');
    await expect(start({ tls: { cert, key } })).rejects.toThrow('does not belong');
  });

  test('takes a changed certificate into use, and finishes what it has begun with the old one', async () => {
    const files = await makeCertificate(folder.path, 'before');
    const answer = Promise.withResolvers<Response>();
    const handle: ListenerOptions['handle'] = (request, listener) =>
      request.url.endsWith('/slow') ? answer.promise : new Response(listener.clientAddress(request));
    const listener = await start({ tls: files, http2: true, handle });
    expect((await shownCertificate(listener.port)).name).toBe('before');
    const slow = fetch(`${listener.url}/slow`, insecure);
    await eventually('the request', () => listener.pending() === 1);

    await replaceBy(files, 'after');
    await listener.reloadCertificates();
    expect((await shownCertificate(listener.port)).name).toBe('after');
    expect(await (await fetch(listener.url, insecure)).text()).toBe('127.0.0.1');
    expect(listener.pending()).toBe(1);
    answer.resolve(new Response('still here'));
    expect(await (await slow).text()).toBe('still here');
    await eventually('everything to be answered', () => listener.pending() === 0);
  });

  test('keeps the certificate that works when the changed one does not', async () => {
    const files = await makeCertificate(folder.path, 'good');
    const listener = await start({ tls: files });
    await Bun.write(files.cert, 'junk');
    await expect(listener.reloadCertificates()).rejects.toThrow('holds no certificate');
    expect((await shownCertificate(listener.port)).name).toBe('good');
    expect(await (await fetch(listener.url, insecure)).text()).toBe('hello');
  });

  test('changes its certificate at a fixed port, again and again', async () => {
    const port = await freePort();
    const files = await makeCertificate(folder.path, 'zero');
    const listener = await start({ tls: files, port });
    for (const name of ['first', 'second', 'third']) {
      await replaceBy(files, name);
      await listener.reloadCertificates();
      expect((await shownCertificate(port)).name).toBe(name);
    }
    await listener.drain(0);
    await expect(fetch(listener.url, insecure)).rejects.toHaveProperty('code', 'ECONNREFUSED');
  });

  test('loses next to no new connection while the certificate changes', async () => {
    const files = await makeCertificate(folder.path, 'loop');
    const listener = await start({ tls: files });
    let done = false;
    let answered = 0;
    let lost = 0;
    const clients = Array.from({ length: 4 }, async () => {
      while (!done) {
        const asked = fetch(listener.url, { ...insecure, keepalive: false });
        await asked
          .then((response) => response.text())
          .then(
            () => answered++,
            () => lost++,
          );
      }
    });
    for (let change = 0; change < 5; change++) {
      await replaceBy(files, `loop-${change}`);
      await listener.reloadCertificates();
      await Bun.sleep(100);
    }
    done = true;
    await Promise.all(clients);
    expect(answered).toBeGreaterThan(100);
    // At most one for each client whenever a server stops; mostly none.
    expect(lost).toBeLessThanOrEqual(4 * 5);
  }, 20_000);
});

async function replaceBy(files: { cert: string; key: string }, name: string): Promise<void> {
  const made = await makeCertificate(folder.path, name);
  await Bun.write(files.cert, Bun.file(made.cert));
  await Bun.write(files.key, Bun.file(made.key));
}
