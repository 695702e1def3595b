/**
 * What comes in from outside, byte for byte: requests that mean one thing to one server and another thing to the
 * next are refused, and their connections closed; nothing that is not part of the key changes what is stored.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { npm, web } from '../../src/index.ts';
import {
  type Registry,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { sendRaw } from '../support/raw-client.ts';

let registry: Registry;
let echo: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('alpha', '1.0.0');
  // An upstream that gives back whatever it believes: what Meridian lets through can be seen in the body.
  echo = await startUpstream(({ target, headers }) => ({
    headers: { 'cache-control': 'public, max-age=600' },
    body: JSON.stringify({ target, headers: Object.fromEntries(headers) }),
  }));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      web({ upstream: echo.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  await echo?.off();
}, 30_000);

const host = () => `127.0.0.1:${network.node('pop').port}`;

/** A head with these lines; `Host` is the first one unless it is given. */
function head(...lines: string[]): string {
  const [start = '', ...fields] = lines;
  const named = fields.some((line) => /^host/i.test(line));
  return [start, ...(named ? [] : [`Host: ${host()}`]), ...fields, '', ''].join('\r\n');
}

describe('a request that is not clear is refused, and its connection closed', () => {
  const long = 'a'.repeat(9_000);
  const manyFields = Array.from({ length: 101 }, (_, index) => `X-${index}: 1`);
  const attacks: readonly [what: string, status: number, request: () => string][] = [
    ['no Host', 400, () => 'GET / HTTP/1.1\r\n\r\n'],
    ['an empty Host', 400, () => head('GET / HTTP/1.1', 'Host: ')],
    ['two Hosts', 400, () => head('GET / HTTP/1.1', `Host: ${host()}`, 'Host: other.example')],
    ['two Hosts that are the same', 400, () => head('GET / HTTP/1.1', `Host: ${host()}`, `Host: ${host()}`)],
    ['a Host with user-info', 400, () => head('GET / HTTP/1.1', 'Host: me@pop.example')],
    ['a Host with a path', 400, () => head('GET / HTTP/1.1', 'Host: pop.example/x')],
    ['a Host with a comma', 400, () => head('GET / HTTP/1.1', 'Host: a.example, b.example')],
    ['GET *', 400, () => head('GET * HTTP/1.1')],
    ['an empty Transfer-Encoding', 400, () => head('POST / HTTP/1.1', 'Transfer-Encoding: ')],
    ['an odd Transfer-Encoding', 400, () => head('POST / HTTP/1.1', 'Transfer-Encoding: xchunked')],
    [
      'two Transfer-Encodings',
      400,
      () => head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
    ],
    [
      'both framings',
      400,
      () => `${head('POST / HTTP/1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'two Content-Lengths',
      400,
      () => `${head('POST / HTTP/1.1', 'Content-Length: 4', 'Content-Length: 5')}abcd`,
    ],
    ['a signed Content-Length', 400, () => `${head('POST / HTTP/1.1', 'Content-Length: +4')}abcd`],
    ['a bare CR', 400, () => head('GET / HTTP/1.1', 'X-A: a\rb')],
    ['a bare LF', 400, () => head('GET / HTTP/1.1', 'X-A: a\nX-B: b')],
    ['a folded line', 400, () => head('GET / HTTP/1.1', 'X-A: a', ' b')],
    ['a space before the colon', 400, () => head('GET / HTTP/1.1', 'X-A : a')],
    ['a control character in a field', 400, () => head('GET / HTTP/1.1', 'X-A: a\x00b')],
    ['overlong UTF-8 in the target', 400, () => head('GET /\xc0\xaf HTTP/1.1')],
    ['a target that is too long', 414, () => head(`GET /${long} HTTP/1.1`)],
    ['too many fields', 431, () => head('GET / HTTP/1.1', ...manyFields)],
    ['fields that are too large', 431, () => head('GET / HTTP/1.1', `X-A: ${'a'.repeat(40_000)}`)],
    ['a method that a proxy does not serve', 501, () => head('TRACE / HTTP/1.1')],
  ];

  for (const [what, status, request] of attacks) {
    test(`${what}: ${status}`, async () => {
      echo.forget();
      const answer = await sendRaw(network.node('pop').port, request(), { lingerMs: 2_000 });
      expect(answer?.status, answer?.body.toString()).toBe(status);
      if (status === 400) expect(answer?.closed, 'the connection stayed open').toBe(true);
      expect(echo.requests()).toEqual([]);
    });
  }

  test.each([
    ['lines that end with LF alone', () => head('GET / HTTP/1.1').replaceAll('\r\n', '\n'), 505],
    ['a control character in the target', () => head('GET /a\x01b HTTP/1.1'), 505],
    ['a method that nobody knows', () => head('BREW / HTTP/1.1'), undefined],
  ])('%s: refused by the runtime, which has its own words for it', async (_, request, status) => {
    echo.forget();
    const answer = await sendRaw(network.node('pop').port, request(), { lingerMs: 2_000 });
    expect(answer?.status).toBe(status as number);
    expect(answer?.closed ?? true, 'the connection stayed open').toBe(true);
    expect(echo.requests()).toEqual([]);
  });

  test('bytes beyond ASCII in the target mean their percent-encoding, to every tier and upstream', async () => {
    echo.forget();
    const raw = await sendRaw(network.node('pop').port, head('GET /\xc3\xa4 HTTP/1.1', 'Connection: close'));
    const encoded = await fetch(`${network.url('pop')}/%C3%A4`);
    expect(raw?.body.toString()).toContain('"target":"/%C3%A4"');
    expect(await encoded.text()).toContain('"target":"/%C3%A4"');
    expect(echo.count('/%C3%A4')).toBe(1);
  });

  test('a second request behind one that is refused is never read', async () => {
    echo.forget();
    const smuggled = head('GET /smuggled HTTP/1.1');
    await sendRaw(
      network.node('pop').port,
      head('POST / HTTP/1.1', 'Content-Length: 0', 'Transfer-Encoding: chunked') + smuggled,
    );
    expect(echo.count('/smuggled')).toBe(0);
  });
});

describe('what is not part of the key does not change what is stored', () => {
  const poison: Record<string, string> = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-port': '666',
    'x-forwarded-prefix': '/evil',
    'x-original-url': '/evil',
    'x-rewrite-url': '/evil',
    'x-host': 'evil.example',
    forwarded: 'host=evil.example;proto=https',
  };

  test('of a web page', async () => {
    const poisoned = await fetch(`${network.url('pop')}/page`, { headers: poison });
    const clean = await fetch(`${network.url('pop')}/page`);
    expect(await poisoned.text()).not.toContain('evil');
    expect(await clean.text()).not.toContain('evil');
    expect(echo.count('/page')).toBe(1);
  });

  test('of a packument, whose links are made of the Host alone', async () => {
    await fetch(`${network.url('pop')}/npm/alpha`, { headers: poison });
    const text = await (await fetch(`${network.url('pop')}/npm/alpha`)).text();
    expect(text).not.toContain('evil');
    expect(text).toContain(`http://${host()}/npm/alpha/-/alpha-1.0.0.tgz`);
  });
});

describe('a request that asks for more than it is worth', () => {
  test('a hundred ranges that overlap are not a hundred bodies', async () => {
    const whole = (await (await fetch(`${network.url('pop')}/ranges`)).text()).length;
    const range = `bytes=${Array.from({ length: 100 }, () => '0-').join(',')}`;
    const response = await fetch(`${network.url('pop')}/ranges`, { headers: { range } });
    expect((await response.text()).length).toBeLessThan(2 * whole);
  });

  test('paths that differ are stored apart, whatever some server may take for their end', async () => {
    const endings = ['', ';x.css', '%3bx.css', '%23x.css', '%3fx.css', '%0ax.css', '%2f..%2fx.css', '/x.css'];
    for (const ending of endings) {
      const text = await (await fetch(`${network.url('pop')}/account${ending}`)).text();
      const { target } = JSON.parse(text) as { target: string };
      expect(target.toLowerCase()).toBe(`/account${ending}`);
    }
  });
});
