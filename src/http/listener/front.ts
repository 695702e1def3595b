/**
 * A TCP front for listeners behind a load balancer that speaks the PROXY protocol, which Bun.serve cannot parse. The
 * front takes the header off each connection, and carries the bytes after it to a server that listens on loopback only;
 * by the port from which it connects there, that server knows which client a request is from.
 *
 * Nothing is held but what one side has sent and the other cannot take yet, and then the sender is not read from.
 */
import type { Socket } from 'bun';
import type { Clock } from '../../clock.ts';
import type { CidrSet } from '../cidr.ts';
import { parseProxyHeader } from '../proxy-protocol.ts';

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** The fronts of other processes may listen there, too. */
  readonly reusePort: boolean;
  /** Who may say whom a connection is from. All others are disconnected. */
  readonly trusted: CidrSet;
  /** Where connections go from now on, on loopback; asked for each of them. */
  readonly target: () => FrontTarget;
  readonly clock: Clock;
  /** A peer was disconnected: its address, and why. */
  readonly refused: (peer: string, why: string) => void;
}

export interface FrontTarget {
  readonly port: number;
  /** Port of the front's end → address of the client, while the connection lasts. */
  readonly clients: Map<number, string>;
}

export interface Front {
  readonly port: number;
  /** Takes no more connections; those that there are go on. */
  close(): void;
  /** Cuts the connections, too. */
  abort(): void;
}

/** For the whole header to arrive. */
export const headerTimeoutMs = 10_000;

/** For a client to take something of what the server had left for it when it closed. */
const lingerS = 30;

/** One of the two sockets of a connection, and what waits for it to take more. */
interface End {
  socket: Socket<Line> | null;
  waiting: Uint8Array[];
  /** The other end has said all it had to: close this one when nothing waits any more. */
  closing: boolean;
}

/** A connection through the front. */
interface Line {
  readonly outer: End;
  readonly inner: End;
  /** What has come of the header; `null` once it is whole. */
  header: Uint8Array | null;
  cancelTimeout: () => void;
}

const nothing = new Uint8Array();

export function openFront(options: FrontOptions): Front {
  // Bun obeys it, and its types know of it for Bun.serve alone.
  const shared = { reusePort: options.reusePort };
  const listener = Bun.listen<Line>({
    hostname: options.host,
    port: options.port,
    exclusive: !options.reusePort,
    ...shared,
    allowHalfOpen: true,
    socket: {
      open: (socket) => admit(socket, options),
      data(socket, bytes) {
        const line = socket.data;
        if (line.header !== null) readHeader(line, bytes, options);
        else carry(line.inner, line.outer, bytes);
      },
      drain: ({ data: { outer, inner } }) => drain(outer, inner),
      // The client may still be reading: the server decides what becomes of that.
      end: ({ data: line }) => (line.header === null ? finish(line.inner) : drop(line)),
      timeout: ({ data: line }) => drop(line),
      error: ({ data: line }) => drop(line),
      close({ data: line }) {
        line.outer.socket = null;
        drop(line);
      },
    },
  });
  return {
    port: listener.port,
    close: () => listener.stop(false),
    abort: () => listener.stop(true),
  };
}

function admit(socket: Socket<Line>, { trusted, clock, refused }: FrontOptions): void {
  const line: Line = {
    outer: { socket, waiting: [], closing: false },
    inner: { socket: null, waiting: [], closing: false },
    header: nothing,
    cancelTimeout: clock.after(headerTimeoutMs, () => {
      refused(socket.remoteAddress, 'no whole PROXY protocol header within 10 s');
      drop(line);
    }),
  };
  socket.data = line;
  if (trusted.has(socket.remoteAddress)) return;
  refused(socket.remoteAddress, 'not one of the trusted proxies');
  drop(line);
}

function readHeader(line: Line, bytes: Uint8Array, options: FrontOptions): void {
  const { outer } = line;
  const all = line.header?.length ? Buffer.concat([line.header, bytes]) : bytes;
  const header = parseProxyHeader(all);
  if (header.state === 'malformed') {
    options.refused(outer.socket?.remoteAddress ?? '', header.why);
    drop(line);
    return;
  }
  if (header.state === 'partial') {
    line.header = new Uint8Array(all); // A copy: the socket uses the memory of `bytes` again.
    return;
  }
  line.header = null;
  line.cancelTimeout();
  const rest = all.subarray(header.lengthBytes);
  if (rest.length > 0) hold(line.inner, outer, rest);
  connect(line, header.client ?? outer.socket?.remoteAddress ?? '', options);
}

/** Opens the way to the server, which learns whom it is for before the first byte arrives there. */
function connect(line: Line, client: string, { target, refused }: FrontOptions): void {
  const { outer, inner } = line;
  const { port, clients } = target();
  let from = 0;
  const connecting = Bun.connect<Line>({
    hostname: '127.0.0.1',
    port,
    data: line,
    socket: {
      open(socket) {
        if (outer.socket === null) {
          socket.terminate();
          return;
        }
        inner.socket = socket;
        from = socket.localPort;
        clients.set(from, client);
        drain(inner, outer);
      },
      data: (_, bytes) => carry(outer, inner, bytes),
      drain: () => drain(inner, outer),
      error: () => drop(line),
      close() {
        clients.delete(from);
        inner.socket = null;
        finish(outer);
      },
    },
  });
  connecting.catch((error) => {
    refused(client, `the server behind the front cannot be reached: ${error}`);
    drop(line);
  });
}

/** Passes on what has come from one end to the other, and stops reading when it comes too fast. */
function carry(to: End, from: End, bytes: Uint8Array): void {
  const written = to.socket !== null && to.waiting.length === 0 ? to.socket.write(bytes) : 0;
  if (written < bytes.length) hold(to, from, bytes.subarray(Math.max(written, 0)));
}

function hold(to: End, from: End, bytes: Uint8Array): void {
  to.waiting.push(new Uint8Array(bytes));
  from.socket?.pause();
}

/** The end can take more: what waits for it first, then what its other end still has to say. */
function drain(to: End, from: End): void {
  for (let first = to.waiting[0]; first !== undefined; first = to.waiting[0]) {
    const written = to.socket?.write(first) ?? 0;
    if (written < first.length) {
      to.waiting[0] = first.subarray(Math.max(written, 0));
      return;
    }
    to.waiting.shift();
  }
  if (to.closing) shut(to);
  else from.socket?.resume();
}

/** Nothing more comes for this end: the client is disconnected, the server told that the client has said all. */
function finish(end: End): void {
  end.closing = true;
  if (end.waiting.length === 0) shut(end);
  else end.socket?.timeout(lingerS);
}

function shut({ socket }: End): void {
  if (socket === null) return;
  if (socket === socket.data.outer.socket) socket.end();
  else socket.shutdown();
}

/** Ends both sides at once. */
function drop({ outer, inner, cancelTimeout }: Line): void {
  cancelTimeout();
  outer.socket?.terminate();
  inner.socket?.terminate();
}
