/**
 * An HTTP/2 client that sends exactly the frames that it is given (RFC 9113), for requests that no proper client
 * would send. Fields go out as literals without Huffman coding (RFC 7541 §6.2.2), so that they can hold any byte.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const DATA = 0;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;

export type Fields = readonly (readonly [name: string, value: string])[];

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A whole HEADERS frame on stream 1. Strings are Latin-1. */
export function headers(fields: Fields, { endStream = true } = {}): Buffer {
  const block = fields.flatMap(([name, value]) => [0, ...literal(name), ...literal(value)]);
  return frame(HEADERS, END_HEADERS | (endStream ? END_STREAM : 0), 1, Uint8Array.from(block));
}

/** The last DATA frame of stream 1. */
export function data(text: string): Buffer {
  return frame(DATA, END_STREAM, 1, Buffer.from(text, 'latin1'));
}

function literal(text: string): number[] {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return [...length, ...bytes];
}

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(SETTINGS, 0, 0, Buffer.alloc(0)),
]);

export interface Http2Answer {
  /** Of all DATA frames. */
  readonly body: string;
  /** Error codes (RFC 9113 §7). */
  readonly reset: number | null;
  readonly goAway: number | null;
}

export interface FrameOptions {
  readonly secure?: boolean;
  readonly withinMs?: number;
  /** Whether to listen until the first stream has ended, or until the connection has. */
  readonly streams?: 'first' | 'all';
}

/** Sends the frames behind the preface, and gives what came back. */
export function sendFrames(
  port: number,
  frames: readonly Uint8Array[],
  { secure = true, withinMs = 2_000, streams = 'first' }: FrameOptions = {},
): Promise<Http2Answer> {
  const { promise, resolve } = Promise.withResolvers<Http2Answer>();
  let held = Buffer.alloc(0);
  let answer: Http2Answer = { body: '', reset: null, goAway: null };
  const start = () => socket.write(Buffer.concat([preface, ...frames]));
  const place = { port, host: '127.0.0.1' };
  const socket: Socket = secure
    ? connectTls({ ...place, ALPNProtocols: ['h2'], rejectUnauthorized: false }, start)
    : connectPlain(place, start);
  const timer = setTimeout(finish, withinMs);

  function finish(): void {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer);
  }

  socket.once('error', finish);
  socket.once('close', finish);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    for (let length = frameLength(held); length !== null; length = frameLength(held)) {
      const [type, flags = 0] = held.subarray(3, 5);
      const payload = held.subarray(9, length);
      held = held.subarray(length);
      if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      if (type === DATA) answer = { ...answer, body: answer.body + payload.toString('latin1') };
      if (type === RST_STREAM) answer = { ...answer, reset: payload.readUInt32BE(0) };
      if (type === GOAWAY) answer = { ...answer, goAway: payload.readUInt32BE(4) };
      const ended = type === RST_STREAM || ((type === DATA || type === HEADERS) && flags & END_STREAM);
      if ((ended && streams === 'first') || type === GOAWAY) finish();
    }
  });
  return promise;
}

/** With its head, when all of it is there. */
function frameLength(held: Buffer): number | null {
  if (held.length < 9) return null;
  const length = 9 + held.readUIntBE(0, 3);
  return held.length >= length ? length : null;
}
