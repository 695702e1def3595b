import { afterAll, afterEach, describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { makeCertificate, noOpenssl } from '../../test/support/certificate.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { available } from '../../test/support/needs.ts';
import {
  ask,
  type Behaviour,
  codeOf,
  lastWords,
  ok,
  type RawServer,
  readerOf,
  startRawServer,
  textOf,
} from '../../test/support/raw-server.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually, within } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';

const folder = temporary('client');
afterAll(() => folder[Symbol.dispose]());
const servers: RawServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function upstream(behaviour: Behaviour, unix?: string): Promise<RawServer> {
  const server = await startRawServer(behaviour, unix);
  servers.push(server);
  return server;
}

describe('a request', () => {
  test('names itself, and asks for nothing to be encoded', async () => {
    const { url, heard } = await upstream(ok);
    await textOf(await ask(url));
    const [head = ''] = heard;
    expect(head).toContain('\r\nuser-agent: meridian\r\n');
    expect(head).toContain('\r\naccept-encoding: identity\r\n');
    expect(head).not.toContain('Bun');
  });

  test('has no fields but these', async () => {
    const { url, heard } = await upstream(ok);
    await textOf(await ask(url, { headers: new Headers({ x: 'y' }) }));
    const names = [...(heard[0] ?? '').matchAll(/^([\w-]+):/gm)].map(([, name]) => name);
    expect(names).toEqual(['host', 'user-agent', 'accept-encoding', 'x']);
  });

  test('has the fields that it is given, and leaves them as they are', async () => {
    const { url, heard } = await upstream(ok);
    const headers = new Headers({ 'user-agent': 'npm', 'accept-encoding': 'br', accept: 'a/b', 'x-y': 'z' });
    await textOf(await ask(url, { headers }));
    for (const field of ['user-agent: npm', 'accept-encoding: br', 'accept: a/b', 'x-y: z']) {
      expect(heard[0]).toContain(`\r\n${field}\r\n`);
    }
    const bare = new Headers();
    await textOf(await ask(url, { headers: bare }));
    expect([...bare]).toEqual([]);
  });

  test('goes out with the target as it is written', async () => {
    const { url, heard } = await upstream(ok);
    await textOf(await ask(`${url}/@scope%2fname//x?y=%7e&z`));
    expect(heard[0]).toStartWith('GET /@scope%2fname//x?y=%7e&z HTTP/1.1\r\n');
  });

  test('has its body in chunks when it is a stream, and with a length when it is known', async () => {
    const { url, heard } = await upstream((socket, said) => {
      if (said.endsWith('abc') || said.endsWith('0\r\n\r\n')) socket.write(ok);
    });
    const bytes = new TextEncoder().encode('abc');
    await textOf(await ask(url, { method: 'POST', body: bytes }));
    expect(heard[0]).toContain('\r\ncontent-length: 3\r\n');
    const { url: second, heard: also } = await upstream((socket, said) => {
      if (said.endsWith('0\r\n\r\n')) socket.write(ok);
    });
    await textOf(await ask(second, { method: 'PUT', body: new Blob([bytes]).stream() }));
    expect(also[0]).toContain('\r\ntransfer-encoding: chunked\r\n');
    expect(also[0]).toEndWith('\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
  });

  test('that streams its body has the length that its fields announce, and must keep to it', async () => {
    const behaviour: Behaviour = (socket, said) => {
      if (said.endsWith('abc')) socket.write(ok);
    };
    const send = (url: string, length: string) => {
      const body = new Blob(['a', 'bc']).stream();
      return ask(url, { method: 'POST', body, headers: new Headers({ 'content-length': length }) });
    };
    const { url, heard } = await upstream(behaviour);
    expect(await textOf(await send(url, '3'))).toBe('ok');
    expect(heard[0]).toContain('\r\ncontent-length: 3\r\n');
    expect(heard[0]).toEndWith('\r\n\r\nabc');
    for (const wrong of ['2', '4']) {
      const other = await upstream(() => {});
      expect(await codeOf(send(other.url, wrong))).toBe('request-malformed');
      await eventually('the connection to be closed', () => other.sockets[0]?.destroyed);
    }
  });

  test('says that it has no body where its method is for one', async () => {
    const { url, heard } = await upstream(ok);
    for (const method of ['POST', 'M-SEARCH']) await textOf(await ask(url, { method }));
    expect(heard[0]).toContain('POST / HTTP/1.1');
    expect(heard[0]).toContain('\r\ncontent-length: 0\r\n');
    expect(heard[0]?.slice(heard[0].indexOf('M-SEARCH'))).not.toContain('content-length');
  });

  test('goes over a Unix socket when it is told to', async () => {
    const unix = join(folder.path, 'upstream.sock');
    const { heard } = await upstream(ok, unix);
    expect(await textOf(await ask('http://owner.example/x', { unix }))).toBe('ok');
    expect(heard[0]).toContain('\r\nhost: owner.example\r\n');
    expect(await codeOf(ask('http://owner.example/', { unix: `${unix}.none` }))).toBe('upstream-unreachable');
  });

  test('is not sent when it was given up before', async () => {
    const { url, heard } = await upstream(ok);
    const reason = new Error('nobody waits');
    expect(await codeOf(ask(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(heard).toEqual([]);
  });

  test('fails as its body does', async () => {
    const { url } = await upstream(() => {});
    const broken = (error: unknown) =>
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          await Bun.sleep(10);
          controller.error(error);
        },
      });
    const tooLarge = new MeridianError('body-too-large', 'too large');
    expect(await codeOf(ask(url, { method: 'POST', body: broken(tooLarge) }))).toBe('body-too-large');
    expect(await codeOf(ask(url, { method: 'POST', body: broken(new Error('gone')) }))).toBe(
      'request-malformed',
    );
  });

  test('does not read more of its body than the upstream takes', async () => {
    const { url } = await upstream((socket) => void socket.pause());
    let made = 0;
    const gone = new AbortController();
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          made += 1 << 20;
          controller.enqueue(new Uint8Array(1 << 20));
        },
      },
      { highWaterMark: 0 },
    );
    const asked = codeOf(ask(url, { method: 'POST', body, signal: gone.signal }));
    await Bun.sleep(500);
    expect(made).toBeLessThan(32 << 20);
    gone.abort(new Error('enough'));
    expect(String(await asked)).toContain('enough');
  });
});

describe('a connection that rests', () => {
  /** Answers one request per connection, and does this when a second one comes, or before. */
  async function forgetful(then: (socket: Socket) => void, at: 'second request' | 'once') {
    let requests = 0;
    const counts = new Map<Socket, number>();
    const { url, heard, sockets } = await upstream((socket) => {
      requests++;
      const count = (counts.get(socket) ?? 0) + 1;
      counts.set(socket, count);
      if (count > 1) return then(socket);
      socket.write(ok);
      if (at === 'once') setTimeout(() => then(socket), 5);
    });
    return { url, heard, sockets, requests: () => requests };
  }
  const body = () => new TextEncoder().encode('abc');

  test('is used again', async () => {
    const { url, sockets } = await upstream(ok);
    for (let round = 0; round < 3; round++) expect(await textOf(await ask(url))).toBe('ok');
    expect(sockets.length).toBe(1);
  });

  test('is not used again when the answer says so, or is of HTTP/1.0', async () => {
    for (const head of ['HTTP/1.1 200 OK\r\nConnection: x, Close', 'HTTP/1.0 200 OK']) {
      const { url, sockets } = await upstream(`${head}\r\nContent-Length: 2\r\n\r\nok`);
      for (let round = 0; round < 2; round++) expect(await textOf(await ask(url))).toBe('ok');
      expect(sockets.length).toBe(2);
    }
  });

  test('is not used for longer than the server says', async () => {
    const clock = virtualClock();
    const patient = 'HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=30\r\nContent-Length: 2\r\n\r\nok';
    const { url, sockets } = await upstream(patient);
    await textOf(await ask(url, { clock }));
    clock.advance(28_000);
    await textOf(await ask(url, { clock }));
    expect(sockets.length).toBe(1);
    clock.advance(30_000);
    await textOf(await ask(url, { clock }));
    expect(sockets.length).toBe(2);
  });

  test('is closed when something comes on it that nobody asked for', async () => {
    const { url, sockets } = await upstream((socket) => {
      socket.write(ok);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 5);
    });
    await textOf(await ask(url));
    await eventually('the connection to be closed', () => sockets[0]?.destroyed);
    expect(await textOf(await ask(url))).toBe('ok');
  });

  const farewells = {
    closed: (socket: Socket) => void socket.end(),
    reset: (socket: Socket) => void socket.resetAndDestroy(),
  };
  for (const [what, farewell] of Object.entries(farewells)) {
    test(`is replaced when it has been ${what}, and no request is written on it`, async () => {
      const { url, requests, sockets } = await forgetful(farewell, 'once');
      await textOf(await ask(url));
      await eventually('the connection to be closed', () => sockets[0]?.destroyed);
      expect(await textOf(await ask(url, { method: 'POST', body: body() }))).toBe('ok');
      expect(requests()).toBe(2);
    });
  }

  const methods: [method: string, body: () => Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null][] =
    [
      ['GET', () => null],
      ['DELETE', () => null],
      ['POST', body],
      ['PUT', () => new Blob([body()]).stream()],
    ];
  for (const [method, bodyOf] of methods) {
    test(`that is closed after a ${method} was written on it fails: it may have been processed`, async () => {
      const { url, requests } = await forgetful(farewells.closed, 'second request');
      await textOf(await ask(url));
      expect(await codeOf(ask(url, { method, body: bodyOf() }))).toBe('upstream-unreachable');
      expect(requests()).toBe(2);
    });
  }
});

describe('an upstream that cannot be reached', () => {
  test('refuses, or does not exist', async () => {
    expect(await codeOf(ask('http://127.0.0.1:1/'))).toBe('upstream-unreachable');
    expect(await codeOf(ask('http://no-such-host.invalid/'))).toBe('upstream-unreachable');
  });

  const silent: Record<string, Behaviour> = {
    'closes the connection before it answers': (socket) => void socket.end(),
    'resets the connection before it answers': (socket) => void socket.resetAndDestroy(),
    'closes the connection within the head': lastWords('HTTP/1.1 200 OK\r\nConte'),
  };
  for (const [what, answer] of Object.entries(silent)) {
    test(what, async () => {
      expect(await codeOf(ask((await upstream(answer)).url))).toBe('upstream-unreachable');
    });
  }

  test.skipIf(!available('openssl', noOpenssl))('has a certificate that nobody vouches for', async () => {
    const { cert, key } = await makeCertificate(folder.path);
    const tls = { cert: Bun.file(cert), key: Bun.file(key) };
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', tls, fetch: () => new Response() });
    servers.push({ url: '', heard: [], sockets: [], close: () => void server.stop(true) });
    const asked = ask(server.url.href);
    expect(await codeOf(asked)).toBe('upstream-unreachable');
    await expect(asked).rejects.toThrow('not signed by a known authority');
  });

  test('says nothing of where the upstream is, but keeps the cause', async () => {
    const error = await ask('http://127.0.0.1:1/secret').catch((thrown) => thrown);
    expect(error.detail).not.toContain('127.0.0.1');
    expect(error.cause.code).toBe('ECONNREFUSED');
  });
});

describe('an abort', () => {
  const reason = new Error('the client left');

  test('ends the wait for an answer with its own reason', async () => {
    const { url, heard, sockets } = await upstream(() => {});
    const gone = new AbortController();
    const asked = codeOf(ask(url, { signal: gone.signal }));
    await eventually('the request', () => heard.length === 1);
    gone.abort(reason);
    expect(await asked).toBe(reason);
    await eventually('the connection to be closed', () => sockets[0]?.destroyed);
  });

  test('that comes while a kept connection is taken ends the request before it is written', async () => {
    const { url, heard } = await upstream(ok);
    await textOf(await ask(url));
    const before = heard[0];
    const gone = new AbortController();
    const asked = codeOf(ask(url, { signal: gone.signal }));
    gone.abort(reason);
    expect(await within(1_000, 'the end', asked)).toBe(reason);
    expect(await textOf(await ask(url, { headers: new Headers({ x: 'later' }) }))).toBe('ok');
    expect(heard[0]).toBe(before);
    expect(heard[1]).toContain('x: later');
  });

  test('ends the reading of a body with its own reason', async () => {
    const { url, sockets } = await upstream('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok');
    const gone = new AbortController();
    const reader = readerOf(await ask(url, { signal: gone.signal }));
    await reader.read();
    const read = codeOf(reader.read());
    gone.abort(reason);
    expect(await read).toBe(reason);
    await eventually('the connection to be closed', () => sockets[0]?.destroyed);
  });

  test('after the end changes nothing, and nothing is left behind', async () => {
    const clock = virtualClock();
    const { url } = await upstream(ok);
    const gone = new AbortController();
    const answer = await ask(url, {
      signal: gone.signal,
      clock,
      timeouts: { connectMs: 5, firstByteMs: 5, betweenBytesMs: 5 },
    });
    expect(await textOf(answer)).toBe('ok');
    gone.abort(reason);
    expect(clock.waiting).toBe(0);
  });
});
