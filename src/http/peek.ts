/**
 * Looks at the beginning of a body, to tell one that is short, and there promptly, from any other before its head is
 * sent.
 */
import type { Clock } from '../clock.ts';
import { joined } from './joined.ts';

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
 * Fails as the body does. Its pieces may be the writer's own memory, each good until the next one is asked for.
 *
 * @param upToBytes a body with so many bytes is long.
 * @param withinMs one that takes longer to come to its end is taken for long.
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
  const late = Promise.withResolvers<null>();
  const cancel = clock.after(withinMs, () => late.resolve(null));
  try {
    while (size < upToBytes) {
      const reading = source.read();
      const read = await Promise.race([reading, late.promise]);
      if (read === null) return { as: 'long', body: again(seen, reading, source) };
      if (read.done || !read.value) return { as: 'short', bytes: joined(seen) };
      seen.push(read.value.slice());
      size += read.value.length;
    }
    return { as: 'long', body: again(seen, null, source) };
  } finally {
    cancel();
  }
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
