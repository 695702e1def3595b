/** What a blob is made of, piece by piece, whatever form it comes in. */
import { MeridianError } from '../../errors.ts';
import type { BlobSource } from '../../store.ts';

export interface SourceLimits {
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads no further than is asked for. A source that is not read to its end is cancelled. */
export async function* chunksOf(
  source: BlobSource,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: SourceLimits = {},
): AsyncGenerator<Uint8Array, void, void> {
  signal?.throwIfAborted();
  let bytes = 0;
  const counted = (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return chunk;
    throw new MeridianError('body-too-large', `more than the ${maxBytes} bytes that may be stored here`);
  };
  if (source instanceof Uint8Array) {
    yield counted(source);
    return;
  }
  const reader = source.getReader();
  const abort = () => cancel(reader, signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // Cancelling makes a waiting `read` end as if the source had.
      signal?.throwIfAborted();
      if (done) return;
      if (value.length > 0) yield counted(value);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    cancel(reader, undefined);
  }
}

function cancel(reader: { cancel(reason: unknown): Promise<void> }, reason: unknown): void {
  reader.cancel(reason).catch(() => {
    // It has failed by itself, which whoever reads it has been told.
  });
}
