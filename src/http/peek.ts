/**
 * Looks at the beginning of a body of unknown length, to tell a short one from a long one before its head is sent.
 */
import type { Clock } from '../clock.ts';

export type Peeked =
  /** All there is. */
  | { readonly as: 'short'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The body from its beginning: it is longer, or takes its time. */
  | { readonly as: 'long'; readonly body: ReadableStream<Uint8Array> };

interface Read {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

/** The reader of a stream. */
interface Source {
  read(): Promise<Read>;
  cancel(reason: unknown): Promise<void>;
}

/**
 * Fails as the body does.
 *
 * @param upToBytes a body with so many bytes is long.
 * @param withinMs one whose next bytes take longer to come is taken for long.
 */
export async function peek(
  body: ReadableStream<Uint8Array>,
  upToBytes: number,
  withinMs: number,
  clock: Clock,
): Promise<Peeked> {
  const source: Source = body.getReader();
  const seen: Uint8Array[] = [];
  let size = 0;
  while (size < upToBytes) {
    const reading = source.read();
    const read = await inTime(reading, withinMs, clock);
    if (read === null) return { as: 'long', body: again(seen, reading, source) };
    if (read.done || !read.value) return { as: 'short', bytes: joined(seen, size) };
    seen.push(read.value);
    size += read.value.length;
  }
  return { as: 'long', body: again(seen, null, source) };
}

function inTime(reading: Promise<Read>, withinMs: number, clock: Clock): Promise<Read | null> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(withinMs, () => resolve(null));
    reading.finally(cancel).then(resolve, reject);
  });
}

/** What has been seen, what is being read, and the rest. */
function again(
  seen: Uint8Array[],
  reading: Promise<Read> | null,
  source: Source,
): ReadableStream<Uint8Array> {
  let pending = reading;
  return new ReadableStream(
    {
      async pull(controller) {
        const known = seen.shift();
        if (known) return controller.enqueue(known);
        const { done, value } = await (pending ?? source.read());
        pending = null;
        if (done || !value) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
