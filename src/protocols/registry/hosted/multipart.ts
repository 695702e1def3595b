/**
 * Forms with files (`multipart/form-data`, RFC 7578), as upload tools send them: short fields in memory, within a bound, and files as streams, none
 * of which is ever held as a whole.
 */
import type { Readable } from 'node:stream';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { chunksOf } from '../../bodies.ts';
import type { Pulling } from '../origin.ts';
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
  const type = exchange.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new Refusal(415, 'This takes a form (multipart/form-data).');
  const form = openForm(type, options);
  try {
    for await (const chunk of chunksOf(exchange.body())) {
      signal.throwIfAborted();
      await form.take(chunk);
    }
    return await form.end();
  } finally {
    form.close();
  }
}

function openForm(type: string, { file, maxFieldBytes, maxFiles = usualFiles }: FormOptions) {
  const fields = new Map<string, string[]>();
  const boy = parserOf(type, maxFieldBytes, maxFiles);
  const failed = Promise.withResolvers<never>();
  const finished = Promise.withResolvers<void>();
  const working: Promise<void>[] = [];
  /** The one that is being read. */
  let current: Readable | null = null;
  let fieldBytes = 0;
  // Whoever waits hears of it; nobody may be waiting just now.
  failed.promise.catch(() => {});

  boy.on('error', (error) => failed.reject(malformed(error)));
  boy.on('finish', () => finished.resolve());
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    boy.on(limit, () => failed.reject(new Refusal(413, 'The form has too many parts.')));
  boy.on('field', (name, value, isNameCut, isValueCut) => {
    fieldBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (isNameCut || isValueCut || fieldBytes > maxFieldBytes)
      return failed.reject(new Refusal(413, `The fields of the form have more than ${maxFieldBytes} bytes.`));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  });
  boy.on('file', (field, stream, fileName, _encoding, mediaType) => {
    current = stream;
    const part = { field: field ?? '', fileName: fileName ?? '', type: mediaType };
    working.push(taken(stream, (body) => file(part, body)).catch((error: unknown) => failed.reject(error)));
  });

  return {
    /** Resolves when there is room for more. */
    async take(chunk: Uint8Array): Promise<void> {
      const written = Promise.withResolvers<void>();
      boy.write(chunk, (error) => (error ? written.reject(malformed(error)) : written.resolve()));
      await Promise.race([written.promise, failed.promise]);
    },
    async end(): Promise<Fields> {
      boy.end();
      await Promise.race([finished.promise, failed.promise]);
      await Promise.race([Promise.all(working), failed.promise]);
      return fields;
    },
    /** Whatever is still being read fails. */
    close(): void {
      current?.destroy(new Refusal(400, 'The form broke off.'));
      boy.destroy();
    },
  };
}

function parserOf(type: string, maxFieldBytes: number, maxFiles: number): Busboy {
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits: {
        ...{ fieldNameSize: 200, fieldSize: maxFieldBytes, fields: mostFields },
        ...{ files: maxFiles, headerPairs: 20, headerSize: 8 * 1024 },
      },
    });
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(error: unknown): Refusal {
  const why = error instanceof Error ? error.message : String(error);
  return new Refusal(400, `The form cannot be read: ${why}.`, { cause: error });
}

/** The stream as the store takes it. What nobody reads of it is skipped: else the form would never end. */
async function taken(
  stream: BusboyFileStream,
  work: (body: ReadableStream<Uint8Array>) => Promise<void>,
): Promise<void> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  let hasEnded = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next();
          hasEnded = done === true;
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error instanceof Refusal ? error : malformed(error));
        }
      },
    },
    { highWaterMark: 0 },
  );
  await work(body);
  while (!hasEnded) hasEnded = (await chunks.next()).done === true;
}
