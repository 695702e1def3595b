/**
 * An event as every log keeps it: one JSON text. What is not of this form was not written by a bus.
 */
import { z } from 'zod';
import type { BusEvent, Delivery, Position } from '../bus.ts';
import { MeridianError } from '../errors.ts';

/** Longest text of an event. NATS takes messages of up to 1 MiB unless it is told otherwise. */
const maxBytes = 512 * 1024;

const message = z.object({
  type: z.string().min(1),
  version: z.number(),
  publisher: z.string(),
  /** ms since the epoch. */
  at: z.number(),
  data: z.unknown(),
});

export function encode({ type, version, data }: BusEvent, publisher: string, atMs: number): string {
  const text = JSON.stringify({ type, version, publisher, at: atMs, data });
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes)
    throw new MeridianError(
      'internal',
      `an event of type ${type} is longer than the ${maxBytes} bytes of one`,
    );
  return text;
}

/** `null`: it is no event. */
export function decode(text: string, position: Position): Delivery | null {
  const { data: read } = message.safeParse(parsed(text));
  if (read === undefined) return null;
  const { type, version, publisher, at, data } = read;
  return { type, version, data, publisher, publishedMs: at, position };
}

/** What JSON text says; `undefined` for text that is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
