/**
 * The whole, from its beginning that has come already and the rest, which is asked for when the beginning has been
 * read (RFC 9111 §3.4). The rest has to have the same strong validator, or the body ends there as one that was cut off.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask, Parent } from '../../parent.ts';
import { discard, streamOf } from '../answer.ts';
import { type Part, partOf, validatorOf } from './version.ts';

interface Beginning extends Part {
  readonly validator: string;
}

export function completed(
  answer: Answer,
  beginning: Beginning,
  ask: Ask,
  parent: Parent,
): ReadableStream<Uint8Array> {
  return streamFrom(bothParts(answer, beginning, ask, parent), () => discard(answer));
}

async function* bothParts(
  answer: Answer,
  beginning: Beginning,
  ask: Ask,
  parent: Parent,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of streamOf(answer)) {
    received += chunk.length;
    yield chunk;
  }
  const { range, validator } = beginning;
  if (received !== range.end + 1) {
    throw new MeridianError('upstream-truncated', `${received} of ${range.end + 1} bytes of a part came`);
  }
  // A parent that has another version by now sends all of that one, and its head is enough to know.
  const part = { range: `bytes=${received}-`, ifRange: validator };
  const rest = await parent({ ...ask, stored: null, part });
  if (!continues(rest, beginning)) {
    discard(rest);
    throw new MeridianError(
      'upstream-changed',
      `the parent answered ${rest.status} to a request for the rest`,
    );
  }
  yield* streamOf(rest);
}

function continues({ status, headers }: Answer, { range, sizeBytes, validator }: Beginning): boolean {
  const part = status === 206 ? partOf(headers) : null;
  if (part === null || part.sizeBytes !== sizeBytes || validatorOf(headers) !== validator) return false;
  return part.range.start === range.end + 1 && part.range.end === sizeBytes - 1;
}

/**
 * Reads no further ahead than it is asked to.
 *
 * @param unread for a sequence that has not begun, which would not notice that nobody wants it.
 */
function streamFrom(chunks: AsyncGenerator<Uint8Array>, unread: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        unread();
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
