/**
 * One request and its answer on a stream of an HTTP/2 connection (RFC 9113 §8.1): the counterpart of `conversation.ts`,
 * for requests without a body.
 */
import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { joined } from '../../joined.ts';
import type { Call } from '../call.ts';
import { maxInterim } from '../conversation.ts';
import { type Download, download } from '../download.ts';
import { failureOf } from '../failure.ts';
import { type Framing, streamFraming } from '../framing.ts';
import type { Destination } from '../place.ts';
import type { ClientRequest } from '../request.ts';
import { requestFields } from './fields.ts';
import type { Session } from './session.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR } = constants;

/** The server has done nothing for it, by its own word (RFC 9113 §8.7): it may be sent again. */
export class Unprocessed extends Error {}

type ResponseFields = IncomingHttpHeaders & IncomingHttpStatusHeader;

export class StreamConversation {
  readonly #session: Session;
  readonly #call: Call;
  readonly #request: ClientRequest;
  /** Told when the stream is over. */
  readonly #over: () => void;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #beganMs: number;
  #stream: ClientHttp2Stream | null = null;
  #interim = 0;
  #framing: Framing | null = null;
  #received = 0;
  /** Of the body: what came with the head. Whatever comes later goes into the download. */
  readonly #first: Buffer[] = [];
  #download: Download | null = null;
  #isOver = false;

  constructor(session: Session, call: Call, request: ClientRequest, over: () => void) {
    this.#session = session;
    this.#call = call;
    this.#request = request;
    this.#over = over;
    this.#beganMs = call.clock.elapsed();
  }

  /** Asks, and resolves with the answer's head. */
  begin(destination: Destination): Promise<Answer> {
    this.#call.until((reason) => this.#giveUp(reason));
    if (this.#isOver) return this.#answer.promise;
    this.#call.late.wait(this.#request.timeouts.firstByteMs);
    try {
      this.#listen(this.#session.open(requestFields(this.#request, destination)));
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this.#answer.promise;
  }

  #listen(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    stream.on('headers', (headers) => this.#guarded(() => this.#readInterim(headers)));
    stream.on('response', (headers, flags, raw?: unknown) =>
      this.#guarded(() => this.#readHead(headers, flags, rawFields(raw))),
    );
    stream.on('end', () => this.#guarded(() => this.#ended(stream)));
    stream.on('error', (error) => this.#fail(this.#reasonFor(stream, error)));
    stream.on('close', () => this.#fail(this.#reasonFor(stream, null)));
  }

  /** What is not as it should be ends it. */
  #guarded(read: () => void): void {
    if (this.#isOver) return;
    try {
      this.#session.heard();
      read();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #readInterim(headers: ResponseFields): void {
    const status = headers[':status'] ?? 0;
    if (status === 101 || ++this.#interim > maxInterim) throw invalid('is preceded by what nobody asked for');
    this.#call.late.wait(this.#request.timeouts.firstByteMs);
    if (status !== 100) this.#request.inform?.(status, plainFields(headers));
  }

  #readHead(fields: ResponseFields, flags: number, raw: readonly string[]): void {
    const stream = this.#stream;
    const status = fields[':status'];
    if (stream === null) return;
    if (status === undefined || status < 200 || status > 599) throw invalid('has no status');
    // The runtime takes a body that comes before its head.
    if (stream.readableLength > 0) throw invalid('begins with its body');
    const { method, direct } = this.#request;
    const headers = raw.length > 0 ? headersOf(raw) : plainFields(fields);
    this.#framing = streamFraming({ status, headers, old: false }, method, direct === true);
    this.#call.late.rest();
    if (this.#framing.by === 'nothing') {
      stream.resume();
      this.#finish();
      this.#answer.resolve({ status, headers, body: null });
      return;
    }
    stream.on('data', (piece: Buffer) => this.#guarded(() => this.#take(piece)));
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) this.#checkLength();
    // What has come with the head is told of by then.
    soon(() => this.#resolve(status, headers));
  }

  #resolve(status: number, headers: Headers): void {
    if (this.#isOver) {
      // Without effect when it has failed.
      this.#answer.resolve({ status, headers, body: joined(this.#first) });
      return;
    }
    const stream = this.#stream;
    const flow = {
      pause: () => void stream?.pause(),
      resume: () => void stream?.resume(),
      cancelled: () => this.#cancel(),
    };
    this.#download = download(flow, this.#call, this.#request.timeouts.betweenBytesMs);
    for (const piece of this.#first.splice(0)) this.#download.push(piece);
    this.#answer.resolve({ status, headers, body: this.#download.stream });
  }

  #take(piece: Buffer): void {
    this.#received += piece.length;
    const { bytes } = this.#framing?.by === 'chunks' ? this.#framing : { bytes: null };
    if (bytes !== null && this.#received > bytes) throw invalid('is longer than announced');
    if (this.#download) this.#download.push(piece);
    else this.#first.push(piece);
  }

  /**
   * The runtime says so of a stream that was reset as well, even by NO_ERROR, and of one whose connection is gone; but
   * then it has destroyed it before.
   */
  #ended(stream: ClientHttp2Stream): void {
    if (this.#framing === null || stream.destroyed || stream.rstCode !== NGHTTP2_NO_ERROR) return; // `close` follows
    this.#checkLength();
    this.#finish();
  }

  #checkLength(): void {
    const announced = this.#framing?.by === 'chunks' ? this.#framing.bytes : null;
    if (announced !== null && this.#received < announced) throw truncated();
  }

  #reasonFor(stream: ClientHttp2Stream, error: unknown): unknown {
    if (this.#framing !== null) return truncated(error);
    if (stream.rstCode === NGHTTP2_REFUSED_STREAM) return new Unprocessed();
    if (this.#session.isBroken) return this.#session.failure;
    switch (stream.rstCode) {
      case NGHTTP2_NO_ERROR:
      case NGHTTP2_CANCEL:
      case NGHTTP2_INTERNAL_ERROR:
        return new MeridianError('upstream-unreachable', 'the upstream ended the request before it answered');
      default:
        return failureOf(invalid(`is not HTTP/2 as it should be (code ${stream.rstCode})`), 'head');
    }
  }

  /** It has taken too long, or nobody wants it any more. */
  #giveUp(reason: unknown): void {
    if (this.#framing === null) this.#session.doubt(this.#beganMs);
    this.#fail(reason);
  }

  #cancel(): void {
    this.#stream?.close(NGHTTP2_CANCEL);
    this.#end();
  }

  /** The answer is whole. */
  #finish(): void {
    this.#end();
    this.#download?.end();
  }

  #fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#stream?.close(NGHTTP2_CANCEL);
    this.#end(reason instanceof Unprocessed);
    this.#download?.fail(reason);
    this.#answer.reject(reason);
  }

  #end(goesOn = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!goesOn) this.#call.ended();
    this.#over();
  }
}

let waiting: (() => void)[] = [];

/** When all that has come by now has been read: one turn for all answers that came together. */
function soon(task: () => void): void {
  if (waiting.push(task) > 1) return;
  setImmediate(() => {
    const tasks = waiting;
    waiting = [];
    for (const each of tasks) each();
  });
}

/** Name and value by turns, as the runtime passes them on beside the object, in which a field that comes twice may be lost. */
function rawFields(raw: unknown): readonly string[] {
  return Array.isArray(raw) ? raw : [];
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    if (!name.startsWith(':')) headers.append(name, value);
  }
  return headers;
}

function plainFields(fields: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each);
  }
  return headers;
}

function truncated(cause?: unknown): MeridianError {
  return new MeridianError('upstream-truncated', 'the upstream ended the stream within its answer', {
    cause,
  });
}

function invalid(how: string): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream's answer ${how}`);
}
