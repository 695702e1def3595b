import { afterAll, afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { makeCertificate, noOpenssl, shownCertificate } from '../../../test/support/certificate.ts';
import { available } from '../../../test/support/needs.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually, within } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { type Listener, type ListenerOptions, listen } from '../listener.ts';

const folder = temporary('informational');
const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
});
afterAll(() => folder[Symbol.dispose]());

async function start(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    http2: true,
    http3: false,
    informational: true,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: 20,
    bodyBytes: 1_000_000,
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
    handle: () => new Response('hello'),
    failed: (error) => new Response(`failed: ${error}`, { status: 500 }),
    ...options,
  });
  open.push(listener);
  return listener;
}

/** Everything that comes back on a connection that says this, without `Date`. */
async function said(port: number, words: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {}); // a reset ends what was said, as the end does
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => void pieces.push(Buffer.from(piece)));
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(words);
  await within(5_000, 'the end', ended);
  return Buffer.concat(pieces)
    .toString('latin1')
    .replace(/date: .*\r\n/gi, '');
}

const get = (version = '1.1') => `GET / HTTP/${version}\r\nHost: h\r\nConnection: close\r\n\r\n`;

/** The pieces one after the other, with pauses; `null`: it fails. */
function trickle(...pieces: (string | null)[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(5);
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else if (piece === null) controller.error();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
}

const hinting: ListenerOptions['handle'] = async (request, listener) => {
  listener.inform(request, 102, new Headers());
  listener.inform(
    request,
    103,
    new Headers([
      ['link', '</a.css>; rel=preload'],
      ['x-y', 'z'],
    ]),
  );
  await Bun.sleep(5);
  return new Response('hello', { headers: { 'content-length': '5' } });
};

describe('interim responses', () => {
  test('come before the answer, in their order and with their fields', async () => {
    const { port } = await start({ handle: hinting });
    expect(await said(port, get())).toBe(
      [
        'HTTP/1.1 102 Processing\r\n\r\n',
        'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nx-y: z\r\n\r\n',
        'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: close\r\n\r\nhello',
      ].join(''),
    );
  });

  test('are not sent to a client of HTTP/1.0, which does not know them', async () => {
    const { port } = await start({ handle: hinting });
    expect(await said(port, get('1.0'))).toStartWith('HTTP/1.1 200 OK\r\n');
  });

  test('that come when the answer is on its way are dropped', async () => {
    const handle: ListenerOptions['handle'] = (request, listener) => {
      setTimeout(() => listener.inform(request, 103, new Headers({ 'x-late': 'y' })), 8);
      return new Response(trickle('a', 'b', 'c', 'd'));
    };
    const { port } = await start({ handle });
    const answer = await said(port, get());
    expect(answer).not.toContain('103');
    expect(answer).toEndWith('\r\n0\r\n\r\n');
  });

  test('of pipelined requests stay with their own', async () => {
    const handle: ListenerOptions['handle'] = async (request, listener) => {
      const { pathname } = new URL(request.url);
      listener.inform(request, 103, new Headers({ 'x-of': pathname }));
      await Bun.sleep(pathname === '/first' ? 30 : 1);
      return new Response(pathname);
    };
    const { port } = await start({ handle });
    const first = 'GET /first HTTP/1.1\r\nHost: h\r\n\r\n';
    const all = await said(port, first + get());
    expect(all.match(/x-of: \S+|^\/\w*$|\/first(?=HTTP)/gm)).toEqual([
      'x-of: /first',
      '/first',
      'x-of: /',
      '/',
    ]);
  });
});

describe('a body that streams', () => {
  const streaming = (length: number, ...pieces: (string | null)[]): ListenerOptions['handle'] => {
    return () => new Response(trickle(...pieces), { headers: { 'content-length': String(length) } });
  };

  test('keeps its Content-Length', async () => {
    const { port } = await start({ handle: streaming(6, 'abc', 'def') });
    const answer = await said(port, get());
    expect(answer).toContain('content-length: 6\r\n');
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer).toEndWith('\r\n\r\nabcdef');
  });

  test('goes in chunks when its length is not known', async () => {
    const { port } = await start({ handle: () => new Response(trickle('abc')) });
    const answer = await said(port, get());
    expect(answer).toMatch(/transfer-encoding: chunked/i);
    expect(answer).toEndWith('3\r\nabc\r\n0\r\n\r\n');
  });

  const wrong: Record<string, ListenerOptions['handle']> = {
    'is shorter than announced': streaming(6, 'abc'),
    'is longer than announced': streaming(3, 'abc', 'def'),
    'fails, with a length': streaming(6, 'abc', null),
    'fails, in chunks': () => new Response(trickle('abc', null)),
  };
  for (const [what, handle] of Object.entries(wrong)) {
    test(`that ${what} breaks the connection`, async () => {
      const { port } = await start({ handle });
      const answer = await said(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      expect(answer).not.toContain('def');
      expect(answer).not.toEndWith('0\r\n\r\n');
    });
  }

  test('is not read ahead of a slow client, and is given up when that leaves', async () => {
    let made = 0;
    let cancelled = false;
    const body = () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await Bun.sleep(0);
            made += 1 << 20;
            controller.enqueue(new Uint8Array(1 << 20));
          },
          cancel() {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
    const gone = Promise.withResolvers<void>();
    const handle: ListenerOptions['handle'] = (request) => {
      request.signal.addEventListener('abort', () => gone.resolve());
      return new Response(body());
    };
    const { port } = await start({ handle });
    const socket = connect({ port, host: '127.0.0.1' });
    socket.pause();
    socket.write(get());
    await Bun.sleep(300);
    expect(made).toBeLessThan(32 << 20);
    socket.destroy();
    await within(5_000, 'the signal', gone.promise);
    await eventually('the body to be given up', () => cancelled);
  });
});

describe('a listener that sends interim responses', () => {
  test('hands over requests with their bodies', async () => {
    const handle: ListenerOptions['handle'] = async (request, listener) => {
      const body = await new Response(listener.body(request)).text();
      return Response.json([
        request.method,
        request.url,
        request.headers.get('x'),
        body,
        listener.clientAddress(request),
      ]);
    };
    const { url } = await start({ handle });
    const body = 'x'.repeat(300_000);
    for (const sent of [body, new Blob([body]).stream()]) {
      const answer = await fetch(`${url}/a?b`, { method: 'POST', body: sent, headers: { x: 'y' } });
      expect(await answer.json()).toEqual(['POST', `${url}/a?b`, 'y', body, '127.0.0.1']);
    }
  });

  test('refuses a body beyond its limit', async () => {
    const handle: ListenerOptions['handle'] = async (request, listener) =>
      new Response(await new Response(listener.body(request)).text());
    const { url } = await start({ handle, bodyBytes: 10 });
    const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(100) });
    expect(await answer.text()).toContain('body-too-large');
  });

  test('answers with what `failed` makes of an error', async () => {
    const handle = () => {
      throw new Error('oh');
    };
    const { url } = await start({ handle });
    expect(await (await fetch(url)).text()).toBe('failed: Error: oh');
  });

  test('answers what is under way when it drains, on connections that close then', async () => {
    const handle: ListenerOptions['handle'] = async () => {
      await Bun.sleep(50);
      return new Response('hello');
    };
    const listener = await start({ handle });
    const answer = said(listener.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await eventually('the request', () => listener.pending() === 1);
    await listener.drain(5_000);
    expect(await answer).toContain('connection: close');
    await expect(fetch(listener.url)).rejects.toThrow();
  });

  test('cuts off what is left when its grace is over', async () => {
    const listener = await start({ handle: () => new Promise<Response>(() => {}) });
    const answer = said(listener.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await eventually('the request', () => listener.pending() === 1);
    await listener.drain(20);
    expect(await answer).toBe('');
  });

  test('knows clients behind a proxy that speaks the PROXY protocol', async () => {
    const handle: ListenerOptions['handle'] = (request, listener) =>
      new Response(listener.clientAddress(request));
    const { port } = await start({ handle, proxyProtocol: true, trustedProxies: ['127.0.0.1'] });
    expect(await said(port, `PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n${get()}`)).toContain('\r\n192.0.2.1\r\n');
  });

  test('does not share its address', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow('something else listens there already');
  });

  test('does not exist for HTTP/3', async () => {
    await expect(start({ http3: true, tls: { cert: 'a', key: 'b' } })).rejects.toThrow('over HTTP/3');
  });
});

describe.skipIf(!available('openssl', noOpenssl))('over TLS', () => {
  const versions = ['--http1.1', '--http2'];
  for (const version of versions) {
    test(`interim responses come before the answer with curl ${version}`, async () => {
      const tls = await makeCertificate(folder.path);
      const { url } = await start({ tls, handle: hinting });
      const curl = Bun.spawn(['curl', '-sk', '-D', '-', version, url], { stdout: 'pipe' });
      const output = await new Response(curl.stdout).text();
      const heads = output.match(/^HTTP\/\S+ \d+/gm);
      const name = version === '--http2' ? 'HTTP/2' : 'HTTP/1.1';
      expect(heads).toEqual([`${name} 102`, `${name} 103`, `${name} 200`]);
      expect(output).toEndWith('hello');
    });
  }

  test('a changed certificate is taken into use', async () => {
    const tls = await makeCertificate(folder.path, 'before');
    const listener = await start({ tls });
    expect((await shownCertificate(listener.port)).name).toBe('before');
    const next = await makeCertificate(folder.path, 'after');
    await Bun.write(tls.cert, Bun.file(next.cert));
    await Bun.write(tls.key, Bun.file(next.key));
    await listener.reloadCertificates();
    expect((await shownCertificate(listener.port)).name).toBe('after');
  });
});
