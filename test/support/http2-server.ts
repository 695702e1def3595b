/**
 * A server that says exactly the HTTP/2 frames that it is told to (RFC 9113), without TLS, for answers that no proper
 * server would give. Fields go out as literals (RFC 7541 §6.2.2), so that they can hold any byte.
 */
import { afterEach } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { frame } from './http2-frames.ts';

type Fields = readonly (readonly [name: string, value: string])[];

/** What is done with a stream that has been asked for. */
export type StreamBehaviour = (stream: ServerStream) => void;

export interface ServerStream {
  readonly id: number;
  /** Of all that were opened at this server, from 1 on. */
  readonly nth: number;
  readonly socket: Socket;
  /** Sends frames in one piece. */
  say(...frames: Buffer[]): void;
  head(fields?: Fields, options?: { status?: string; end?: boolean }): Buffer;
  data(bytes: number, end?: boolean): Buffer;
  reset(code: number): Buffer;
  goAway(code: number, last: number): Buffer;
}

export interface FrameServer {
  readonly url: string;
  readonly sockets: Socket[];
  /** Codes of the streams that the client has reset. */
  readonly resets: number[];
  streams(): number;
}

const [dataType, headersType, resetType, settingsType, pingType, goAwayType] = [0, 1, 3, 4, 6, 7];
const ack = 1;
const endStream = 1;
const endHeaders = 4;
const prefaceBytes = 24;

export interface FrameServerOptions {
  /** SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly maxStreams?: number;
  /** Whether a PING is answered. */
  readonly pong?: boolean;
}

/** What starts such servers for the tests of a file, which are gone after each of them. Said once, at its top. */
export function frameServers() {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  return async (behaviour: StreamBehaviour, options: FrameServerOptions = {}): Promise<FrameServer> => {
    const sockets: Socket[] = [];
    const resets: number[] = [];
    let streams = 0;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {}); // clients that break off are part of what is tested
      socket.write(frame(settingsType, 0, 0, limits(options)));
      onFrames(socket, (type, flags, id, payload) => {
        if (type === settingsType && !(flags & ack)) socket.write(frame(settingsType, ack, 0, nothing));
        if (type === pingType && options.pong !== false) socket.write(frame(pingType, ack, 0, payload));
        if (type === resetType) resets.push(payload.readUInt32BE(0));
        if (type === headersType) behaviour(streamOn(socket, id, ++streams));
      });
    });
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    return { url: `http://127.0.0.1:${port}`, sockets, resets, streams: () => streams };
  };
}

function streamOn(socket: Socket, id: number, nth: number): ServerStream {
  return {
    ...{ id, nth, socket },
    say: (...frames) => void socket.write(Buffer.concat(frames)),
    head(fields = [], { status = '200', end = false } = {}) {
      const all: Fields = status === '' ? fields : [[':status', status], ...fields];
      return frame(headersType, endHeaders | (end ? endStream : 0), id, Buffer.concat(all.map(literal)));
    },
    data: (bytes, end = false) => frame(dataType, end ? endStream : 0, id, Buffer.alloc(bytes, 'a')),
    reset: (code) => frame(resetType, 0, id, number32(code)),
    goAway: (code, last) => frame(goAwayType, 0, 0, Buffer.concat([number32(last), number32(code)])),
  };
}

function onFrames(
  socket: Socket,
  heard: (type: number, flags: number, id: number, payload: Buffer) => void,
): void {
  let held = Buffer.alloc(0);
  let left = prefaceBytes;
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    if (left > 0 && held.length < left) return;
    held = held.subarray(left);
    left = 0;
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const end = 9 + held.readUIntBE(0, 3);
      const [type = 0, flags = 0] = held.subarray(3, 5);
      const [id, payload] = [held.readUInt32BE(5), held.subarray(9, end)];
      held = held.subarray(end);
      heard(type, flags, id, payload);
    }
  });
}

const nothing = Buffer.alloc(0);

function limits({ maxStreams }: FrameServerOptions): Buffer {
  return maxStreams === undefined ? nothing : Buffer.concat([Buffer.from([0, 3]), number32(maxStreams)]);
}

/** Names and values shorter than 127 bytes. */
function literal([name, value]: readonly [string, string]): Buffer {
  const one = Buffer.from(name, 'latin1');
  const two = Buffer.from(value, 'latin1');
  return Buffer.concat([Buffer.from([0, one.length]), one, Buffer.from([two.length]), two]);
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
