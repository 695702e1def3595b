/**
 * Small bodies that are still arriving are sent whole. The runtime frames every stream as chunked, whatever its
 * length, and many clients want a `Content-Length`; one that is whole has it, and costs less to send.
 *
 * A body that is announced as small mostly comes in the same packets as its head. One that does not come promptly is
 * streamed as it comes: nobody waits for a slow drip longer than `patienceMs`.
 */
import type { Clock } from '../clock.ts';

/** Longer bodies are streamed. */
const smallBytes = 64 * 1024;
/** From the head of an answer until its small body has to be there. */
const patienceMs = 50;

/** @param announcedBytes `null` when nothing tells how long the body is. Rejects as the body does. */
export async function wholeIfSmall(
  body: ReadableStream<Uint8Array>,
  announcedBytes: number | null,
  clock: Clock,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  if (announcedBytes === null || announcedBytes > smallBytes) return body;
  const reader = readerOf(body);
  const chunks: Uint8Array[] = [];
  const late = Promise.withResolvers<null>();
  const cancel = clock.after(patienceMs, () => late.resolve(null));
  try {
    for (;;) {
      const next = reader.read();
      const read = await Promise.race([next, late.promise]);
      if (read === null) return rest(chunks, next, reader);
      if (read.done) return new Uint8Array(Buffer.concat(chunks));
      // The reader's piece may be the writer's own memory, and is good until the next one only.
      chunks.push(read.value.slice());
    }
  } finally {
    cancel();
  }
}

type Reader = ReturnType<typeof readerOf>;
type Reading = ReturnType<Reader['read']>;

function readerOf(body: ReadableStream<Uint8Array>) {
  return body.getReader();
}

/** What has come, what is being waited for, and what follows. */
function rest(chunks: readonly Uint8Array[], pending: Reading, reader: Reader): ReadableStream<Uint8Array> {
  let next: Reading | null = pending;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
    },
    async pull(controller) {
      const read = await (next ?? reader.read());
      next = null;
      if (read.done) controller.close();
      else controller.enqueue(read.value.slice());
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
