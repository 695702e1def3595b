/**
 * What was tried on the listener with raw bytes, and who refuses it: Bun's parsers, or `requestFault`. Everything
 * that is refused must also lose its connection, or its stream. When a new version of Bun changes a line of these
 * tables, it is the table that has to be thought about.
 *
 * Known and left as they are, because nothing of them can be seen from a handler: a target of raw UTF-8 looks as if
 * it had been encoded, `\` is `/`, and DEL is `%7F`; the authority of an absolute-form target is ignored.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { makeCertificate, noOpenssl } from '../../../test/support/certificate.ts';
import { data, type Fields, frame, headers, sendFrames } from '../../../test/support/http2-frames.ts';
import { available } from '../../../test/support/needs.ts';
import { sendRaw } from '../../../test/support/raw-client.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { systemClock } from '../../clock.ts';
import { errors } from '../../errors.ts';
import { type Listener, type ListenerOptions, listen, requestFault } from '../listener.ts';

const folder = temporary('attacks');
let plain: Listener;
let secure: Listener;
/** With the other server (`informational.ts`), whose parser is another one, too. */
let informational: Listener;

/** Answers with what it has understood, or with why it will not. */
async function serve(request: Request): Promise<Response> {
  const fault = requestFault(request);
  if (fault !== null) {
    return new Response(fault, { status: errors[fault].status, headers: { connection: 'close' } });
  }
  if (request.url.endsWith('/index.html')) await Bun.sleep(500);
  const body = request.method === 'POST' ? ` ${await request.text()}` : '';
  return new Response(`served as ${request.url}${body}`);
}

const quiet = { info() {}, warn() {}, error() {} };
const options: ListenerOptions = {
  host: '127.0.0.1',
  port: 0,
  http2: true,
  http3: false,
  proxyProtocol: false,
  trustedProxies: [],
  idleTimeoutS: 20,
  bodyBytes: 1_000_000,
  clock: systemClock,
  log: quiet,
  handle: serve,
  failed: (error) => new Response(`failed with ${error}`, { status: 500 }),
};

beforeAll(async () => {
  plain = await listen(options);
  informational = await listen({ ...options, informational: true });
  if (noOpenssl === null) secure = await listen({ ...options, tls: await makeCertificate(folder.path) });
});
afterAll(async () => {
  await plain.drain(0);
  await informational.drain(0);
  await secure?.drain(0);
  folder[Symbol.dispose]();
});

/** A head with a valid `Host`, unless there is one among the lines. */
function head(...lines: string[]): string {
  const [start = '', ...fields] = lines;
  const named = fields.some((line) => /^host/i.test(line));
  return [start, ...(named ? [] : ['Host: h']), ...fields, '', ''].join('\r\n');
}

const get = 'GET /a HTTP/1.1';
const post = 'POST /a HTTP/1.1';
const chunks = '3\r\nabc\r\n0\r\n\r\n';
const many = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y`);

/** `bun 400`: refused before anybody was asked. A code: refused by `requestFault`. */
const overHttp1: readonly [what: string, bytes: string, outcome: string][] = [
  ['a plain request', head(get), 'served as http://h/a'],
  ['HTTP/1.0 without Host', 'GET /a HTTP/1.0\r\n\r\n', 'served as /a'],
  ['HTTP/1.0 with Host', 'GET /a HTTP/1.0\r\nHost: h\r\n\r\n', 'served as http://h/a'],
  ['no Host', `${get}\r\n\r\n`, 'bun 400'],
  ['an empty Host', head(get, 'Host:'), 'host-invalid'],
  ['an empty Host in HTTP/1.0', 'GET /a HTTP/1.0\r\nHost:\r\n\r\n', 'host-invalid'],
  ['two Hosts', head(get, 'Host: h', 'Host: j'), 'host-invalid'],
  ['two equal Hosts', head(get, 'Host: h', 'Host: h'), 'host-invalid'],
  ['two Hosts in HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: h\r\nHost: j\r\n\r\n', 'host-invalid'],
  ['a Host with user-info', head(get, 'Host: me@h'), 'host-invalid'],
  ['a Host with a password', head(get, 'Host: me:pw@h'), 'host-invalid'],
  ['a Host with a path', head(get, 'Host: h/p'), 'host-invalid'],
  ['a Host with a query', head(get, 'Host: h?p'), 'host-invalid'],
  ['a Host with a fragment', head(get, 'Host: h#p'), 'host-invalid'],
  ['a Host with a backslash', head(get, 'Host: h\\p'), 'host-invalid'],
  ['a Host with a space', head(get, 'Host: h p'), 'host-invalid'],
  ['a Host with a tab', head(get, 'Host: h\tp'), 'host-invalid'],
  ['a Host with a comma', head(get, 'Host: h,j'), 'host-invalid'],
  ['a Host with NUL', head(get, 'Host: h\0p'), 'bun 400'],
  ['a Host beyond ASCII', head(get, 'Host: b\xc3\xbccher'), 'host-invalid'],
  ['a Host in brackets that are not closed', head(get, 'Host: [::1'), 'host-invalid'],
  ['a Host with a percent-encoded letter', head(get, 'Host: h%41'), 'host-invalid'],
  ['a Host that is a number', head(get, 'Host: 0x7f.1'), 'host-invalid'],
  ['a port that is no number', head(get, 'Host: h:abc'), 'host-invalid'],
  ['a port that is too large', head(get, 'Host: h:99999'), 'host-invalid'],
  ['an empty port', head(get, 'Host: h:'), 'host-invalid'],
  ['an IPv6 Host', head(get, 'Host: [::1]:8080'), 'served as http://[::1]:8080/a'],
  ['a Host in capitals, with the default port', head(get, 'Host: Ex.Org:80'), 'served as http://ex.org/a'],
  ['absolute form', head('GET http://other/x HTTP/1.1'), 'served as http://h/x'],
  ['absolute form without Host', 'GET http://h/x HTTP/1.1\r\n\r\n', 'bun 400'],
  ['absolute form of another scheme', head('GET ftp://h/x HTTP/1.1'), 'bun 400'],
  ['GET *', head('GET * HTTP/1.1'), 'bun 400'],
  ['OPTIONS *', head('OPTIONS * HTTP/1.1'), 'bun 400'],
  ['a relative target', head('GET a/b HTTP/1.1'), 'bun 400'],
  ['no target', head('GET  HTTP/1.1'), 'bun 400'],
  ['a target that is a query', head('GET ?q HTTP/1.1'), 'bun 400'],
  ['two slashes', head('GET //evil/x HTTP/1.1'), 'served as http://h//evil/x'],
  ['a fragment', head('GET /a#b HTTP/1.1'), 'target-invalid'],
  ['dot segments', head('GET /a/%2E%2e/../b/./c HTTP/1.1'), 'served as http://h/b/c'],
  ['an encoded slash', head('GET /@scope%2fname HTTP/1.1'), 'served as http://h/@scope%2fname'],
  ['a space in the target', head('GET /a b HTTP/1.1'), 'bun 505'],
  ['a tab in the target', head('GET /a\tb HTTP/1.1'), 'bun 505'],
  ['NUL in the target', head('GET /a\0b HTTP/1.1'), 'bun 505'],
  ['a control character in the target', head('GET /a\x01b HTTP/1.1'), 'bun 505'],
  ['UTF-8 in the target', head('GET /\xc3\xa4 HTTP/1.1'), 'served as http://h/%C3%A4'],
  ['Latin-1 in the target', head('GET /\xe4 HTTP/1.1'), 'target-invalid'],
  ['overlong UTF-8 in the target', head('GET /\xc0\xaf HTTP/1.1'), 'target-invalid'],
  ['a broken escape in the path', head('GET /a%zz HTTP/1.1'), 'target-invalid'],
  ['an escape cut short', head('GET /a%2 HTTP/1.1'), 'target-invalid'],
  ['a percent sign in the query', head('GET /a?off=10% HTTP/1.1'), 'served as http://h/a?off=10%'],
  ['two spaces before the version', head('GET /a  HTTP/1.1'), 'bun 505'],
  ['a space before the method', ` ${head(get)}`, 'bun 400'],
  ['an empty line before the request', `\r\n${head(get)}`, 'bun 400'],
  ['a method in small letters', head('get /a HTTP/1.1'), 'bun closes'],
  ['a method that is no token', head('G(T /a HTTP/1.1'), 'bun 400'],
  ['a method that nobody knows', head('BREW /a HTTP/1.1'), 'bun closes'],
  ['CONNECT', head('CONNECT h:80 HTTP/1.1'), 'method-unknown'],
  ['CONNECT with a path', head('CONNECT /x HTTP/1.1'), 'method-unknown'],
  ['TRACE', head('TRACE /a HTTP/1.1'), 'method-unknown'],
  ['HTTP/0.9', 'GET /a\r\n\r\n', 'bun 505'],
  ['HTTP/1.2', head('GET /a HTTP/1.2'), 'bun 505'],
  ['HTTP/2.0 in the request line', head('GET /a HTTP/2.0'), 'bun 505'],
  ['lines that end with LF', head(get).replaceAll('\r\n', '\n'), 'bun 505'],
  ['one line that ends with LF', head(get, 'X: y\nZ: w'), 'bun 400'],
  ['a bare CR', head(get, 'X: a\rb'), 'bun 400'],
  ['a folded line', head(get, 'X: a', ' b'), 'bun 400'],
  ['a folded first line', `${get}\r\n Host: h\r\n\r\n`, 'bun 400'],
  ['a space before the colon', head(get, 'X : y'), 'bun 400'],
  ['a field without a name', head(get, ': y'), 'bun 400'],
  ['a field without a colon', head(get, 'abc'), 'bun 400'],
  ['a name that is no token', head(get, 'X(y: z'), 'bun 400'],
  ['NUL in a name', head(get, 'X\0y: z'), 'bun 400'],
  ['NUL in a value', head(get, 'X: y\0z'), 'bun 400'],
  ['a control character in a value', head(get, 'X: y\x01z'), 'bun 400'],
  ['120 fields', head(get, ...many(120)), 'served as http://h/a'],
  ['250 fields', head(get, ...many(250)), 'bun 431'],
  ['a field of 40 kB', head(get, `X: ${'a'.repeat(40_000)}`), 'bun 431'],
  ['chunks', head(post, 'Transfer-Encoding: chunked') + chunks, 'served as http://h/a abc'],
  ['chunks, in capitals', head(post, 'Transfer-Encoding: CHUNKED') + chunks, 'served as http://h/a abc'],
  ['both framings', head(post, 'Content-Length: 3', 'Transfer-Encoding: chunked') + chunks, 'bun 400'],
  ['an empty Transfer-Encoding', head(post, 'Transfer-Encoding:'), 'bun 400'],
  ['gzip, chunked', head(post, 'Transfer-Encoding: gzip, chunked') + chunks, 'bun 400'],
  ['identity', head(post, 'Transfer-Encoding: identity'), 'bun 400'],
  ['xchunked', head(post, 'Transfer-Encoding: xchunked') + chunks, 'bun 400'],
  ['a list with an empty member', head(post, 'Transfer-Encoding: chunked,') + chunks, 'request-malformed'],
  ['a vertical tab before chunked', head(post, 'Transfer-Encoding: \x0bchunked') + chunks, 'bun 400'],
  [
    'Transfer-Encoding twice',
    head(post, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunks,
    'bun 400',
  ],
  [
    'chunks in HTTP/1.0',
    `POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    'bun 400',
  ],
  [
    'Content-Length twice, the same',
    `${head(post, 'Content-Length: 3', 'Content-Length: 3')}abc`,
    'request-malformed',
  ],
  ['Content-Length twice', `${head(post, 'Content-Length: 3', 'Content-Length: 4')}abcd`, 'bun 400'],
  ['a list of lengths', `${head(post, 'Content-Length: 3, 3')}abc`, 'bun 400'],
  ['a length with a sign', `${head(post, 'Content-Length: +3')}abc`, 'bun 400'],
  ['a negative length', `${head(post, 'Content-Length: -3')}abc`, 'bun 400'],
  ['a hexadecimal length', `${head(post, 'Content-Length: 0x3')}abc`, 'bun 400'],
  ['an empty length', head(post, 'Content-Length:'), 'bun 400'],
  ['a huge length', `${head(post, 'Content-Length: 99999999999999999999')}abc`, 'bun 400'],
  ['chunks that end with LF', `${head(post, 'Transfer-Encoding: chunked')}3\nabc\n0\n\n`, 'bun 400'],
  ['LF in a chunk extension', `${head(post, 'Transfer-Encoding: chunked')}3;\nabc\r\n0\r\n\r\n`, 'bun 400'],
  ['a chunk size with 0x', `${head(post, 'Transfer-Encoding: chunked')}0x3\r\nabc\r\n0\r\n\r\n`, 'bun 400'],
  ['a negative chunk size', `${head(post, 'Transfer-Encoding: chunked')}-3\r\nabc\r\n0\r\n\r\n`, 'bun 400'],
  [
    'a chunk longer than its size',
    `${head(post, 'Transfer-Encoding: chunked')}3\r\nabcd\r\n0\r\n\r\n`,
    'bun 400',
  ],
  [
    'a chunk size that overflows',
    `${head(post, 'Transfer-Encoding: chunked')}fffffffffffffffff3\r\nabc\r\n0\r\n\r\n`,
    'bun 400',
  ],
];

describe('over HTTP/1.1', () => {
  for (const [what, bytes, outcome] of overHttp1) {
    test.concurrent(`${what}: ${outcome}`, async () => {
      const answer = await sendRaw(plain.port, bytes);
      if (answer === null) return expect('bun closes').toBe(outcome);
      const body = answer.body.toString();
      expect(body === '' ? `bun ${answer.status}` : body).toBe(outcome);
      if (!outcome.startsWith('served')) expect(answer.closed, 'the connection stayed open').toBe(true);
    });
  }

  test('a request behind one that was refused is never read', async () => {
    const refused = `${head(post, 'Content-Length: 3', 'Content-Length: 3')}abc`;
    const answer = await sendRaw(plain.port, refused + head('GET /smuggled HTTP/1.1'));
    expect(answer?.body.toString()).toBe('request-malformed');
    expect(answer?.closed).toBe(true);
  });

  test('the body of a GET is taken off the connection, and nobody sees it', async () => {
    const hidden = head('GET /smuggled HTTP/1.1');
    const answer = await sendRaw(plain.port, head(get, `Content-Length: ${hidden.length}`) + hidden);
    expect(answer?.body.toString()).toBe('served as http://h/a');
    expect(answer?.closed).toBe(false);
  });
});

/** Where the other server differs, neither way in doubt: `refused`, or how it is served. */
const informationalDiffers: Readonly<Record<string, string>> = {
  'UTF-8 in the target': 'refused',
  // A server should ignore one (RFC 9112 §2.2).
  'an empty line before the request': 'served as http://h/a',
};

describe('over HTTP/1.1, on a listener that sends interim responses', () => {
  for (const [what, bytes, usual] of overHttp1) {
    if (what === 'HTTP/1.0 without Host') continue;
    const outcome = informationalDiffers[what] ?? usual;
    const served = outcome.startsWith('served');
    test.concurrent(`${what}: ${served ? outcome : 'refused'}`, async () => {
      const answer = await sendRaw(informational.port, bytes);
      if (served) return expect(answer?.body.toString()).toBe(outcome);
      if (answer === null) return; // closed without a word
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.closed, 'the connection stayed open').toBe(true);
    });
  }
});

test('HTTP/1.0 without Host is for the listener itself, where it sends interim responses', async () => {
  const answer = await sendRaw(informational.port, 'GET /a HTTP/1.0\r\n\r\n');
  expect(answer?.body.toString()).toBe(`served as ${informational.url}/a`);
});

/** The pseudo-fields of a request, some of them changed, or left out (`null`). */
function pseudo(changes: Record<string, string | null> = {}): Fields {
  const all = { ':method': 'GET', ':scheme': 'https', ':path': '/a', ':authority': 'h', ...changes };
  return Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
}

const withField = (name: string, value: string) => [headers([...pseudo(), [name, value]])];
const withBody = (body: string, ...fields: Fields) => [
  headers([...pseudo({ ':method': 'POST' }), ...fields], { endStream: false }),
  data(body),
];

/** `reset`: the stream is ended with PROTOCOL_ERROR. `goaway`: the connection. */
const overHttp2: readonly [what: string, frames: readonly Uint8Array[], outcome: string][] = [
  ['a plain request', [headers(pseudo())], 'served as https://h/a'],
  ['no :authority', [headers(pseudo({ ':authority': null }))], 'reset 1'],
  [
    'Host for :authority',
    [headers([...pseudo({ ':authority': null }), ['host', 'h']])],
    'served as https://h/a',
  ],
  ['an empty :authority', [headers(pseudo({ ':authority': '' }))], 'reset 1'],
  ['an :authority with user-info', [headers(pseudo({ ':authority': 'me@h' }))], 'reset 1'],
  ['an :authority with a path', [headers(pseudo({ ':authority': 'h/p' }))], 'host-invalid'],
  ['an :authority with a comma', [headers(pseudo({ ':authority': 'h,j' }))], 'host-invalid'],
  ['an :authority with a space', [headers(pseudo({ ':authority': 'h j' }))], 'host-invalid'],
  ['an :authority beyond ASCII', [headers(pseudo({ ':authority': 'h\xe4' }))], 'host-invalid'],
  ['an :authority with LF', [headers(pseudo({ ':authority': 'h\nx: y' }))], 'reset 1'],
  ['a Host that is not the :authority', withField('host', 'j'), 'reset 1'],
  ['a Host that is the :authority', withField('host', 'h'), 'served as https://h/a'],
  ['two Hosts', [headers([...pseudo({ ':authority': null }), ['host', 'h'], ['host', 'j']])], 'reset 1'],
  ['two :authorities', withField(':authority', 'j'), 'reset 1'],
  ['two :paths', withField(':path', '/b'), 'reset 1'],
  ['no :method', [headers(pseudo({ ':method': null }))], 'reset 1'],
  ['no :scheme', [headers(pseudo({ ':scheme': null }))], 'reset 1'],
  ['no :path', [headers(pseudo({ ':path': null }))], 'reset 1'],
  ['an empty :path', [headers(pseudo({ ':path': '' }))], 'reset 1'],
  ['a relative :path', [headers(pseudo({ ':path': 'a/b' }))], 'reset 1'],
  ['GET *', [headers(pseudo({ ':path': '*' }))], 'reset 1'],
  ['OPTIONS *', [headers(pseudo({ ':method': 'OPTIONS', ':path': '*' }))], 'target-invalid'],
  ['an absolute :path', [headers(pseudo({ ':path': 'https://evil/x' }))], 'reset 1'],
  ['a space in :path', [headers(pseudo({ ':path': '/a HTTP/1.1' }))], 'reset 1'],
  ['CRLF in :path', [headers(pseudo({ ':path': '/a\r\nx: y' }))], 'reset 1'],
  ['NUL in :path', [headers(pseudo({ ':path': '/a\0b' }))], 'reset 1'],
  ['a fragment in :path', [headers(pseudo({ ':path': '/a#b' }))], 'target-invalid'],
  ['Latin-1 in :path', [headers(pseudo({ ':path': '/\xe4' }))], 'target-invalid'],
  ['a broken escape in :path', [headers(pseudo({ ':path': '/a%zz' }))], 'target-invalid'],
  ['dot segments in :path', [headers(pseudo({ ':path': '/a/%2e%2e/b' }))], 'served as https://h/b'],
  ['another :scheme, which nobody reads', [headers(pseudo({ ':scheme': 'ftp' }))], 'served as https://h/a'],
  ['a method with a space', [headers(pseudo({ ':method': 'GET /x HTTP/1.1' }))], 'reset 1'],
  ['an empty method', [headers(pseudo({ ':method': '' }))], 'reset 1'],
  ['TRACE', [headers(pseudo({ ':method': 'TRACE' }))], 'method-unknown'],
  ['CONNECT with a path', [headers(pseudo({ ':method': 'CONNECT' }))], 'reset 1'],
  ['an unknown pseudo-field', withField(':foo', 'x'), 'reset 1'],
  ['a pseudo-field of responses', withField(':status', '200'), 'reset 1'],
  ['a pseudo-field behind a field', [headers([['x', 'y'], ...pseudo()])], 'reset 1'],
  ['a name in capitals', withField('X-Y', 'z'), 'reset 1'],
  ['an empty name', withField('', 'z'), 'goaway 9'],
  ['a name with a space', withField('x y', 'z'), 'reset 1'],
  ['a name with a colon', withField('x:y', 'z'), 'reset 1'],
  ['a name with CRLF', withField('x\r\ny', 'z'), 'reset 1'],
  ['a value with CRLF', withField('x', 'y\r\nz: w'), 'reset 1'],
  ['a value with LF', withField('x', 'y\nz'), 'reset 1'],
  ['a value with NUL', withField('x', 'y\0z'), 'reset 1'],
  ['a value with spaces around it', withField('x', ' y '), 'reset 1'],
  ['Connection', withField('connection', 'keep-alive'), 'reset 1'],
  ['Keep-Alive', withField('keep-alive', 'timeout=5'), 'reset 1'],
  ['Proxy-Connection', withField('proxy-connection', 'keep-alive'), 'reset 1'],
  ['Upgrade', withField('upgrade', 'websocket'), 'reset 1'],
  ['Transfer-Encoding', withField('transfer-encoding', 'chunked'), 'reset 1'],
  ['Transfer-Encoding with a body', withBody(chunks, ['transfer-encoding', 'chunked']), 'reset 1'],
  ['TE other than trailers', withField('te', 'gzip'), 'reset 1'],
  ['TE: trailers', withField('te', 'trailers'), 'served as https://h/a'],
  ['a length that is right', withBody('abc', ['content-length', '3']), 'served as https://h/a abc'],
  ['a length that is too large', withBody('abc', ['content-length', '5']), 'reset 1'],
  ['a length that is too small', withBody('abc', ['content-length', '2']), 'reset 1'],
  ['a length without a body', [headers([...pseudo(), ['content-length', '5']])], 'reset 1'],
  ['two lengths', withBody('abc', ['content-length', '3'], ['content-length', '3']), 'reset 1'],
  ['a length with a sign', withBody('abc', ['content-length', '+3']), 'reset 1'],
  ['an even stream', [frame(1, 5, 2, Uint8Array.of(0x82))], 'goaway 1'],
  ['stream 0', [frame(1, 5, 0, Uint8Array.of(0x82))], 'goaway 1'],
  ['a frame that is too large', [frame(1, 5, 1, new Uint8Array(20_000))], 'goaway 6'],
  [
    'fields that cannot be decoded',
    [frame(1, 5, 1, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff))],
    'goaway 9',
  ],
  ['data on a stream that does not exist', [data('abc')], 'goaway 1'],
];

/** GET, http, /index.html (which takes a while) and `:authority: h`, by the static table of RFC 7541 §A. */
const block = Uint8Array.of(0x82, 0x86, 0x85, 0x01, 1, 0x68);

describe('a flood over HTTP/2 ends its connection with ENHANCE_YOUR_CALM', () => {
  const floods: Record<string, () => Buffer[]> = {
    'of requests that are reset at once': () =>
      Array.from({ length: 2_000 }, (_, index) => {
        const stream = 2 * index + 1;
        return Buffer.concat([frame(1, 5, stream, block), frame(3, 0, stream, Uint8Array.of(0, 0, 0, 8))]);
      }),
    'of fields without end': () => [
      frame(1, 1, 1, block),
      ...Array.from({ length: 2_000 }, () => frame(9, 0, 1, Uint8Array.of(0, 1, 120, 1, 121))),
    ],
    'of empty continuations': () => [
      frame(1, 1, 1, block),
      ...Array.from({ length: 20_000 }, () => frame(9, 0, 1, new Uint8Array())),
    ],
  };
  for (const [what, frames] of Object.entries(floods)) {
    test(what, async () => {
      expect((await sendFrames(plain.port, frames(), { secure: false, streams: 'all' })).goAway).toBe(11);
    });
  }
});

const canDoTls = available('openssl', noOpenssl);

for (const way of ['with prior knowledge', 'over TLS'] as const) {
  describe.skipIf(way === 'over TLS' && !canDoTls)(`over HTTP/2 ${way}`, () => {
    for (const [what, frames, outcome] of overHttp2) {
      test.concurrent(`${what}: ${outcome}`, async () => {
        const isSecure = way === 'over TLS';
        const port = isSecure ? secure.port : plain.port;
        const { body, reset, goAway } = await sendFrames(port, frames, { secure: isSecure });
        const found = body !== '' ? body : goAway !== null ? `goaway ${goAway}` : `reset ${reset}`;
        expect(found).toBe(isSecure ? outcome : outcome.replace('https:', 'http:'));
      });
    }
  });
}
