/**
 * What came of the last look at all blobs of a store, and of the last collection, by whichever origin: for people to see, and
 * for the next one to know when it is due.
 */
import { z } from 'zod';
import type { DocumentKey, DocumentReader, MetadataStore } from '../../store.ts';

const seenKey: DocumentKey = ['collection', 'seen'];
const lastKey: DocumentKey = ['collection', 'last'];

/** Times are ms since the epoch, and those of the beginning. */
const seen = z.object({
  atMs: z.number(),
  blobs: z.number(),
  bytes: z.number(),
  /** Nobody needs them, and they are not old enough to be deleted. */
  unreferenced: z.number(),
  unreferencedBytes: z.number(),
});
export type Seen = z.output<typeof seen>;

/** Without counts: there has been none, and the time of the next one counts from then. */
const last = z.object({
  atMs: z.number(),
  deleted: z.number().optional(),
  deletedBytes: z.number().optional(),
  /** Of what was mirrored. */
  retired: z.number().optional(),
  retiredBytes: z.number().optional(),
});
export type Last = z.output<typeof last>;

export async function readSeen(reader: DocumentReader): Promise<Seen | null> {
  const found = await reader.get(seenKey);
  return found && seen.parse(found.value);
}

export async function readLast(reader: DocumentReader): Promise<Last | null> {
  const found = await reader.get(lastKey);
  return found && last.parse(found.value);
}

export async function writeSeen(metadata: MetadataStore, value: Seen): Promise<void> {
  await metadata.transact((transaction) => transaction.put(seenKey, value));
}

export async function writeLast(metadata: MetadataStore, value: Last): Promise<void> {
  await metadata.transact((transaction) => transaction.put(lastKey, value));
}
