import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import {
  frameServers,
  type ServerStream,
  type StreamBehaviour,
} from '../../../../test/support/http2-server.ts';
import { ask as askAnyhow, codeOf, readerOf, textOf } from '../../../../test/support/raw-server.ts';
import { eventually, within } from '../../../../test/support/wait.ts';
import type { ClientRequest } from '../../client.ts';

const server = frameServers();
const ask = (url: string, options: Partial<ClientRequest> = {}) =>
  askAnyhow(url, { http2: true, direct: true, ...options });

const later = (task: () => void) => void setTimeout(task, 30);

describe('an answer', () => {
  const whole: [what: string, behaviour: StreamBehaviour, body: string][] = [
    ['in one piece', (s) => s.say(s.head(), s.data(3, true)), 'aaa'],
    ['with its length', (s) => s.say(s.head([['content-length', '3']]), s.data(3, true)), 'aaa'],
    [
      'with the length that a node announces',
      (s) => s.say(s.head([['meridian-length', '3']]), s.data(3, true)),
      'aaa',
    ],
    ['that ends with its head', (s) => s.say(s.head([], { end: true })), ''],
    [
      'that ends with trailers',
      (s) => s.say(s.head(), s.data(3), s.head([['x', 'y']], { status: '', end: true })),
      'aaa',
    ],
    [
      'that a reset follows, which means nothing any more',
      (s) => s.say(s.head(), s.data(3, true), s.reset(0)),
      'aaa',
    ],
    [
      'that is the last one on its connection',
      (s) => s.say(s.goAway(0, s.id), s.head(), s.data(3, true)),
      'aaa',
    ],
  ];
  for (const [what, behaviour, body] of whole) {
    test(what, async () => {
      const answer = await ask((await server(behaviour)).url);
      expect(answer.body).toEqual(new Uint8Array(Buffer.from(body)));
      expect(answer.headers.has('meridian-unframed')).toBe(false);
      expect(answer.headers.has('transfer-encoding')).toBe(false);
      expect(answer.headers.has('meridian-length')).toBe(false);
    });
  }

  test('that takes its time is a stream', async () => {
    const answer = await ask(
      (
        await server((s) => {
          s.say(s.head(), s.data(1));
          later(() => s.say(s.data(2, true)));
        })
      ).url,
    );
    expect(answer.body).toBeInstanceOf(ReadableStream);
    expect(await textOf(answer)).toBe('aaa');
  });

  test('keeps a field that comes twice', async () => {
    const fields = [
      ['etag', '"a"'],
      ['etag', '"b"'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x', 'caf\xe9'],
    ] as const;
    const { headers } = await ask((await server((s) => s.say(s.head(fields, { end: true })))).url);
    expect(headers.get('etag')).toBe('"a", "b"');
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x')).toBe('caf\xe9');
  });

  test('comes behind interim responses, which are told', async () => {
    const told: unknown[] = [];
    const inform = (status: number, headers: Headers) => void told.push([status, headers.get('link')]);
    const { url } = await server((s) => {
      s.say(
        s.head([], { status: '100' }),
        s.head([['link', '</a>']], { status: '103' }),
        s.head(),
        s.data(2, true),
      );
    });
    expect(await textOf(await ask(url, { inform }))).toBe('aa');
    expect(told).toEqual([[103, '</a>']]);
  });

  for (const [method, status] of [
    ['HEAD', '200'],
    ['GET', '204'],
    ['GET', '304'],
  ] as const) {
    test(`to ${method} with ${status} has no body`, async () => {
      const { url } = await server((s) => s.say(s.head([['content-length', '10']], { status, end: true })));
      expect((await ask(url, { method })).body).toBeNull();
    });
  }
});

describe('a body that breaks off is upstream-truncated:', () => {
  const cuts: Record<string, (stream: ServerStream) => void> = {
    'a stream reset for no error': (s) => s.say(s.reset(0)),
    'a stream reset by CANCEL': (s) => s.say(s.reset(8)),
    'a stream reset for an internal error': (s) => s.say(s.reset(2)),
    'a connection closed': (s) => void s.socket.end(),
    'a connection closed within a frame': (s) => void s.socket.end(s.data(100).subarray(0, 50)),
    'a connection reset': (s) => void s.socket.resetAndDestroy(),
    'a connection closed after GOAWAY': (s) => void s.socket.end(s.goAway(0, s.id)),
  };
  for (const [what, cut] of Object.entries(cuts)) {
    test(`${what}, at once and later`, async () => {
      const soon = await server((s) => {
        s.say(s.head(), s.data(1000));
        cut(s);
      });
      expect(await codeOf(ask(soon.url).then(textOf))).toBe('upstream-truncated');
      const late = await server((s) => {
        s.say(s.head(), s.data(1000));
        later(() => cut(s));
      });
      expect(await codeOf(ask(late.url).then(textOf))).toBe('upstream-truncated');
    });
  }

  test('one that is shorter than announced', async () => {
    for (const name of ['content-length', 'meridian-length']) {
      const { url } = await server((s) => s.say(s.head([[name, '4']]), s.data(3, true)));
      expect(await codeOf(ask(url).then(textOf))).toBe('upstream-truncated');
    }
    const empty = await server((s) => s.say(s.head([['content-length', '4']], { end: true })));
    expect(await codeOf(ask(empty.url).then(textOf))).toBe('upstream-truncated');
  });
});

describe('an answer that is not HTTP/2 as it should be is upstream-invalid:', () => {
  const odd: Record<string, StreamBehaviour> = {
    'longer than announced': (s) => s.say(s.head([['content-length', '2']]), s.data(3, true)),
    'longer than a node announced': (s) => s.say(s.head([['meridian-length', '2']]), s.data(3, true)),
    'of two lengths': (s) =>
      s.say(
        s.head([
          ['content-length', '3'],
          ['content-length', '2'],
        ]),
        s.data(3, true),
      ),
    'of a length that is none': (s) => s.say(s.head([['meridian-length', 'x']]), s.data(3, true)),
    'without a status': (s) => s.say(s.head([['x', 'y']], { status: '' }), s.data(3, true)),
    'with a status that is no number': (s) => s.say(s.head([], { status: 'abc' }), s.data(3, true)),
    'with a field of connections': (s) => s.say(s.head([['connection', 'close']]), s.data(3, true)),
    'with chunks': (s) => s.say(s.head([['transfer-encoding', 'chunked']]), s.data(3, true)),
    'with capital letters in a name': (s) => s.say(s.head([['X', 'y']]), s.data(3, true)),
    'with a line break in a field': (s) => s.say(s.head([['x', 'a\r\nb: c']]), s.data(3, true)),
    'with NUL in a field': (s) => s.say(s.head([['x', 'a\0']]), s.data(3, true)),
    'body first': (s) => s.say(s.data(3), s.head(), s.data(3, true)),
    'HTTP/1.1': (s) => void s.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  };
  for (const [what, behaviour] of Object.entries(odd)) {
    test(what, async () => {
      const { url } = await server(behaviour);
      expect(await codeOf(within(3_000, 'an end', ask(url).then(textOf)))).toBe('upstream-invalid');
    });
  }
});

describe('a request', () => {
  test('that the server has done nothing for, by its own word, is sent again', async () => {
    const refusing = await server((s) =>
      s.nth === 1 ? s.say(s.reset(7)) : s.say(s.head(), s.data(2, true)),
    );
    expect(await textOf(await ask(refusing.url))).toBe('aa');
    const leaving = await server((s) => {
      if (s.nth === 1) s.say(s.goAway(0, 0));
      else s.say(s.head(), s.data(2, true));
    });
    expect(await textOf(await ask(leaving.url))).toBe('aa');
    expect(leaving.sockets.length).toBe(2);
    const stubborn = await server((s) => s.say(s.reset(7)));
    expect(await codeOf(ask(stubborn.url))).toBe('upstream-unreachable');
    expect(stubborn.streams()).toBe(3);
  });

  test('that may have been processed is not sent again', async () => {
    for (const end of [
      (s: ServerStream) => s.say(s.reset(2)),
      (s: ServerStream) => void s.socket.end(),
      (s: ServerStream) => void s.socket.resetAndDestroy(),
    ]) {
      const { url, streams } = await server(end);
      expect(await codeOf(ask(url))).toBe('upstream-unreachable');
      expect(streams()).toBe(1);
    }
  });

  test('is reset when nobody wants its answer, and its connection goes on', async () => {
    const { url, resets, sockets } = await server((s) => {
      if (s.nth === 1) return;
      s.say(s.head(), s.data(2, s.nth > 2));
    });
    const gone = new AbortController();
    const asked = codeOf(ask(url, { signal: gone.signal }));
    await eventually('the connection', () => sockets.length === 1);
    await Bun.sleep(20);
    const reason = new Error('left');
    gone.abort(reason);
    expect(await asked).toBe(reason);
    await eventually('the reset', () => resets.includes(8));
    const reader = readerOf(await ask(url));
    await reader.read();
    await reader.cancel();
    await eventually('another one', () => resets.length === 2);
    expect(await textOf(await ask(url))).toBe('aa');
    expect(sockets.length).toBe(1);
  });

  test('has its time for an answer, and for each piece of it', async () => {
    const silent = await server(() => {});
    const clock = virtualClock();
    const timeouts = { connectMs: 1_000, firstByteMs: 5_000, betweenBytesMs: 5_000 };
    const asked = codeOf(ask(silent.url, { clock, timeouts }));
    await eventually('the request', () => silent.streams() === 1);
    clock.advance(4_900);
    clock.advance(200);
    expect(await asked).toBe('upstream-timeout');
    const stalling = await server((s) => s.say(s.head(), s.data(3)));
    const reading = codeOf(ask(stalling.url, { clock, timeouts }).then(textOf));
    await eventually('the request', () => stalling.streams() === 1);
    await Bun.sleep(30);
    clock.advance(5_100);
    expect(await reading).toBe('upstream-timeout');
  });

  test('to a server that refuses connections is upstream-unreachable', async () => {
    expect(await codeOf(ask('http://127.0.0.1:1/'))).toBe('upstream-unreachable');
  });
});
