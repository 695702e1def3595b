/**
 * One act of administration: what it changes, what is told of it to the nodes, and the line in the audit log are one
 * transaction, so that none of them is ever there without the others.
 */
import type { Clock } from '../../clock.ts';
import type { MetadataStore, Transaction } from '../../store.ts';
import { type AuditEvent, auditId } from './audit.ts';
import { find, keys, orderDocument } from './documents.ts';
import { keyOf, type News } from './news.ts';

/** Told, but not yet numbered. */
export type Change = News extends infer One
  ? One extends News
    ? Omit<One, 'order'> & { readonly name: string }
    : never
  : never;

export interface Acting {
  readonly documents: Transaction;
  /** To be told to all nodes, once all of this is durable. */
  tell(change: Change): void;
}

export interface ActOptions {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  /** Something is to be told. */
  readonly done: () => void;
}

/** Does it, and writes down who did what. */
export type Act = <Result>(
  event: Omit<AuditEvent, 'atMs'>,
  work: (acting: Acting) => Promise<Result>,
) => Promise<Result>;

export function actor({ metadata, clock, done }: ActOptions): Act {
  return async (event, work) => {
    const atMs = clock.now();
    const id = auditId();
    const result = await metadata.transact(async (transaction) => {
      const told: Change[] = [];
      const worked = await work({ documents: transaction, tell: (change) => void told.push(change) });
      if (told.length > 0) await writeUntold(transaction, told, atMs);
      await transaction.put(keys.audit(atMs, id), { ...event, atMs });
      return worked;
    });
    done();
    return result;
  };
}

/** To be told to all nodes once the transaction is durable. What is gone is remembered, as nothing else is left of it. */
export async function writeUntold(
  transaction: Transaction,
  told: readonly Change[],
  atMs: number,
): Promise<void> {
  let { last } = (await find(transaction, orderDocument, keys.order)) ?? { last: 0 };
  for (const { name, ...change } of told) {
    last++;
    const untold = { key: keyOf(change.of, name), news: { ...change, order: last } };
    await transaction.put(keys.untold(last), untold);
    if (change.value === null) await transaction.put(keys.gone(atMs, last), { key: untold.key });
  }
  await transaction.put(keys.order, { last });
}
