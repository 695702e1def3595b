import { afterEach, describe, expect, test } from 'bun:test';
import { createServer, connect as dial } from 'node:net';
import { makeCertificate, noOpenssl } from '../../../test/support/certificate.ts';
import { available } from '../../../test/support/needs.ts';
import { ask, codeOf, ok, rawServers, textOf } from '../../../test/support/raw-server.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { destination } from './place.ts';

const before = { ...process.env };
const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const name of names) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  for (const close of closing.splice(0)) close();
});
const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];

/** Each test asks for places of its own, since what the environment says is read once per place. */
let hosts = 0;
const fresh = () => `host-${hosts++}.example`;

const upstream = rawServers();

describe('a place', () => {
  test('is that of the URL, and the target is as it is written there', () => {
    const { place, target } = destination('http://Ex.org:80/@a%2fb//../c?d=%7e', {});
    expect(place.address).toEqual({ hostname: 'ex.org', port: 80 });
    expect([place.authority, place.tlsName, target]).toEqual(['ex.org', null, '/@a%2fb//../c?d=%7e']);
  });

  test('is shared by all that may use the same connections, and by nobody else', () => {
    const key = (url: string, way = {}) => destination(url, way).place.key;
    expect(key('http://h/a')).toBe(key('http://h/b?c'));
    const others = [
      key('http://h/'),
      key('https://h/'),
      key('http://h:81/'),
      key('http://h/', { direct: true }),
    ];
    expect(new Set([...others, key('http://h/', { unix: '/s' })]).size).toBe(5);
  });

  test('with TLS wants a certificate for its name', () => {
    const { place } = destination('https://h.example', {});
    expect([place.address, place.tlsName]).toEqual([{ hostname: 'h.example', port: 443 }, 'h.example']);
    expect(destination('https://[::1]:8443/', {}).place.address).toEqual({ hostname: '::1', port: 8443 });
  });

  test('gets no target that a request line cannot hold', () => {
    expect(destination('http://h/a b#c', {}).target).toBe('/a%20b');
    expect(destination('http://h/a\r\nX: y', {}).target).toBe('/aX:%20y');
    expect(destination('http://h?q', {}).target).toBe('/?q');
    expect(destination('http://h', {}).target).toBe('/');
  });

  test('must be one', () => {
    for (const url of ['', 'h', '/a', 'ftp://h/', 'http://', 'http://h h/']) {
      expect(() => destination(url, {})).toThrow(TypeError);
    }
  });
});

describe('behind an HTTP proxy', () => {
  test('a plain request goes to the proxy, whole', async () => {
    const proxy = await upstream(ok);
    process.env['http_proxy'] = proxy.url.replace('//', '//me:p%40ss@');
    const host = fresh();
    expect(await textOf(await ask(`http://${host}:81/x?y`))).toBe('ok');
    expect(proxy.heard[0]).toStartWith(`GET http://${host}:81/x?y HTTP/1.1\r\nhost: ${host}:81\r\n`);
    expect(proxy.heard[0]).toContain(`\r\nproxy-authorization: Basic ${btoa('me:p@ss')}\r\n`);
  });

  test('a node of our own is asked without it', async () => {
    process.env['http_proxy'] = 'http://127.0.0.1:1';
    const { url } = await upstream(ok);
    expect(await textOf(await ask(url, { direct: true }))).toBe('ok');
  });

  test('a request over TLS goes through a tunnel', async () => {
    const told = Promise.withResolvers<string>();
    const proxy = await upstream((socket, heard) => {
      told.resolve(heard);
      socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
    });
    process.env['HTTPS_PROXY'] = proxy.url;
    const host = fresh();
    const asked = ask(`https://${host}/x`);
    expect(await codeOf(asked)).toBe('upstream-unreachable');
    await expect(asked).rejects.toThrow('407');
    expect(await told.promise).toBe(`CONNECT ${host}:443 HTTP/1.1\r\nhost: ${host}:443\r\n\r\n`);
  });

  test.skipIf(!available('openssl', noOpenssl))(
    'a certificate beyond the tunnel is verified, too',
    async () => {
      using folder = temporary('place');
      const { cert, key } = await makeCertificate(folder.path);
      const tls = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
      const server = Bun.serve({ port: 0, hostname: '127.0.0.1', tls, fetch: () => new Response('x') });
      closing.push(() => server.stop(true));
      const proxy = createServer((outer) => {
        outer.on('error', () => {}); // the client breaks off, which is what is tested
        outer.once('data', () => {
          const inner = dial(server.port ?? 0, '127.0.0.1', () => {
            outer.write('HTTP/1.1 200 OK\r\n\r\n');
            outer.pipe(inner).pipe(outer);
          });
          inner.on('error', () => outer.destroy());
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      closing.push(() => proxy.close());
      const address = proxy.address();
      process.env['https_proxy'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
      await expect(ask(`https://${fresh()}/x`)).rejects.toThrow('not signed by a known authority');
    },
  );

  const lists: [list: string, host: string, bypassed: boolean][] = [
    ['*', 'a.example', true],
    ['a.example', 'a.example', true],
    ['a.example', 'b.a.example', true],
    ['.a.example', 'b.a.example', true],
    ['*.a.example', 'b.a.example', true],
    ['a.example', 'aa.example', false],
    ['x, a.example:80 y', 'a.example', true],
    ['a.example:81', 'a.example', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['[::1]', '[::1]', true],
    ['', 'a.example', false],
    [',', 'a.example', false],
  ];
  for (const [index, [list, host, bypassed]] of lists.entries()) {
    test(`no_proxy=${list} ${bypassed ? 'holds' : 'does not hold'} for ${host}`, () => {
      process.env['http_proxy'] = 'proxy.example:3128';
      process.env['no_proxy'] = list.replaceAll('example', `example${index}`);
      const { place } = destination(`http://${host.replace('example', `example${index}`)}/`, {});
      expect('hostname' in place.address && place.address.hostname === 'proxy.example').toBe(!bypassed);
    });
  }
});
