/**
 * Requests and responses of `node:http` and `node:http2` as those of the web platform, and back.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/** How the listener is reached, for requests of HTTP/1.0 that do not say it. */
export interface Own {
  readonly scheme: string;
  readonly authority: string;
}

const slash = 0x2f;
const colon = 0x3a;

/** As Bun.serve would have it (see `fault.ts` for what that means), or `null` when it cannot be one. */
export function requestOf(incoming: Incoming, own: Own, signal: AbortSignal): Request | null {
  const { method = 'GET' } = incoming;
  const target = targetOf(incoming.url ?? '');
  const headers = headersOf(incoming);
  const host = headers.get('host') ?? (incoming.httpVersion === '1.0' ? own.authority : null);
  if (target === null || host === null) return null;
  // HTTP/1.0 has no chunks: whoever sends some may be understood in two ways (RFC 9112 §6.1).
  if (incoming.httpVersion === '1.0' && headers.has('transfer-encoding')) return null;
  headers.set('host', host);
  const body = hasBody(method, headers, incoming) ? bodyOf(incoming) : null;
  try {
    return new Request(`${own.scheme}://${host}${target}`, { method, headers, body, signal });
  } catch {
    return null; // no URL, or no method, that there is
  }
}

/** The path and query; of a URL, whose authority gives way to `Host`, too. */
function targetOf(url: string): string | null {
  if (url.charCodeAt(0) === slash) return url;
  const match = /^https?:\/\/[^/?#]*(.*)$/i.exec(url);
  if (match === null) return null;
  const rest = match[1] ?? '';
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}

function headersOf({ rawHeaders }: Incoming): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (name.charCodeAt(0) !== colon) headers.append(name, value);
    else if (name === ':authority' && !headers.has('host')) headers.set('host', value);
  }
  return headers;
}

function hasBody(method: string, headers: Headers, incoming: Incoming): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  if ('stream' in incoming) return !incoming.stream.endAfterHeaders;
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

/** Read as it is asked for. */
function bodyOf(incoming: Incoming): ReadableStream<Uint8Array> {
  let over = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on('data', (piece: Buffer) => {
          if (over) return;
          incoming.pause();
          controller.enqueue(new Uint8Array(piece.buffer, piece.byteOffset, piece.length));
        });
        incoming.once('end', () => {
          if (!over) controller.close();
          over = true;
        });
        const broken = () => {
          if (!over) controller.error(new Error('the client left within the body'));
          over = true;
        };
        incoming.once('close', broken);
        incoming.once('error', broken);
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        over = true;
        incoming.resume(); // what still comes is dropped
      },
    },
    { highWaterMark: 0 },
  );
}

/** Fields that HTTP/2 has no use for (RFC 9113 §8.2.2). */
const ofHttp1: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

function fieldsOf(headers: Headers, http2: boolean): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of headers) if (!http2 || !ofHttp1.has(name)) fields[name] = value;
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) fields['set-cookie'] = cookies;
  return fields;
}

/** What `node:http` of Node.js 24 and of Bun has, and its types do not yet. */
interface Informing {
  writeInformation(status: number, fields: Record<string, string | string[]>): void;
}

function canInform(outgoing: object): outgoing is Informing {
  return 'writeInformation' in outgoing;
}

/** Sends an interim response (RFC 9110 §15.2), unless it is too late for one, or the client's HTTP too old. */
export function inform(incoming: Incoming, outgoing: Outgoing, status: number, headers: Headers): void {
  if (outgoing.headersSent || outgoing.writableEnded || incoming.httpVersion === '1.0') return;
  if (isHttp2(outgoing)) outgoing.stream.additionalHeaders({ ':status': status, ...fieldsOf(headers, true) });
  else if (canInform(outgoing)) outgoing.writeInformation(status, fieldsOf(headers, false));
}

function isHttp2(outgoing: Outgoing): outgoing is Http2ServerResponse {
  return 'createPushResponse' in outgoing;
}

/**
 * Resolves when the connection has taken the response, or the client has left. A body that fails, or is not as long
 * as its `Content-Length`, breaks the connection: that is how the client knows.
 */
export async function sendResponse(response: Response, method: string, outgoing: Outgoing): Promise<void> {
  const { status, headers } = response;
  const body: ReadableStream<Uint8Array> | null = response.body;
  const fields = fieldsOf(headers, isHttp2(outgoing));
  const bodiless = method === 'HEAD' || status === 204 || status === 304;
  if (body === null && !bodiless) fields['content-length'] ??= '0';
  writeHead(outgoing, status, fields);
  const length = headers.get('content-length');
  try {
    if (body !== null) await pump(body, bodiless || length === null ? null : Number(length), outgoing);
    outgoing.end();
  } catch {
    outgoing.destroy(); // why it failed is known where it did
  }
}

function writeHead(outgoing: Outgoing, status: number, fields: Record<string, string | string[]>): void {
  if (isHttp2(outgoing)) outgoing.writeHead(status, fields);
  else outgoing.writeHead(status, fields);
}

/** @param length of the body, when it is announced. Fails when the body does, or has another one. */
async function pump(
  body: ReadableStream<Uint8Array>,
  length: number | null,
  outgoing: Outgoing,
): Promise<void> {
  const reader = body.getReader();
  let sent = 0;
  let gone = false;
  outgoing.once('close', () => {
    gone = true;
    reader.cancel().catch(() => {}); // nobody is there any more who could be told
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (gone) return;
    if (done) break;
    sent += value.length;
    if (length !== null && sent > length) throw new Error('longer than announced');
    if (!write(outgoing, value)) await drained(outgoing);
  }
  if (length !== null && sent < length) throw new Error('shorter than announced');
}

function write(outgoing: Outgoing, piece: Uint8Array): boolean {
  return isHttp2(outgoing) ? outgoing.write(piece) : outgoing.write(piece);
}

function drained(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off('drain', settle);
      outgoing.off('close', settle);
      resolve();
    };
    outgoing.on('drain', settle);
    outgoing.on('close', settle);
  });
}
