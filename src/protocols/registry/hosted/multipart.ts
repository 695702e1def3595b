/**
 * Forms with files (`multipart/form-data`, RFC 7578), as upload tools send them: short fields in memory, within a bound, and files as streams, none
 * of which is ever held as a whole. Whoever takes a file in sets the pace: what he does not read does not arrive.
 */
import { chunksOf } from '../../bodies.ts';
import type { Pulling } from '../ecosystem.ts';
import { headOf, type PartHead } from './part-head.ts';
import { Refusal } from './refusal.ts';

export interface FilePart {
  /** Of the form: `content`. */
  readonly field: string;
  /** As the client calls it, without folders; empty: it does not. To be checked like anything that a client says. */
  readonly fileName: string;
  /** Media type. */
  readonly type: string;
}

export interface FormOptions {
  /** Takes a file in as it arrives. What it leaves unread is skipped; when it fails, so does the form. */
  file(part: FilePart, stream: ReadableStream<Uint8Array>): Promise<void>;
  /** Names and values of all fields together. */
  readonly maxFieldBytes: number;
  /** Absent: 20. */
  readonly maxFiles?: number | undefined;
}

/** Values by the names of fields, in the order in which they came: a field may be said several times. */
export type Fields = ReadonlyMap<string, readonly string[]>;

const mostFields = 5_000;
const usualFiles = 20;

/** @throws a `Refusal` for what is no form, or breaks off, or is too long; and whatever `file` throws. */
export async function readMultipart({ ask }: Pick<Pulling, 'ask'>, options: FormOptions): Promise<Fields> {
  const { exchange, signal } = ask;
  const boundary = boundaryIn(exchange.headers.get('content-type') ?? '');
  const body = chunksOf(exchange.body());
  try {
    return await readForm(openParts(body, boundary, signal), options);
  } finally {
    await body.return();
  }
}

/** RFC 2046 §5.1.1: 70 characters at most, of which some need quotes. */
function boundaryIn(type: string): string {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(type))
    throw new Refusal(415, 'This takes a form (multipart/form-data).');
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined)
    throw new Refusal(400, 'The form does not say what its parts are separated by.');
  return boundary;
}

async function readForm(
  parts: Parts,
  { file, maxFieldBytes, maxFiles = usualFiles }: FormOptions,
): Promise<Fields> {
  const fields = new Map<string, string[]>();
  let fieldBytes = 0;
  let count = 0;
  let files = 0;

  async function takeField(name: string): Promise<void> {
    const chunks: Uint8Array[] = [];
    fieldBytes += Buffer.byteLength(name);
    if (++count > mostFields) throw new Refusal(413, `The form has more than ${mostFields} fields.`);
    for await (const chunk of parts.body()) {
      fieldBytes += chunk.byteLength;
      if (fieldBytes > maxFieldBytes)
        throw new Refusal(413, `The fields of the form have more than ${maxFieldBytes} bytes.`);
      chunks.push(chunk);
    }
    const value = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }

  for (let head = await parts.next(); head !== null; head = await parts.next()) {
    const { field, fileName, type } = head;
    if (fileName === null && type !== 'application/octet-stream') await takeField(field);
    else if (++files > maxFiles) throw new Refusal(413, `The form has more than ${maxFiles} files.`);
    else await takeFile({ field, fileName: fileName ?? '', type }, parts.body(), file);
  }
  return fields;
}

async function takeFile(part: FilePart, chunks: Chunks, file: FormOptions['file']): Promise<void> {
  /** What is wrong with the form itself, whatever the file's taker makes of that. */
  let failure: unknown = null;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure = error;
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  try {
    await file(part, stream);
  } catch (error) {
    throw failure ?? error;
  }
  for (let rest = await chunks.next(); rest.done !== true; ) rest = await chunks.next();
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

interface Parts {
  /** `null`: there are no more. The body of the one before has to be read by then. */
  next(): Promise<PartHead | null>;
  /** Of the part at hand, to its end. */
  body(): Chunks;
}

const longestHead = 8 * 1024;
const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

function openParts(source: Chunks, boundary: string, signal: AbortSignal): Parts {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // What has arrived and has not been read. The first delimiter may be at the very start.
  let held: Buffer = lineEnd;
  let isFirst = true;

  async function more(): Promise<void> {
    signal.throwIfAborted();
    const { value, done } = await source.next();
    if (done === true) throw new Refusal(400, 'The form breaks off.');
    held = held.length === 0 ? Buffer.from(value) : Buffer.concat([held, value]);
  }

  async function* body(): Chunks {
    for (;;) {
      const at = held.indexOf(delimiter);
      // What may be the start of a delimiter waits for the rest of it.
      const sure = at < 0 ? Math.max(0, held.length - delimiter.length + 1) : at;
      const chunk = held.subarray(0, sure);
      held = held.subarray(at < 0 ? sure : at + delimiter.length);
      if (chunk.length > 0) yield new Uint8Array(chunk);
      if (at >= 0) return;
      await more();
    }
  }

  async function skipPreamble(): Promise<void> {
    let skipped = 0;
    for await (const chunk of body()) {
      skipped += chunk.length;
      if (skipped > longestHead) throw new Refusal(400, 'The form does not begin with its boundary.');
    }
  }

  return {
    body,
    async next() {
      if (isFirst) await skipPreamble();
      isFirst = false;
      while (held.length < 2) await more();
      if (held.toString('latin1', 0, 2) === '--') return null;
      while (held.indexOf(headEnd) < 0) {
        if (held.length > longestHead) throw new Refusal(400, 'The head of a part of the form is too long.');
        await more();
      }
      const at = held.indexOf(headEnd);
      const head = headOf(held.toString('utf8', 0, at));
      held = held.subarray(at + headEnd.length);
      return head;
    },
  };
}
