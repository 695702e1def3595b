/** JSON of upstreams, held against its shape. */
import type { z } from 'zod';
import { MeridianError } from '../../errors.ts';

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
