/**
 * A fill whose body came whole with its head, as that of a small object mostly does. There is nothing to follow, to
 * hold back or to give up: it is kept at once, and whoever joins has all of it.
 */
import type { Entry, Head } from '../entry.ts';
import { asMeridianError, type MeridianError } from '../errors.ts';
import { streamOf } from './answer.ts';
import type { Fill } from './fill.ts';

export interface WholeFillOptions {
  readonly head: Head;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly keepBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<Entry | null>;
  readonly failed: (error: MeridianError) => void;
}

const begun = Promise.resolve();

export function wholeFill({ head, bytes, keepBytes, failed }: WholeFillOptions): Fill {
  const over = keepBytes(bytes).catch((thrown) => {
    failed(asMeridianError(thrown));
    return null; // the body is right, and goes to those who asked for it
  });
  const part = (from: number, to: number | null) => bytes.subarray(from, to ?? bytes.length);
  return {
    head,
    bytes,
    announcedBytes: bytes.length,
    receivedBytes: bytes.length,
    begun,
    over,
    alive: true,
    error: null,
    follow: (from, to) => streamOf({ body: part(from, to) }),
    async *pieces(from, to) {
      yield part(from, to);
    },
  };
}
