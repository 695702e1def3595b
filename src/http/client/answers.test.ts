import { describe, expect, test } from 'bun:test';
import {
  ask,
  type Behaviour,
  codeOf,
  lastWords,
  ok,
  rawServers,
  readerOf,
  textOf,
} from '../../../test/support/raw-server.ts';
import { eventually } from '../../../test/support/wait.ts';

const upstream = rawServers();

describe('an answer', () => {
  test('is what the upstream has sent: not decoded, not redirected, with its fields', async () => {
    const { url } = await upstream(
      'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\nX: a\r\nX: b\r\n\r\nabcd',
    );
    const answer = await ask(url);
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('/b');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('x')).toBe('a, b');
    expect(await textOf(answer)).toBe('abcd');
  });

  test('comes in plain arrays, whose slices are copies', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
    for (const bytes of [ok, chunked]) {
      const { value } = await readerOf(await ask((await upstream(bytes)).url)).read();
      expect(value?.constructor).toBe(Uint8Array);
      expect(value?.slice().buffer.byteLength).toBe(2);
    }
  });

  test('has its body as bytes when all of it came with the head, and else as a stream', async () => {
    const whole: [bytes: string, body: string][] = [
      [ok, 'ok'],
      ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n', 'ok'],
    ];
    for (const [bytes, text] of whole) {
      const { body } = await ask((await upstream(bytes)).url);
      expect(body).toEqual(new Uint8Array(Buffer.from(text)));
    }
    const partly = await upstream((socket) => {
      socket.write(ok.slice(0, -1));
      setTimeout(() => socket.write(ok.slice(-1)), 5);
    });
    const answer = await ask(partly.url);
    expect(answer.body).toBeInstanceOf(ReadableStream);
    expect(await textOf(answer)).toBe('ok');
  });

  test('comes behind any number of interim responses', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n';
    const { url } = await upstream(`HTTP/1.1 100 Continue\r\n\r\n${hints}${hints}${ok}`);
    const answer = await ask(url);
    expect([answer.status, answer.headers.get('link'), await textOf(answer)]).toEqual([200, null, 'ok']);
  });

  const bodiless: [what: string, method: string, bytes: string][] = [
    ['to HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
    ['to HEAD, in chunks', 'HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "a"\r\n\r\n'],
  ];
  for (const [what, method, bytes] of bodiless) {
    test(`${what} has no body, and is not marked for it`, async () => {
      const { url } = await upstream(bytes);
      const answer = await ask(url, { method });
      expect(answer.body).toBeNull();
      expect(answer.headers.has('meridian-unframed')).toBe(false);
    });
  }

  const framed: [what: string, bytes: string, body: string][] = [
    ['a length', ok, 'ok'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'ok'],
    [
      'chunks and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n',
      'ok',
    ],
  ];
  for (const [what, bytes, body] of framed) {
    test(`framed by ${what} is read, and not marked`, async () => {
      const answer = await ask((await upstream(bytes)).url);
      expect(await textOf(answer)).toBe(body);
      expect(answer.headers.has('meridian-unframed')).toBe(false);
      expect(answer.headers.get('content-length') ?? '2').toBe('2');
    });
  }

  test('that ends with its connection is marked: nobody can say whether it is whole', async () => {
    for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
      const answer = await ask((await upstream(lastWords(`${version} 200 OK\r\nX: y\r\n\r\nok`))).url);
      expect(answer.headers.get('meridian-unframed')).toBe('1');
      expect(await textOf(answer)).toBe('ok');
    }
  });

  const ambiguous: [what: string, bytes: string][] = [
    ['that is not HTTP', 'garbage garbage\r\n\r\n'],
    ['of another version', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['with a status that is no number', 'HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok'],
    [
      'that switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!'],
    ['with a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
    ['with a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
    [
      'with a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    [
      'with a coding that we would not undo',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['with an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok'],
    ['with a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
    ['with a space before a colon', 'HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nok'],
    ['with NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
    ['with a name that is no token', 'HTTP/1.1 200 OK\r\nX(y: z\r\nContent-Length: 2\r\n\r\nok'],
    [
      'with a megabyte of fields',
      `HTTP/1.1 200 OK\r\n${`X: ${'a'.repeat(1_000)}\r\n`.repeat(1_000)}Content-Length: 2\r\n\r\nok`,
    ],
  ];
  for (const [what, bytes] of ambiguous) {
    test(`${what} is upstream-invalid`, async () => {
      expect(await codeOf(ask((await upstream(bytes)).url))).toBe('upstream-invalid');
    });
  }
});

describe('a body that breaks off', () => {
  const cuts: Record<string, Behaviour> = {
    'before its length': lastWords('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok'),
    'without its last chunk': lastWords('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'),
    'within a chunk': lastWords('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok'),
    'with a reset': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok');
      setTimeout(() => socket.resetAndDestroy(), 30);
    },
  };
  for (const [what, answer] of Object.entries(cuts)) {
    test(`${what} is upstream-truncated`, async () => {
      expect(await codeOf(ask((await upstream(answer)).url).then(textOf))).toBe('upstream-truncated');
    });
  }

  test('with a chunk that is none is upstream-invalid', async () => {
    const chunk = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n';
    expect(await codeOf(ask((await upstream(chunk)).url).then(textOf))).toBe('upstream-invalid');
  });
});

describe('bytes beyond the announced length', () => {
  const beyond: Record<string, string> = {
    'of a length':
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    'of chunks':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    'of nothing': 'HTTP/1.1 304 Not Modified\r\n\r\nevil',
  };
  for (const [what, bytes] of Object.entries(beyond)) {
    test(`${what} belong to no answer, and the connection is closed`, async () => {
      const { url, sockets } = await upstream(bytes);
      for (let round = 1; round <= 2; round++) {
        expect(await textOf(await ask(url))).toBe(what === 'of nothing' ? '' : 'ok');
        expect(sockets.length).toBe(round);
      }
    });
  }
});

describe('the length that another node announces for a body in chunks', () => {
  const chunked = (length: string, ...chunks: string[]) =>
    [
      `HTTP/1.1 200 OK\r\nMeridian-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ...chunks.map((chunk) => `${chunk.length}\r\n${chunk}\r\n`),
      '0\r\n\r\n',
    ].join('');
  const fromNode = async (bytes: string) => ask((await upstream(bytes)).url, { direct: true });

  test('is its Content-Length', async () => {
    const answer = await fromNode(chunked('5', 'abc', 'de'));
    expect([...answer.headers]).toEqual([['content-length', '5']]);
    expect(await textOf(answer)).toBe('abcde');
  });

  test('refuses a body that is shorter or longer', async () => {
    for (const [length, code] of [
      ['6', 'upstream-truncated'],
      ['4', 'upstream-invalid'],
      ['2', 'upstream-invalid'],
    ] as const) {
      expect(await codeOf(fromNode(chunked(length, 'abc', 'de')).then(textOf))).toBe(code);
    }
  });

  test('must be a length', async () => {
    for (const length of ['x', '-1', '5, 6', '']) {
      expect(await codeOf(fromNode(chunked(length, 'abcde')))).toBe('upstream-invalid');
    }
  });

  test('is dropped where there is no body', async () => {
    const { url } = await upstream('HTTP/1.1 200 OK\r\nMeridian-Length: 5\r\nContent-Length: 7\r\n\r\n');
    const answer = await ask(url, { direct: true, method: 'HEAD' });
    expect([...answer.headers]).toEqual([['content-length', '7']]);
  });

  test('means nothing from a remote', async () => {
    const { url } = await upstream(chunked('4', 'abc', 'de'));
    const answer = await ask(url);
    expect([answer.headers.get('content-length'), await textOf(answer)]).toEqual([null, 'abcde']);
  });
});

describe('a large body', () => {
  const size = 256 << 20;

  /** Counts what has left. */
  async function large() {
    let sent = 0;
    const piece = Buffer.alloc(1 << 16, 1);
    const { url, sockets } = await upstream((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
      const send = () => {
        while (sent < size) {
          sent += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', send);
        }
      };
      send();
    });
    return { url, sockets, sent: () => sent };
  }

  test('is not read ahead of a slow reader', async () => {
    const { url, sent } = await large();
    const reader = readerOf(await ask(url));
    await reader.read();
    await Bun.sleep(500);
    expect(sent()).toBeLessThan(32 << 20);
    let received = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      received += piece.value.length;
    expect(received).toBeLessThanOrEqual(size);
    expect(sent()).toBe(size);
  });

  test('is given up when its reader leaves', async () => {
    const { url, sockets, sent } = await large();
    const reader = readerOf(await ask(url));
    await reader.read();
    await reader.cancel();
    await eventually('the connection to be closed', () => sockets[0]?.destroyed);
    expect(sent()).toBeLessThan(size);
  });
});
