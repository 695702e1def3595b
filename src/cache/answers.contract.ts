/**
 * What a test's parent answers with, and what a test's client gets.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import type { Answer, Head } from '../entry.ts';
import type { MeridianError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { pieces } from './pieces.ts';
import type { Obtained } from './slices/object.ts';

export interface Pieces {
  push(piece: string | Uint8Array): Promise<void>;
  end(): Promise<void>;
  fail(error: unknown): Promise<void>;
  /** Whether whoever read it has stopped doing so. */
  readonly cancelled: boolean;
}

export const maxAge = (seconds: number) => ({ 'cache-control': `max-age=${seconds}` });

const encoder = new TextEncoder();
const bytesOf = (body: string | Uint8Array) => (typeof body === 'string' ? encoder.encode(body) : body);

export function answerOf(
  body: string | Uint8Array | null,
  fields: Record<string, string> = {},
  status = 200,
): Answer {
  const bytes = body === null ? null : (bytesOf(body) as Uint8Array<ArrayBuffer>);
  const headers = new Headers(fields);
  // With a length of its own it comes as a stream, which may be cut off.
  if (bytes && headers.has('content-length')) return { status, headers, body: new Blob([bytes]).stream() };
  if (bytes) headers.set('content-length', String(bytes.length));
  return { status, headers, body: bytes };
}

/** A body that comes when a test says so, one piece each time that somebody asks for one. */
export function piecewise(): { readonly pieces: Pieces; readonly body: ReadableStream<Uint8Array> } {
  let cancelled = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel() {
      cancelled = true;
    },
  });
  const act = async (then: () => void) => {
    if (!cancelled) then();
    await turns();
  };
  const pieces: Pieces = {
    push: (piece) => act(() => controller?.enqueue(bytesOf(piece))),
    end: () => act(() => controller?.close()),
    fail: (error) => act(() => controller?.error(error)),
    get cancelled() {
      return cancelled;
    },
  };
  return { pieces, body };
}

export class Reply {
  readonly served: Obtained;
  readonly #gone: AbortSignal;

  constructor(served: Obtained, gone: AbortSignal) {
    this.served = served;
    this.#gone = gone;
  }

  get outcome(): Outcome {
    return this.served.outcome;
  }

  get collapsed(): boolean {
    return this.served.forwarding?.collapsed === true;
  }

  get status(): number {
    const { source } = this.served;
    if (source.from === 'slices') return source.object.head.status;
    if (source.from === 'fill') return source.fill.head.status;
    return source.from === 'parent' ? source.answer.status : source.entry.status;
  }

  field(name: string): string | undefined {
    const { source } = this.served;
    if (source.from === 'parent') return source.answer.headers.get(name) ?? undefined;
    if (source.from === 'slices') return fieldOf(source.object.head, name);
    return fieldOf(source.from === 'fill' ? source.fill.head : source.entry, name);
  }

  stream(from = 0, to: number | null = null): ReadableStream<Uint8Array> {
    const { source } = this.served;
    switch (source.from) {
      case 'memory':
        return source.resident.body.stream();
      case 'disk':
        return source.body.stream();
      case 'fill':
        return source.fill.follow(from, to, this.#gone);
      case 'parent': {
        const { body } = source.answer;
        return body instanceof ReadableStream ? body : new Blob(body ? [body] : []).stream();
      }
      case 'slices':
        throw new Error('an object in slices is read range by range');
    }
  }

  /** Bytes of the representation, from `start` to `end`, both included. */
  async range(start: number, end: number): Promise<Uint8Array> {
    const { source } = this.served;
    const wanted = { start, end };
    if (source.from === 'parent' && source.answer.status === 206) return this.bytes();
    if (source.from !== 'slices') return collect(pieces(source, wanted, this.#gone));
    const opened = await source.object.open([wanted], this.#gone);
    if ('again' in opened) return new Reply(opened.again, this.#gone).range(start, end);
    return opened.blob ? opened.blob.bytes() : collect(opened.pieces(wanted));
  }

  async bytes(): Promise<Uint8Array> {
    return Bun.readableStreamToBytes(this.stream());
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString();
  }
}

function fieldOf({ fields }: Head, name: string): string | undefined {
  return fields.find(([known]) => known === name)?.[1];
}

async function collect(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** How a promise that should fail does. */
export async function failureOf(promise: Promise<unknown>): Promise<MeridianError> {
  try {
    await promise;
  } catch (error) {
    return error as MeridianError;
  }
  throw new Error('it did not fail');
}

/** Files in a folder that this process holds open. */
export function openFiles(folder: string): number {
  let open = 0;
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      if (path.startsWith(folder)) open++;
    } catch {
      // it was the descriptor of the listing itself
    }
  }
  return open;
}

/** Bytes that look like noise and are the same every time. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    made[at] = state >> 16;
  }
  return made;
}
