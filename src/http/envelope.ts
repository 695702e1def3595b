/**
 * Interim responses (102, 103) between the nodes of a network, whose server cannot send any. When one comes before the
 * answer is known, the node answers at once with an envelope: a response whose content is everything that it has to
 * say, as HTTP/1.1 would have it (`message/http`), heads and body in their order. The node that asked opens it.
 *
 * So they cost nothing where there are none. Only nodes of the network get an envelope, and only they are believed.
 */
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { formatResponseHead, headLength, parseHead } from './client/head.ts';

/** Marks a response as an envelope. */
const envelopeField = 'meridian-envelope';

export function isEnvelope({ headers }: Answer): boolean {
  return headers.has(envelopeField);
}

/** Interim responses that one request is told of; more are dropped. */
export const maxInterim = 16;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The side that answers. */
export class Envelope {
  /** What is sent: the answer, or the envelope that will hold it. */
  readonly #sent = Promise.withResolvers<Response>();
  #state: 'closed' | 'open' | 'answered' | 'failed' = 'closed';
  /** Heads that are known and not sent yet. */
  readonly #heads: string[] = [];
  #body: Reader | null = null;
  #news = Promise.withResolvers<void>();
  #interim = 0;

  /** The answer itself, or, where an interim response comes before it, the envelope around both. */
  around(answer: Promise<Response>): Promise<Response> {
    answer.then(
      (response) => this.#answered(response),
      (error) => {
        if (this.#state === 'closed') this.#sent.reject(error);
        this.#become('failed');
      },
    );
    return this.#sent.promise;
  }

  inform(status: number, headers: Headers): void {
    if (this.#state === 'answered' || this.#state === 'failed' || ++this.#interim > maxInterim) return;
    this.#heads.push(formatResponseHead(status, headers));
    if (this.#state === 'closed') this.#sent.resolve(this.#response());
    this.#become('open');
  }

  #answered(response: Response): void {
    if (this.#state === 'open') {
      const { status, headers } = response;
      const content: ReadableStream<Uint8Array> | null = response.body;
      this.#heads.push(formatResponseHead(status, headers));
      this.#body = content?.getReader() ?? null;
    } else {
      this.#sent.resolve(response);
    }
    this.#become('answered');
  }

  #become(state: 'open' | 'answered' | 'failed'): void {
    this.#state = state;
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }

  #response(): Response {
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const piece = await this.#next();
            if (piece) controller.enqueue(piece);
            else controller.close();
          } catch {
            controller.error(); // whoever failed has said why; the other node sees a connection that breaks
          }
        },
        cancel: (reason) => this.#body?.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    const headers = { [envelopeField]: '1', 'content-type': 'message/http', 'cache-control': 'no-store' };
    return new Response(stream, { headers });
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const head = this.#heads.shift();
      if (head !== undefined) return Buffer.from(head, 'latin1');
      if (this.#state === 'failed') throw new Error('there is no answer');
      if (this.#state === 'answered') return (await this.#body?.read())?.value;
      await this.#news.promise;
    }
  }
}

/** The side that asked: resolves with the answer, once all that comes before it has been told. */
export async function openEnvelope(
  { body }: Answer,
  inform: ((status: number, headers: Headers) => void) | undefined,
): Promise<Answer> {
  if (body === null) throw broken();
  const reader = (body instanceof ReadableStream ? body : new Blob([body]).stream()).getReader();
  let heard: Buffer = Buffer.alloc(0);
  try {
    for (;;) {
      const length = headLength(heard);
      if (length === 0) {
        const { done, value } = await reader.read();
        if (done) throw broken();
        heard = Buffer.concat([heard, value]);
        continue;
      }
      const { status, headers } = parseHead(heard.toString('latin1', 0, length - 4));
      heard = heard.subarray(length);
      if (status >= 200) return { status, headers, body: contentOf(status, headers, heard, reader) };
      inform?.(status, headers);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // it has failed already, which is what is told
    throw error;
  }
}

/** What follows the answer's head, exactly as long as that says. */
function contentOf(
  status: number,
  headers: Headers,
  first: Buffer,
  reader: Reader,
): ReadableStream<Uint8Array> | null {
  if (status === 204 || status === 304) {
    reader.cancel().catch(() => {}); // nothing is left in it that anybody wants
    return null;
  }
  const length = headers.get('content-length');
  let left = length === null ? Number.POSITIVE_INFINITY : Number(length);
  let waiting: Uint8Array | null = new Uint8Array(first.buffer, first.byteOffset, first.length);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = waiting?.length ? { done: false, value: waiting } : await reader.read();
        waiting = null;
        if (done && left > 0 && left !== Number.POSITIVE_INFINITY) throw broken();
        if (done || value === undefined) return controller.close();
        left -= value.length;
        if (left < 0)
          throw new MeridianError('upstream-invalid', 'the parent’s answer is longer than announced');
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function broken(): MeridianError {
  return new MeridianError('upstream-truncated', 'the parent broke off within its answer');
}
