/**
 * A stored response as one worker gives it to another: what is known of it, all of it, and its body.
 *
 *     length of the JSON (4 bytes, big-endian), JSON, body
 */

import { z } from 'zod';
import type { Entry } from '../entry.ts';
import { parsedJson } from '../http/json.ts';
import type { CacheKey } from '../resource.ts';

const list = z.array(z.tuple([z.string(), z.string()]));

const freshness = z.object({
  initialAgeS: z.number(),
  lifetimeS: z.number(),
  staleWhileRevalidateS: z.number(),
  staleIfErrorS: z.number(),
  staleIfDisconnectedS: z.number(),
  immutable: z.boolean(),
  alwaysRevalidate: z.boolean(),
  neverStale: z.boolean(),
  revalidateS: z.number().optional(),
});

const message = z.object({
  key: z.string(),
  status: z.number(),
  fields: list,
  selecting: list,
  tags: z.array(z.string()),
  etag: z.string().nullable(),
  lastModifiedMs: z.number().nullable(),
  sourceEtag: z.string().nullable(),
  freshness,
  /** For how long it has been there, milliseconds: no clock of another machine is gone by. */
  heldMs: z.number().nonnegative(),
  sizeBytes: z.number(),
});

/** Longest JSON, bytes: a response has no more fields than a listener takes. */
export const mostHeadBytes = 256 * 1024;

export interface Given {
  readonly entry: Omit<Entry, 'asOf' | 'sha256'>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What comes before the body. */
export function headOfCopy(entry: Entry, nowMs: number): Uint8Array<ArrayBuffer> {
  const { asOf: _, sha256: __, freshness, ...known } = entry;
  const heldMs = Math.max(0, nowMs - freshness.receivedMs);
  const json = Buffer.from(JSON.stringify({ ...known, freshness, heldMs }));
  const bytes = new Uint8Array(4 + json.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  return bytes;
}

/** @param askedMs when it was asked for: what has passed on the way counts as time that it was held. `null`: it is none. */
export function readCopy(bytes: Uint8Array<ArrayBuffer>, askedMs: number): Given | null {
  if (bytes.length < 4) return null;
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const { data } = message.safeParse(parsedJson(Buffer.from(bytes.subarray(4, end)).toString()));
  const body = bytes.slice(end);
  if (data === undefined || body.length !== data.sizeBytes) return null;
  const { heldMs, key, ...known } = data;
  const times = { ...data.freshness, receivedMs: askedMs - heldMs };
  return { entry: { ...known, key: key as CacheKey, freshness: times }, body };
}
