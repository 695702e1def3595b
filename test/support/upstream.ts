/**
 * An upstream server for tests: it counts what it is asked, and misbehaves on the wire as it is told to. It is
 * written on bare sockets, since a proper HTTP server does not let itself be talked into most of these faults.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Message, readMessage } from './message.ts';
import { freePort } from './ports.ts';
import { readSocket } from './socket-reader.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface UpstreamAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
  /** Framed by chunks instead of a length. */
  readonly chunked?: boolean;
}

/** How an answer goes wrong. Bytes are counted in the body. */
export type Fault =
  | { readonly as: 'status'; readonly status: number }
  /** A well-formed answer with one wrong bit in it. */
  | { readonly as: 'corrupt' }
  /** The connection is reset before the head, or in the body. */
  | { readonly as: 'reset'; readonly afterBytes?: number }
  /** The connection is closed in the body: shorter than announced, or without its last chunk. */
  | { readonly as: 'cut'; readonly afterBytes: number }
  /** Nothing more comes, and the connection stays open. */
  | { readonly as: 'stall'; readonly afterBytes?: number }
  /** `headMs`: until its head comes, as long as the request says; absent: it comes at once. */
  | {
      readonly as: 'slow';
      readonly bytesPerSecond: number;
      readonly headMs?: (request: UpstreamRequest) => number;
    }
  /** More bytes come than were announced. */
  | { readonly as: 'excess'; readonly announced: number }
  /** Not HTTP at all. */
  | { readonly as: 'garbage' }
  /** These bytes (Latin-1) instead of the answer, whatever was asked, and then this. */
  | { readonly as: 'says'; readonly bytes: string; readonly then: 'close' | 'reset' | 'stall' };

export interface Upstream extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Since the start or the last `forget`, oldest first. */
  requests(): readonly UpstreamRequest[];
  /** How many of them were for this path, or for any. */
  count(path?: string): number;
  forget(): void;
  /** What goes wrong from now on with these answers (`null`: nothing). Without `on`: with all of them. */
  fault(fault: Fault | null, on?: (request: UpstreamRequest) => boolean): void;
  /** Refuses connections, and ends those that there are. */
  off(): Promise<void>;
  /** Listens again, on the same port. */
  on(): Promise<void>;
}

export type Handler = (request: UpstreamRequest) => UpstreamAnswer | Promise<UpstreamAnswer>;

export async function startUpstream(handle: Handler): Promise<Upstream> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let requests: UpstreamRequest[] = [];
  let wrong: { fault: Fault; on: (request: UpstreamRequest) => boolean } | null = null;
  let server: Server | null = null;

  async function serve(socket: Socket): Promise<void> {
    const reader = readSocket(socket);
    for (;;) {
      const message = await readMessage(reader);
      if (message === null) return void socket.end();
      const request = requestOf(message);
      requests.push(request);
      const fault = wrong?.on(request) ? wrong.fault : null;
      const outOfOrder = fault?.as === 'status' && { status: fault.status, body: 'out of order' };
      if (!(await send(socket, request, outOfOrder || (await handle(request)), fault))) return;
    }
  }

  function on(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      serve(socket).catch(() => socket.destroy()); // The peer is gone, and with it whoever would want to know.
    });
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
    return promise;
  }

  async function off(): Promise<void> {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
    server = null;
  }

  await on();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: () => requests,
    count: (path) => requests.filter((request) => path === undefined || request.path === path).length,
    forget() {
      requests = [];
    },
    fault(fault, on = () => true) {
      wrong = fault === null ? null : { fault, on };
    },
    off,
    on,
    [Symbol.asyncDispose]: off,
  };
}

function requestOf({ start, headers, body }: Message): UpstreamRequest {
  const [method = '', target = ''] = start.split(' ');
  return { method, target, path: target.split('?')[0] ?? '', headers, body };
}

/** Whether the connection can carry another request. */
async function send(
  socket: Socket,
  request: UpstreamRequest,
  answer: UpstreamAnswer,
  fault: Fault | null,
): Promise<boolean> {
  if (fault?.as === 'garbage') {
    socket.end(Buffer.from('\x16\x03\x01 this is not the protocol that you are looking for\r\n\r\n'));
    return false;
  }
  if (fault?.as === 'says') return sayInstead(socket, fault);
  const { status = 200 } = answer;
  const body = bytesOf(answer.body);
  if ((fault?.as === 'reset' || fault?.as === 'stall') && fault.afterBytes === undefined) {
    if (fault.as === 'reset') socket.resetAndDestroy();
    return false;
  }
  if (fault?.as === 'slow' && fault.headMs) await Bun.sleep(fault.headMs(request));
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  const chunked = answer.chunked === true && !bodiless;
  const announced = fault?.as === 'excess' ? fault.announced : body.length;
  await write(socket, head(status, answer.headers ?? {}, chunked, announced, status === 304));
  if (bodiless) return true;

  const sent = fault?.as === 'corrupt' ? corrupted(body) : body;
  const breaksAt = fault && 'afterBytes' in fault ? (fault.afterBytes ?? 0) : null;
  await sendBody(socket, sent.subarray(0, breaksAt ?? sent.length), chunked, fault);
  switch (fault?.as) {
    case 'reset':
      socket.resetAndDestroy();
      return false;
    case 'cut':
      socket.end();
      return false;
    case 'stall':
      return false;
    default:
      if (chunked) await write(socket, '0\r\n\r\n');
      return true;
  }
}

async function sayInstead(socket: Socket, { bytes, then }: Extract<Fault, { as: 'says' }>): Promise<boolean> {
  await write(socket, Buffer.from(bytes, 'latin1'));
  if (then === 'close') socket.end();
  // What was written has to leave first: a reset takes with it what has not.
  if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
  return false;
}

function head(
  status: number,
  fields: Record<string, string>,
  chunked: boolean,
  length: number,
  isConfirmation: boolean,
): string {
  const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${length}`;
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} Answer`, ...lines, ...(isConfirmation ? [] : [framing]), '', ''].join('\r\n');
}

const pieceBytes = 64 * 1024;

async function sendBody(socket: Socket, body: Buffer, chunked: boolean, fault: Fault | null): Promise<void> {
  const pace = fault?.as === 'slow' ? fault.bytesPerSecond : Number.POSITIVE_INFINITY;
  const piece = Math.min(pieceBytes, Math.max(1, Math.floor(pace / 20)));
  const started = performance.now();
  for (let at = 0; at < body.length; at += piece) {
    const bytes = body.subarray(at, at + piece);
    await write(
      socket,
      chunked
        ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
        : bytes,
    );
    const aheadMs = ((at + bytes.length) / pace) * 1000 - (performance.now() - started);
    if (aheadMs > 1) await Bun.sleep(aheadMs);
  }
}

function write(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('the peer has gone'));
    if (socket.write(bytes)) return resolve();
    const settle = () => {
      socket.off('drain', settle);
      socket.off('close', settle);
      if (socket.destroyed) reject(new Error('the peer has gone'));
      else resolve();
    };
    socket.on('drain', settle);
    socket.on('close', settle);
  });
}

function bytesOf(body: Uint8Array | string | undefined): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return body === undefined ? Buffer.alloc(0) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** One bit in the middle is another. */
function corrupted(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
