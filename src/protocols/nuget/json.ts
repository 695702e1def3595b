/** JSON of upstreams, packed or not: registrations come in gzip whether one likes it or not. */
import { gunzipSync } from 'node:zlib';
import type { z } from 'zod';
import { MeridianError } from '../../errors.ts';

/** @throws `upstream-invalid` beyond the bound, and for what is packed in another way. */
export function plainBytes(bytes: Uint8Array, headers: Headers, maxBytes: number): Uint8Array {
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding === 'identity') return bytes;
  if (coding !== 'gzip')
    throw new MeridianError('upstream-invalid', `An answer is packed by ${coding}, which was not asked for.`);
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw invalid(`An answer is no gzip of at most ${maxBytes} bytes.`, cause);
  }
}

/** @param what for people. @throws `upstream-invalid` for what is something else. */
export function jsonIn<Shape extends z.ZodType>(
  bytes: Uint8Array,
  shape: Shape,
  what: string,
): z.output<Shape> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid(`${what} is not what the protocol prescribes.`, cause);
  }
}

function invalid(detail: string, cause: unknown): MeridianError {
  return new MeridianError('upstream-invalid', detail, { cause });
}
