/**
 * Small worlds for unit tests: an exchange, a resource, an answer, each with what a test does not care about
 * already filled in.
 */
import type { Answer } from '../../src/entry.ts';
import type { Exchange } from '../../src/exchange.ts';
import type { CacheKey, Resource } from '../../src/resource.ts';

export interface ExchangeOptions extends Partial<Omit<Exchange, 'body'>> {
  /** Path and query. */
  readonly target?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** A client's request: `exchange({ target: '/left-pad', headers: new Headers({ accept: '…' }) })`. */
export function exchange(options: ExchangeOptions = {}): Exchange {
  const { method = 'GET', target = '/', headers = new Headers(), authority = 'pop.example' } = options;
  const { base = `http://${authority}`, body, ...given } = options;
  const question = target.indexOf('?');
  const request = new Request(base + target, { method, headers, ...(body === undefined ? {} : { body }) });
  return {
    request,
    headers,
    method,
    base,
    authority,
    target,
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? '' : target.slice(question),
    id: 'test-0',
    nowMs: Date.UTC(2026, 0, 1),
    startedMs: 0,
    tier: null,
    client: () => '192.0.2.1',
    body: () => request.body,
    ...given,
  };
}

/** Something that may be stored: `resource('web /logo.svg', { freshness: { freshS: 60 } })`. */
export function resource(key = 'web /', options: Partial<Omit<Resource, 'as' | 'key'>> = {}): Resource {
  return { as: 'resource', key: key as CacheKey, kind: 'page', tags: [], ask: 'client', ...options };
}

export interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Announces no length, as a chunked answer does. */
  readonly unframed?: boolean;
}

/** A parent's answer, whose body streams in the given pieces. */
export function answer(pieces: string | readonly string[] = '', options: AnswerOptions = {}): Answer {
  const { status = 200, headers = {}, unframed = false } = options;
  const encoder = new TextEncoder();
  const chunks = (typeof pieces === 'string' ? [pieces] : pieces).map((piece) => encoder.encode(piece));
  const fields = new Headers(headers);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (!unframed) fields.set('content-length', String(length));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) if (chunk.length > 0) controller.enqueue(chunk);
      controller.close();
    },
  });
  return { status, headers: fields, body: status === 304 ? null : body };
}
