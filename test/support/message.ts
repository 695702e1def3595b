/** HTTP/1.1 messages (RFC 9112), read by hand from a socket. */
import type { SocketReader } from './socket-reader.ts';

export interface Message {
  /** Request line or status line. */
  readonly start: string;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Whether the body was as long as its framing said. */
  readonly whole: boolean;
}

export interface ReadOptions {
  /** A response to HEAD, 204 or 304: the framing fields describe a body that is not sent. */
  readonly bodiless?: boolean;
  /** A body without framing lasts until the connection ends; requests have none then. */
  readonly response?: boolean;
}

/** The next message; `null` when the connection ends before its head is complete. */
export async function readMessage(reader: SocketReader, options: ReadOptions = {}): Promise<Message | null> {
  const head = await reader.through('\r\n\r\n');
  if (head === null) return null;
  const [start = '', ...lines] = head.slice(0, -4).split('\r\n');
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (options.bodiless || /^HTTP\/1\.\d (?:1\d\d|204|304)/.test(start)) {
    return { start, headers, body: Buffer.alloc(0), whole: true };
  }
  return { start, headers, ...(await readBody(reader, headers, options)) };
}

async function readBody(
  reader: SocketReader,
  headers: Headers,
  { response = false }: ReadOptions,
): Promise<{ body: Buffer; whole: boolean }> {
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(reader);
  const length = headers.get('content-length');
  if (length === null) {
    return response
      ? { body: await reader.rest(), whole: reader.ended === 'end' }
      : { body: Buffer.alloc(0), whole: true };
  }
  const body = await reader.take(Number(length));
  return { body, whole: body.length === Number(length) };
}

async function readChunks(reader: SocketReader): Promise<{ body: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  for (;;) {
    const line = await reader.through('\r\n');
    const size = line === null ? Number.NaN : Number.parseInt(line, 16);
    if (Number.isNaN(size)) return { body: Buffer.concat(chunks), whole: false };
    if (size === 0) {
      const whole = (await reader.through('\r\n')) !== null;
      return { body: Buffer.concat(chunks), whole };
    }
    const chunk = await reader.take(size);
    chunks.push(chunk);
    if (chunk.length < size || (await reader.through('\r\n')) === null) {
      return { body: Buffer.concat(chunks), whole: false };
    }
  }
}
