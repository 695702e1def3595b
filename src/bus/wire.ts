/**
 * An event as every log keeps it: one JSON text. What is not of this form was not written by a bus.
 */

import { z } from 'zod';
import type { BusEvent, Delivery, Place } from '../bus.ts';
import { MeridianError } from '../errors.ts';
import { parsedJson } from '../http/json.ts';

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

/** Tells two texts of a log apart: xxHash64, which is the same for every version of this program. */
export function digestOf(text: string): string {
  return Bun.hash.xxHash64(text).toString(36);
}

/** Where an event was heard. */
export type HeardAt = Place & { readonly digest: string };

/** What a log holds at a place. What is no event is of a type that nobody knows, empty, and has its place all the same. */
export function decode(text: string, { log, sequence, digest }: HeardAt): Delivery {
  const where = { position: { log, sequence }, digest };
  const { data: read } = message.safeParse(parsedJson(text));
  if (read === undefined)
    return { type: '', version: 0, data: null, publisher: '', publishedMs: 0, ...where };
  const { type, version, publisher, at, data } = read;
  return { type, version, data, publisher, publishedMs: at, ...where };
}
