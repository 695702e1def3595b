/**
 * Whose tokens there are, and when they expire: documents that point to a token, written and deleted in the same transaction as it is. So nobody
 * has to look through all tokens for those of one owner, or for those that are old.
 *
 * Records of before there were such pointers are given them once, some at a time; until that is done, those of one
 * owner are looked for among all.
 */
import { z } from 'zod';
import type { DocumentReader, MetadataStore, Transaction } from '../../store.ts';
import type { Token } from '../record.ts';
import { all, documents, find, keys, pointerDocument, read } from './documents.ts';

/** Of one transaction. */
const atOnce = 256;

const filledDocument = z.object({
  /** Id of the last token that has been given its pointers. */
  after: z.string(),
  isDone: z.boolean(),
});

export interface Holders {
  /**
   * Gives tokens of before their pointers, once for good; without effect after that.
   * @param signal stops it; the next one goes on from there.
   * @returns how many it were.
   */
  fillHolders(signal?: AbortSignal): Promise<number>;
}

export function holders(metadata: MetadataStore): Holders {
  let isDone = false;
  return {
    async fillHolders(signal) {
      let filled = 0;
      while (!isDone && signal?.aborted !== true) {
        const some = await metadata.transact(fillSome);
        filled += some.filled;
        isDone = some.isDone;
      }
      return filled;
    },
  };
}

async function fillSome(written: Transaction): Promise<{ filled: number; isDone: boolean }> {
  const known = await find(written, filledDocument, keys.filled);
  if (known?.isDone) return { filled: 0, isDone: true };
  const scan = known === null ? {} : { after: keys.token(known.after) };
  const page = await written.scan(keys.tokens, { ...scan, limit: atOnce });
  for (const document of page) await point(written, read(documents.token, document));
  const isDone = page.length < atOnce;
  await written.put(keys.filled, { after: page.at(-1)?.key.at(-1) ?? known?.after ?? '', isDone });
  return { filled: page.length, isDone };
}

/** Whether the pointers of all tokens are there. */
export async function isFilled(reader: DocumentReader): Promise<boolean> {
  return (await find(reader, filledDocument, keys.filled))?.isDone === true;
}

/** Writes the pointers of a token. */
export async function point(written: Transaction, { id, owner, expiresMs }: Token): Promise<void> {
  await written.put(keys.held(owner, id), { id });
  if (expiresMs !== null) await written.put(keys.expiry(expiresMs, id), { id });
}

export async function unpoint(written: Transaction, { id, owner, expiresMs }: Token): Promise<void> {
  await written.delete(keys.held(owner, id));
  if (expiresMs !== null) await written.delete(keys.expiry(expiresMs, id));
}

/** Some tokens of one owner, by id. @param after the id before them. */
export async function heldBy(
  reader: DocumentReader,
  owner: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly Token[]> {
  const found: Token[] = [];
  if (await isFilled(reader)) {
    const from = after === undefined ? after : keys.held(owner, after);
    for await (const document of all(reader, keys.heldOf(owner), { from, most: limit })) {
      const token = await find(reader, documents.token, keys.token(read(pointerDocument, document).id));
      // Read outside a transaction, it may have been revoked since.
      if (token !== null && found.push(token) === limit) break;
    }
    return found;
  }
  const from = after === undefined ? after : keys.token(after);
  for await (const document of all(reader, keys.tokens, { from })) {
    const token = read(documents.token, document);
    if (token.owner === owner && found.push(token) === limit) break;
  }
  return found;
}
