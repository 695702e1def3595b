/**
 * A server that says exactly the bytes that it is told to, for answers that no proper server would give, and short
 * words for asking it with the product's own client.
 */
import { afterEach } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { systemClock } from '../../src/clock.ts';
import type { Answer } from '../../src/entry.ts';
import { MeridianError } from '../../src/errors.ts';
import { type ClientRequest, request } from '../../src/http/client.ts';

export interface RawServer {
  readonly url: string;
  /** Heads and bodies as they came, as Latin-1, one string per connection. */
  readonly heard: string[];
  readonly sockets: Socket[];
  close(): void;
}

/** Bytes as Latin-1; or what is done with a connection, and with all that has come on it. */
export type Behaviour = string | ((socket: Socket, heard: string) => void);

/** Behaves so whenever a head has come. Listens on loopback, or at the path of a Unix socket. */
export async function startRawServer(behaviour: Behaviour, unix?: string): Promise<RawServer> {
  const heard: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const index = heard.push('') - 1;
    let unanswered = '';
    sockets.push(socket);
    socket.on('error', () => {}); // clients that break off are part of what is tested
    socket.on('data', (bytes) => {
      const said = bytes.toString('latin1');
      heard[index] += said;
      unanswered += said;
      if (!unanswered.includes('\r\n\r\n')) return;
      unanswered = '';
      if (typeof behaviour === 'string') socket.write(Buffer.from(behaviour, 'latin1'));
      else behaviour(socket, heard[index] ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(unix ?? { port: 0, host: '127.0.0.1' }, resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    heard,
    sockets,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What starts such servers for the tests of a file, which are gone after each of them. Said once, at its top. */
export function rawServers(): typeof startRawServer {
  const servers: RawServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  return async (behaviour, unix) => {
    const server = await startRawServer(behaviour, unix);
    servers.push(server);
    return server;
  };
}

/** Says this and closes the connection. */
export function lastWords(words: string): Behaviour {
  return (socket) => void socket.end(Buffer.from(words, 'latin1'));
}

/** A GET with patience; everything can be said otherwise. */
export function ask(url: string, options: Partial<ClientRequest> = {}): Promise<Answer> {
  return request(url, {
    method: 'GET',
    headers: new Headers(),
    signal: new AbortController().signal,
    timeouts: { firstByteMs: 5_000, betweenBytesMs: 5_000 },
    clock: systemClock,
    ...options,
  });
}

export function textOf(answer: Answer): Promise<string> {
  return new Response(answer.body).text();
}

/** The reader of a body, however it came. */
export function readerOf({ body }: Answer) {
  if (body === null) throw new Error('the answer has no body');
  return (body instanceof ReadableStream ? body : new Blob([body]).stream()).getReader();
}

/** The code of the error that it fails with; or the error, when it has none of ours. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error instanceof MeridianError ? error.code : error;
  }
}

/** The shortest answer. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
