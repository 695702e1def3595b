import { afterEach, describe, expect, test } from 'bun:test';
import { ask, codeOf, startRawServer, textOf } from '../../test/support/raw-server.ts';
import { Envelope } from './envelope.ts';

const servers: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** A node that answers so, and may say something before. */
function node(answer: (inform: Envelope['inform']) => Promise<Response>): string {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    fetch() {
      const envelope = new Envelope();
      return envelope.around(answer((status, headers) => envelope.inform(status, headers)));
    },
  });
  servers.push({ stop: () => server.stop(true) });
  return server.url.href;
}

async function asked(url: string) {
  const told: [number, string | null][] = [];
  const inform = (status: number, headers: Headers) => void told.push([status, headers.get('link')]);
  const answer = await ask(url, { direct: true, inform });
  return { told, answer };
}

const link = new Headers({ link: '</a>' });
const trickle = (...pieces: string[]) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(5);
      const piece = pieces.shift();
      if (piece === 'fail') controller.error();
      else if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });

describe('an answer that nothing comes before', () => {
  test('is sent as it is', async () => {
    const url = node(async () => new Response('hello', { status: 404, headers: { x: 'y' } }));
    const { told, answer } = await asked(url);
    expect([told, answer.status, answer.headers.get('x'), await textOf(answer)]).toEqual([
      [],
      404,
      'y',
      'hello',
    ]);
  });

  test('stays as it is when something comes afterwards', async () => {
    const url = node(async (inform) => {
      setTimeout(() => inform(103, link), 5);
      return new Response(trickle('a', 'b', 'c'));
    });
    const { told, answer } = await asked(url);
    expect([told, await textOf(answer)]).toEqual([[], 'abc']);
  });
});

describe('an envelope', () => {
  test('holds what comes before the answer, and the answer', async () => {
    const url = node(async (inform) => {
      inform(102, new Headers());
      await Bun.sleep(5);
      inform(103, link);
      await Bun.sleep(5);
      const headers = new Headers({ 'content-length': '6', 'x-latin': 'é' });
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return new Response(trickle('abc', 'def'), { status: 206, headers });
    });
    const { told, answer } = await asked(url);
    expect(told).toEqual([
      [102, null],
      [103, '</a>'],
    ]);
    expect([answer.status, answer.headers.get('content-length'), answer.headers.get('x-latin')]).toEqual([
      206,
      '6',
      'é',
    ]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('meridian'))).toEqual([]);
    expect(await textOf(answer)).toBe('abcdef');
  });

  test('tells of what is said at once, not only when the answer is there', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const url = node((inform) => {
      inform(103, link);
      return promise;
    });
    const told = Promise.withResolvers<number>();
    const answer = ask(url, { direct: true, inform: (status) => told.resolve(status) });
    expect(await told.promise).toBe(103);
    resolve(new Response('late'));
    expect(await textOf(await answer)).toBe('late');
  });

  test('holds a 304, which has no content', async () => {
    const url = node(async (inform) => {
      inform(103, link);
      await Bun.sleep(1);
      return new Response(null, { status: 304, headers: { etag: '"a"' } });
    });
    const { answer } = await asked(url);
    expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([304, '"a"', null]);
  });

  test('holds no more than a bound of what comes before', async () => {
    const url = node(async (inform) => {
      for (let count = 0; count < 100; count++) inform(103, link);
      return new Response('x');
    });
    expect((await asked(url)).told.length).toBe(16);
  });

  const broken: Record<string, [length: number, pieces: string[], code: string]> = {
    'is shorter than announced': [6, ['abc'], 'upstream-truncated'],
    'is longer than announced': [3, ['abc', 'def'], 'upstream-invalid'],
    fails: [6, ['abc', 'fail'], 'upstream-truncated'],
  };
  for (const [what, [length, pieces, code]] of Object.entries(broken)) {
    test(`whose answer ${what} is refused`, async () => {
      const url = node(async (inform) => {
        inform(103, link);
        await Bun.sleep(1);
        return new Response(trickle(...pieces), { headers: { 'content-length': String(length) } });
      });
      expect(await codeOf(asked(url).then(({ answer }) => textOf(answer)))).toBe(code);
    });
  }

  test('without an answer is refused', async () => {
    const url = node(async (inform) => {
      inform(103, link);
      await Bun.sleep(5);
      throw new Error('no answer');
    });
    expect(await codeOf(asked(url))).toBe('upstream-truncated');
  });

  test('of somebody who is no node of ours is an answer like any other', async () => {
    const head =
      'HTTP/1.1 200 OK\r\nMeridian-Envelope: 1\r\nMeridian-Length: 1\r\nContent-Length: 19\r\n\r\n';
    const { url, close } = await startRawServer(`${head}HTTP/1.1 418 No\r\n\r\n`);
    servers.push({ stop: close });
    const answer = await ask(url);
    expect([answer.status, await textOf(answer)]).toEqual([200, 'HTTP/1.1 418 No\r\n\r\n']);
  });
});
