/**
 * The body of a request, read from a client that owes us nothing: it may be larger than it says, or trickle so
 * slowly that it only serves to hold a connection.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import { watchdog } from '../watchdog.ts';

export interface BodyLimits {
  readonly bodyBytes: number;
}

/** A body must come at this rate on average, once it has had `slowStartMs`. */
export const minBytesPerSecond = 500;
export const slowStartMs = 10_000;

/**
 * The request's body, `null` when it has none. Reading fails with `body-too-large`, or with `request-malformed` when
 * the client is too slow; only the time that the client is waited for counts, not that of a slow reader.
 *
 * @param ended called once, when the body has been read, has failed, or is not wanted any more.
 */
export function bodyWithin(
  request: Request,
  limits: BodyLimits,
  clock: Clock,
  ended?: () => void,
): ReadableStream<Uint8Array> | null {
  return request.body && guarded(request.body, limits, clock, ended);
}

function guarded(
  body: ReadableStream<Uint8Array>,
  { bodyBytes }: BodyLimits,
  clock: Clock,
  ended?: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let received = 0;
  let waitedMs = 0;
  let failure: MeridianError | null = null;

  const late = watchdog(clock, () => {
    fail(new MeridianError('request-malformed', `the body came slower than ${minBytesPerSecond} bytes/s`));
  });

  /** Ends the read that is under way, if any, as if the body were complete: `next` knows better. */
  function fail(error: MeridianError): void {
    failure = error;
    reader.cancel(error).catch(() => {}); // The client has left already: it will not be told why.
  }

  async function next(): Promise<Uint8Array | undefined> {
    const since = clock.elapsed();
    late.wait(Math.max(slowStartMs, (received / minBytesPerSecond) * 1000) - waitedMs);
    const { done, value } = await reader.read();
    late.rest();
    waitedMs += clock.elapsed() - since;
    received += value?.length ?? 0;
    if (received > bodyBytes) {
      fail(new MeridianError('body-too-large', `the body is longer than ${bodyBytes} bytes`));
    }
    if (failure) throw failure;
    return done ? undefined : value;
  }

  function end(): void {
    late.stop();
    ended?.();
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== undefined) {
            controller.enqueue(chunk);
            return;
          }
        } catch (error) {
          end();
          throw error;
        }
        end();
        controller.close();
      },
      cancel(reason) {
        end();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
