/**
 * A collector that is told by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): one message as gzipped
 * JSON, once.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { request } from '../../http/client.ts';
import { parseHttpDate } from '../../http/date.ts';

export type Signal = 'traces' | 'metrics';

export type Told =
  /** @param refused so many items of it, for this reason. */
  | { readonly as: 'taken'; readonly refused: number; readonly why: string }
  /** It may be taken later. `afterMs`: not before. */
  | { readonly as: 'later'; readonly why: string; readonly afterMs: number | null }
  /** It never will. */
  | { readonly as: 'refused'; readonly why: string };

export interface CollectorOptions {
  /** Absolute URL without a trailing slash, to which `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  /** Of each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface Collector {
  /** Never rejects. */
  tell(signal: Signal, message: object, stop: AbortSignal): Promise<Told>;
}

/** Statuses after which a message may be sent again. */
const later: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Of an answer; there is no more of interest in it. */
const mostAnswerBytes = 64 * 1024;

const zipped = promisify(gzip);

export function collector({ endpoint, headers: own, timeoutMs, clock }: CollectorOptions): Collector {
  const timeouts = { connectMs: timeoutMs, firstByteMs: timeoutMs, betweenBytesMs: timeoutMs };

  async function send(signal: Signal, message: object, stop: AbortSignal): Promise<Told> {
    const body = new Uint8Array(await zipped(JSON.stringify(message)));
    const headers = new Headers(own);
    headers.set('content-type', 'application/json');
    headers.set('content-encoding', 'gzip');
    const url = `${endpoint}/v1/${signal}`;
    const answer = await request(url, { method: 'POST', headers, body, timeouts, clock, signal: stop });
    const text = await textOf(answer.body);
    const { status } = answer;
    if (status >= 200 && status < 300) return taken(text, signal);
    const why = `it answers ${status}`;
    if (!later.has(status)) return { as: 'refused', why };
    return { as: 'later', why, afterMs: retryAfterMs(answer.headers.get('retry-after'), clock.now()) };
  }

  return {
    tell: (signal, message, stop) =>
      send(signal, message, stop).catch((error) => ({ as: 'later', why: String(error), afterMs: null })),
  };
}

const count = z.union([z.number(), z.string().transform(Number)]).default(0);
const success = z.looseObject({
  partialSuccess: z
    .looseObject({ rejectedSpans: count, rejectedDataPoints: count, errorMessage: z.string().default('') })
    .nullish(),
});

/** Whatever else a collector says when it has taken a message does not matter. */
function taken(text: string, signal: Signal): Told {
  const parsed = success.safeParse(parsedJson(text)).data?.partialSuccess;
  const refused = (signal === 'traces' ? parsed?.rejectedSpans : parsed?.rejectedDataPoints) ?? 0;
  return { as: 'taken', refused, why: parsed?.errorMessage ?? '' };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // Some answer with nothing, or in words.
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const atMs = parseHttpDate(value);
  return atMs === undefined ? null : Math.max(0, atMs - nowMs);
}

async function textOf(body: ReadableStream<Uint8Array> | Uint8Array | null): Promise<string> {
  if (!(body instanceof ReadableStream)) return new TextDecoder().decode(body ?? undefined);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > mostAnswerBytes) break;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
