/**
 * One request and its answer on a connection: what is written, and the meaning of what comes back (RFC 9112 §6 to §9).
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { joined } from '../joined.ts';
import type { Call } from './call.ts';
import { type Chunks, chunks } from './chunks.ts';
import type { Connection, Turn } from './connection.ts';
import { type Download, download } from './download.ts';
import { failureOf } from './failure.ts';
import { type Framing, framingOf } from './framing.ts';
import { formatHead, headLength, parseHead, type RequestFraming, type ResponseHead } from './head.ts';
import type { Destination } from './place.ts';
import type { ClientRequest } from './request.ts';
import { type Upload, upload } from './upload.ts';

/** Interim responses before one answer, 100 and those that nobody listens to included. */
export const maxInterim = 64;

/** How long a body waits for the `100 Continue` that `Expect` asks for (RFC 9110 §10.1.1). */
const continueMs = 1_000;

/** Told when nothing more is to be said, and whether the connection can carry another request. */
export type Over = (connection: Connection, reusable: boolean) => void;

export class Conversation implements Turn {
  readonly #connection: Connection;
  readonly #call: Call;
  readonly #request: ClientRequest;
  readonly #over: Over;
  readonly #answer = Promise.withResolvers<Answer>();
  /** What has come of the head; then `null`. */
  #head: Buffer | null = nothingYet;
  #interim = 0;
  #framing: Framing = { by: 'nothing' };
  #chunks: Chunks | null = null;
  #received = 0;
  /** Of the body: what came with the head. Whatever comes later goes into the download. */
  readonly #first: Buffer[] = [];
  #download: Download | null = null;
  #upload: Upload | null = null;
  #uploading = false;
  #goAhead: (() => void) | null = null;
  #persistent = true;
  #isOver = false;

  constructor(connection: Connection, call: Call, request: ClientRequest, over: Over) {
    this.#connection = connection;
    this.#call = call;
    this.#request = request;
    this.#over = over;
  }

  /** Says it, and resolves with the answer's head. */
  begin(destination: Destination): Promise<Answer> {
    const { method, headers, body, timeouts } = this.#request;
    const { place, target } = destination;
    const framing = requestFraming(this.#request);
    const extra =
      place.targetPrefix !== '' && place.proxyAuthorization !== null
        ? `proxy-authorization: ${place.proxyAuthorization}\r\n`
        : '';
    const line = { method, target: place.targetPrefix + target, authority: place.authority };
    const head = Buffer.from(formatHead(line, headers, framing, extra), 'latin1');
    this.#call.until((reason) => this.#fail(reason));
    if (this.#isOver) return this.#answer.promise;
    this.#call.late.wait(timeouts.firstByteMs);
    this.#connection.begin(this);
    if (body instanceof ReadableStream && framing) this.#beginUpload(body, framing, head);
    else void this.#connection.write(body instanceof Uint8Array ? Buffer.concat([head, body]) : head);
    return this.#answer.promise;
  }

  #beginUpload(body: ReadableStream<Uint8Array>, framing: NonNullable<RequestFraming>, head: Buffer): void {
    const { headers, timeouts } = this.#request;
    this.#uploading = true;
    const written = Promise.all([this.#connection.write(head), this.#permission(headers)]);
    this.#upload = upload(body, framing, written, this.#connection, this.#call, timeouts.firstByteMs);
    this.#upload.done.then(
      () => {
        this.#uploading = false;
      },
      (error) => this.#fail(error),
    );
  }

  #permission(headers: Headers): Promise<void> | null {
    if (headers.get('expect')?.toLowerCase() !== '100-continue') return null;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#call.clock.after(continueMs, resolve);
    this.#goAhead = () => {
      cancel();
      resolve();
    };
    return promise;
  }

  heard(bytes: Buffer): void {
    try {
      if (this.#head === null) this.#readBody(bytes);
      else this.#readHead(this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]));
    } catch (error) {
      this.#fail(error);
    }
  }

  closed(inOrder: boolean, error: unknown): void {
    if (this.#head !== null) {
      const code = error === undefined ? this.#silence() : failureOf(error, 'head');
      this.#fail(code);
      return;
    }
    if (inOrder && this.#framing.by === 'close') this.#finish(false);
    else this.#fail(failureOf(error ?? new Error('closed'), 'body'));
  }

  /** Whether the request has been processed, nobody can say: it is not sent again (RFC 9110 §9.2.2). */
  #silence(): MeridianError {
    const { kept, showsCertificate } = this.#connection;
    const which = kept ? 'a kept connection' : 'the connection';
    // TLS 1.3 says nothing of what it thinks of a client's certificate before the first request is written.
    const doubt = showsCertificate && !kept ? '; it may not accept the certificate of this node' : '';
    return new MeridianError(
      'upstream-unreachable',
      `the upstream closed ${which} before it answered${doubt}`,
    );
  }

  #readHead(bytes: Buffer): void {
    let rest = bytes;
    for (;;) {
      const length = headLength(rest);
      if (length === 0) {
        this.#head = rest;
        return;
      }
      const head = parseHead(rest.toString('latin1', 0, length - 4));
      rest = rest.subarray(length);
      if (head.status < 200) this.#readInterim(head);
      else {
        this.#head = null;
        this.#readAnswer(head, rest);
        return;
      }
    }
  }

  #readInterim({ status, headers }: ResponseHead): void {
    if (status === 101 || ++this.#interim > maxInterim) throw invalid('is preceded by what nobody asked for');
    if (!this.#uploading) this.#call.late.wait(this.#request.timeouts.firstByteMs);
    if (status === 100) this.#goAhead?.();
    else this.#request.inform?.(status, headers);
  }

  #readAnswer(head: ResponseHead, rest: Buffer): void {
    const { method, direct, timeouts } = this.#request;
    const { status, headers } = head;
    this.#framing = framingOf(head, method, direct === true);
    this.#persistent = !head.old && this.#framing.by !== 'close' && !closes(headers);
    this.#connection.restMs = restOf(headers);
    if (!this.#uploading) this.#call.late.rest();
    if (this.#framing.by === 'nothing') {
      this.#finish(rest.length === 0);
      this.#answer.resolve({ status, headers, body: null });
      return;
    }
    if (this.#framing.by === 'chunks') this.#chunks = chunks();
    this.#readBody(rest);
    const body = this.#isOver ? joined(this.#first) : this.#downloaded(timeouts.betweenBytesMs);
    this.#answer.resolve({ status, headers, body });
  }

  #downloaded(betweenBytesMs: number): ReadableStream<Uint8Array> {
    const connection = this.#connection;
    const flow = {
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      cancelled: () => this.#end(false),
    };
    this.#download = download(flow, this.#call, betweenBytesMs);
    for (const piece of this.#first.splice(0)) this.#download.push(piece);
    return this.#download.stream;
  }

  #readBody(bytes: Buffer): void {
    switch (this.#framing.by) {
      case 'length': {
        // What comes beyond the length belongs to no answer (RFC 9112 §6.3), and the connection is closed.
        const left = this.#framing.bytes - this.#received;
        if (bytes.length > 0) this.#take(bytes.subarray(0, left));
        if (bytes.length >= left) this.#finish(bytes.length === left);
        return;
      }
      case 'chunks':
        this.#readChunks(bytes, this.#framing.bytes);
        return;
      case 'close':
        if (bytes.length > 0) this.#take(bytes);
    }
  }

  #readChunks(bytes: Buffer, announced: number | null): void {
    const reading = this.#chunks;
    if (reading === null) return;
    const used = reading.feed(bytes, (piece) => {
      if (announced !== null && this.#received + piece.length > announced) {
        throw invalid('is longer than announced');
      }
      this.#take(piece);
    });
    if (!reading.done) return;
    if (announced !== null && this.#received < announced) throw failureOf(new Error('short'), 'body');
    this.#finish(used === bytes.length);
  }

  #take(piece: Buffer): void {
    this.#received += piece.length;
    if (this.#download) this.#download.push(piece);
    else this.#first.push(piece);
  }

  /** The answer is whole. */
  #finish(clean: boolean): void {
    this.#end(clean && this.#persistent && !this.#uploading);
    this.#download?.end();
  }

  #fail(reason: unknown): void {
    this.#end(false);
    if (this.#download) this.#download.fail(reason);
    this.#answer.reject(reason);
  }

  #end(reusable: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.ended();
    this.#upload?.cancel(new Error('the answer is known without the rest of the body'));
    this.#goAhead?.();
    this.#over(this.#connection, reusable);
  }
}

const nothingYet = Buffer.alloc(0);

/** A length where it is known; else chunks. A method that has a meaning for bodies says so when it has none. */
function requestFraming({ method, headers, body }: ClientRequest): RequestFraming {
  if (body instanceof Uint8Array) return { by: 'length', bytes: body.length };
  if (!body) return expectBody.has(method) ? { by: 'length', bytes: 0 } : null;
  const said = headers.get('content-length');
  return said !== null && /^\d{1,15}$/.test(said) ? { by: 'length', bytes: Number(said) } : { by: 'chunks' };
}

const expectBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** RFC 9112 §9.3. */
function closes(headers: Headers): boolean {
  const options = headers.get('connection');
  return options !== null && /(?:^|[,\s])close(?:$|[,\s])/i.test(options);
}

/** `Keep-Alive: timeout=5`, in milliseconds. */
function restOf(headers: Headers): number | null {
  const value = headers.get('keep-alive');
  const match = value === null ? null : /(?:^|[,\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value);
  return match === null ? null : Number(match[1]) * 1000;
}

function invalid(how: string): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream's answer ${how}`);
}
