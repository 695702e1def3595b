/**
 * The first thing that becomes of an answer of another node: what was packed for the way is what it had been before. So whatever is stored,
 * checked or derived, is the plain form.
 */
import { discard, streamOf } from '../cache/answer.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { hopCoding, packedField, unpackAtOnceBytes, unpackedBytes, unpacker } from '../http/packing.ts';
import { through } from '../http/through.ts';
import { frameEnd } from '../http/zstd-frame.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';

/**
 * Fails with `upstream-invalid` or `upstream-truncated`, as may the body: it is never longer than its head says, and never
 * whole before the packed form was.
 */
export function unpacked(answer: Answer, work: Pick<WorkMeter, 'packed'>): Answer {
  const { status, body } = answer;
  const said = answer.headers.get(packedField);
  if (said === null) return answer;
  const isRight = status === 200 && answer.headers.get('content-encoding') === hopCoding;
  if (!isRight || body === null || !/^(?:\d{1,15}|\?)$/.test(said)) {
    discard(answer);
    throw invalid('is said to be packed, and is not');
  }
  const length = said === '?' ? null : Number(said);
  const headers = new Headers(answer.headers);
  for (const name of [packedField, 'content-encoding', 'content-length']) headers.delete(name);
  if (length !== null) headers.set('content-length', said);
  if (body instanceof Uint8Array && length !== null && length <= unpackAtOnceBytes) {
    work.packed('received', length, body.length);
    return { status, headers, body: atOnce(body, length) };
  }
  return { status, headers, body: unpacking(streamOf(answer), length, work) };
}

function atOnce(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const frame = watchedFrame();
  frame.heard(packed);
  frame.whole();
  const bytes = usable(() => unpackedBytes(packed, length));
  if (bytes.length < length) throw truncated(`${bytes.length} of ${length} bytes came`);
  return bytes;
}

function unpacking(
  source: ReadableStream<Uint8Array>,
  length: number | null,
  work: Pick<WorkMeter, 'packed'>,
): ReadableStream<Uint8Array> {
  const frame = watchedFrame();
  let plainBytes = 0;
  let packedBytes = 0;
  return through(source, unpacker(), {
    heard(bytes) {
      packedBytes += bytes.length;
      frame.heard(bytes);
    },
    made(bytes) {
      plainBytes += bytes.length;
      if (length !== null && plainBytes > length) throw invalid(`is longer than ${length} bytes`);
    },
    whole() {
      frame.whole();
      if (length !== null && plainBytes < length) throw truncated(`${plainBytes} of ${length} bytes came`);
    },
    failure: (error, of) => (of === 'work' ? invalid('cannot be unpacked', error) : error),
    ended: () => work.packed('received', plainBytes, packedBytes),
  });
}

/** All that has come, and nothing else, must be one frame. */
function watchedFrame(): { heard(bytes: Uint8Array): void; whole(): void } {
  const end = frameEnd();
  return {
    heard(bytes) {
      const read = usable(() => end.read(bytes));
      if (read < bytes.length) throw invalid('goes on beyond its end');
    },
    whole() {
      if (!end.isReached) throw truncated('it ends within what is packed');
    },
  };
}

function usable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw invalid('cannot be unpacked', error);
  }
}

function invalid(how: string, cause?: unknown): MeridianError {
  return new MeridianError('upstream-invalid', `the answer of another node ${how}`, { cause });
}

function truncated(how: string): MeridianError {
  return new MeridianError('upstream-truncated', `the answer of another node was cut off: ${how}`);
}
