/**
 * The two bodies of a request to an upstream, each with an eye on whose turn it is: an upstream is slow only while
 * it is waited for, not while our client takes or gives its bytes slowly.
 */
import { MeridianError } from '../../errors.ts';
import type { Watchdog } from '../watchdog.ts';

/** What a call hears of its bodies. */
export interface Watched {
  readonly late: Watchdog;
  /** The answer is complete, has failed, or is not wanted any more. */
  ended(): void;
  /** What the reader of the body is told. */
  failure(thrown: unknown, stage: 'body'): unknown;
}

/**
 * The answer's body, read as it is asked for. Fails with `upstream-truncated`, `upstream-invalid`, `upstream-timeout`,
 * or the reason of the abort.
 */
export function download(
  body: ReadableStream<Uint8Array>,
  betweenBytesMs: number,
  { late, ended, failure }: Watched,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        late.wait(betweenBytesMs);
        try {
          const { done, value } = await reader.read();
          late.rest();
          if (!done) {
            controller.enqueue(value);
            return;
          }
        } catch (thrown) {
          ended();
          throw failure(thrown, 'body');
        }
        ended();
        controller.close();
      },
      cancel(reason) {
        ended();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** The request's body, as fetch asks for it. The upstream has its time for an answer after each chunk. */
export function upload(
  body: ReadableStream<Uint8Array>,
  firstByteMs: number,
  late: Watchdog,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        late.rest();
        const { done, value } = await reader.read().catch(blameClient);
        late.wait(firstByteMs);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function blameClient(thrown: unknown): never {
  if (thrown instanceof MeridianError) throw thrown;
  throw new MeridianError('request-malformed', 'the request broke off within its body', { cause: thrown });
}
