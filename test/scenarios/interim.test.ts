/**
 * Interim responses through a whole network: an upstream that has something to say before its answer is heard by the
 * client for whom it was asked, through three nodes, and by nobody else.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { web } from '../../src/index.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { type RawServer, startRawServer } from '../support/raw-server.ts';
import { eventually, within } from '../support/wait.ts';

const hint = 'Link: </a.css>; rel=preload\r\nX-Hint: y\r\nConnection: x-hop\r\nX-Hop: z\r\nMeridian-X: y\r\n';
const interim = `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n${hint}\r\n`;
const head = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n';

let upstream: RawServer;
let network: TestNetwork;
/** What the upstream does once it has said what comes before: by the end of the path. */
const acts: Record<string, (socket: Socket) => unknown> = {
  whole: (socket) => socket.write(`${head}Content-Length: 6\r\n\r\nabcdef`),
  chunked: (socket) => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n`),
  dripped: (socket) => {
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
    setTimeout(() => socket.write('3\r\ndef\r\n0\r\n\r\n'), 100);
  },
  cut: (socket) => {
    socket.write(`${head}Content-Length: 6\r\n\r\nabc`);
    setTimeout(() => socket.end(), 50);
  },
  waiting: (socket) => setTimeout(() => acts['whole']?.(socket), 500),
  silent: (socket) => socket.end(),
};

beforeAll(async () => {
  upstream = await startRawServer((socket, heard) => {
    const act = [...heard.matchAll(/\/(\w+) HTTP\/1\.1\r\n/g)].at(-1)?.[1] ?? '';
    socket.write(interim);
    setTimeout(() => acts[act]?.(socket), 20);
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], informational: true },
      plain: { role: 'pop', parents: ['shield'] },
    },
    routes: [web({ match: { path: '/' }, upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  upstream?.close();
}, 30_000);

interface Said {
  readonly heads: readonly string[];
  readonly body: string;
}

/** All that a PoP says to a GET, up to the end of the connection. */
async function get(node: string, path: string, method = 'GET'): Promise<Said> {
  const socket = connect({ port: network.node(node).port, host: '127.0.0.1' });
  socket.on('error', () => {}); // a connection that breaks is one of the answers
  let all = '';
  socket.on('data', (piece) => {
    all += piece.toString('latin1');
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  await within(10_000, 'the end', ended);
  const parts = all.split(/(?<=\r\n\r\n)(?=HTTP\/1\.1 )/);
  const last = parts.at(-1) ?? '';
  const end = last.indexOf('\r\n\r\n') + 4;
  return { heads: [...parts.slice(0, -1), last.slice(0, end)], body: last.slice(end) };
}

describe('a client of a listener that sends interim responses', () => {
  test('hears what comes before its answer, in order, and without what is of one hop', async () => {
    const { heads, body } = await get('pop', '/1/whole');
    expect(heads.length).toBe(3);
    expect(heads[0]).toBe('HTTP/1.1 102 Processing\r\n\r\n');
    expect(heads[1]).toBe('HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nx-hint: y\r\n\r\n');
    expect(heads[2]).toStartWith('HTTP/1.1 200 OK\r\n');
    expect(heads[2]).not.toMatch(/x-hint|meridian-/i);
    expect(body).toBe('abcdef');
  });

  test('hears none of it with what is stored', async () => {
    await get('pop', '/2/whole');
    const { heads, body } = await get('pop', '/2/whole');
    expect([heads.length, body]).toEqual([1, 'abcdef']);
    expect(heads[0]).toMatch(/cache-status: .*hit/);
    expect(heads[0]).not.toContain('x-hint');
  });

  test('is told the length of what is still arriving, through all nodes', async () => {
    expect((await get('pop', '/3/whole')).heads[2]).toContain('\r\ncontent-length: 6\r\n');
    // What has come to its end with its head has a length, whatever it was framed by.
    expect((await get('pop', '/3/chunked')).heads[2]).toContain('\r\ncontent-length: 6\r\n');
    const unknown = await get('pop', '/3/dripped');
    expect(unknown.heads[2]).toMatch(/transfer-encoding: chunked/i);
    expect((await get('pop', '/3/dripped')).heads[0]).toContain('\r\ncontent-length: 6\r\n');
  });

  test('sees an answer break that is shorter than announced, and it is not stored', async () => {
    for (let round = 0; round < 2; round++) {
      const { heads, body } = await get('pop', '/4/cut');
      const broken = heads.at(-1)?.includes(' 502 ') || body.length < 6;
      expect(broken).toBe(true);
    }
  });

  test('is told of an upstream that says nothing more', async () => {
    expect((await get('pop', '/5/silent')).heads.at(-1)).toContain(' 502 ');
  });

  test('hears it with HEAD from an origin alone, as far as it can be said, and always its answer', async () => {
    const { heads, body } = await get('pop', '/6/whole', 'HEAD');
    expect(heads.at(-1)).toStartWith('HTTP/1.1 200 OK\r\n');
    expect(body).toBe('');
  });

  test('who waits for what another has asked for hears the answer only', async () => {
    const first = get('pop', '/7/waiting');
    await eventually('the request', () => upstream.heard.some((said) => said.includes('/7/waiting')));
    const second = await get('pop', '/7/waiting');
    expect([second.heads.length, second.body]).toEqual([1, 'abcdef']);
    expect((await first).heads.length).toBe(3);
  });
});

describe('a client of another listener', () => {
  test('gets its answer as ever', async () => {
    const { heads, body } = await get('plain', '/8/whole');
    expect(heads.length).toBe(1);
    expect(heads[0]).not.toMatch(/meridian-|x-hint/i);
    expect(body).toContain('abcdef');
  });
});
