/**
 * Which packages have changed lately, written down with each change, so that every origin can bring what it keeps of all of
 * them up to date without looking at all of them. Kept for an hour.
 */
import { z } from 'zod';
import type { Document, DocumentKey, DocumentReader, MetadataStore, Transaction } from '../../../store.ts';

/** Whoever has not looked for longer reads everything anew. */
export const changesKeptMs = 3_600_000;
/**
 * A change may come to light this much later than it says: clocks of nodes differ by five minutes at most, and a transaction takes
 * ten seconds.
 */
export const changesLateMs = 310_000;

const PAGE = 500;
const changed = z.object({ name: z.string() });

const changesPrefix = (route: string): DocumentKey => ['npm-changed', route];
const since = (route: string, ms: number): DocumentKey => [...changesPrefix(route), digits(ms)];

/** Times as text of one length, so that their order is that of the keys. */
function digits(ms: number): string {
  return String(Math.max(0, Math.floor(ms))).padStart(16, '0');
}

/** Within the transaction of the change. Under a key of its own, so that no two changes wait for each other. */
export async function noteChanged(
  transaction: Transaction,
  route: string,
  name: string,
  nowMs: number,
): Promise<void> {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString('base64url');
  await transaction.put([...since(route, nowMs), random], { name });
}

export interface Change {
  /** Of the change. */
  readonly id: string;
  /** Of the package. */
  readonly name: string;
  readonly atMs: number;
}

/** From that time on, in order. */
export async function* changesSince(
  reader: DocumentReader,
  route: string,
  sinceMs: number,
): AsyncGenerator<Change> {
  for await (const { key, value } of pages(reader, route, since(route, sinceMs)))
    yield { id: key.slice(2).join(' '), name: changed.parse(value).name, atMs: timeIn(key) };
}

/** Forgets those before that time. */
export async function forgetChanges(metadata: MetadataStore, route: string, beforeMs: number): Promise<void> {
  for (;;) {
    const oldest = await metadata.scan(changesPrefix(route), { limit: PAGE });
    const old = oldest.filter(({ key }) => timeIn(key) < beforeMs);
    if (old.length > 0)
      await metadata.transact(async (transaction) => {
        for (const { key } of old) await transaction.delete(key);
      });
    if (old.length < PAGE) return;
  }
}

function timeIn(key: DocumentKey): number {
  return Number(key[2]);
}

async function* pages(reader: DocumentReader, route: string, from: DocumentKey): AsyncGenerator<Document> {
  let after = from;
  for (;;) {
    const page = await reader.scan(changesPrefix(route), { after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = last.key;
  }
}
