/**
 * A client that says exactly what it is told to, byte for byte, and hears exactly what comes back: for requests
 * that no proper client would send, and for answers that break off.
 */
import { connect } from 'node:net';
import { type Message, readMessage } from './message.ts';
import { readSocket, type SocketReader } from './socket-reader.ts';
import { within } from './wait.ts';

export interface RawAnswer extends Message {
  readonly status: number;
  /** Whether the server closed the connection after it, without being asked to. */
  readonly closed: boolean;
}

export interface RawOptions {
  readonly withinMs?: number;
  /** How long a server that keeps the connection has to show that it does. Default: 300 ms. */
  readonly lingerMs?: number;
  readonly bodiless?: boolean;
}

/**
 * Sends bytes on a connection of their own, as Latin-1, and gives the first answer; `null` when the connection
 * ends without one.
 */
export async function sendRaw(
  port: number,
  bytes: string,
  options: RawOptions = {},
): Promise<RawAnswer | null> {
  const { withinMs = 10_000, lingerMs = 300, bodiless = false } = options;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const reader = readSocket(socket);
  try {
    socket.write(Buffer.from(bytes, 'latin1'));
    const reading = readMessage(reader, { response: true, bodiless });
    const message = await within(withinMs, `an answer to ${JSON.stringify(bytes.slice(0, 60))}`, reading);
    if (message === null) return null;
    const status = Number(message.start.split(' ')[1]);
    return { ...message, status, closed: await closes(reader, lingerMs) };
  } finally {
    socket.destroy();
  }
}

/** A plain GET by hand: what matters is whether the answer is whole. */
export function getRaw(url: string, fields: Record<string, string> = {}, options: RawOptions = {}) {
  const { host, port, pathname, search } = new URL(url);
  const lines = Object.entries({ host, connection: 'close', ...fields }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return sendRaw(Number(port), [`GET ${pathname}${search} HTTP/1.1`, ...lines, '', ''].join('\r\n'), options);
}

async function closes(reader: SocketReader, lingerMs: number): Promise<boolean> {
  return Promise.race([reader.rest().then(() => true), Bun.sleep(lingerMs).then(() => false)]);
}
