/**
 * What the engines have in common: how a document becomes a row, the range of rows that a scan means, and the revision of a
 * transaction.
 */
import { MeridianError } from '../../errors.ts';
import { type Document, documentLimits, type Revision, type Scan } from '../../store.ts';
import { decodeKey, encodeKey, encodePrefix } from './key.ts';

/** How long one run of a transaction's work may take, ms. It holds up others as long. */
const transactionMs = 10_000;

export interface Row {
  readonly key: Uint8Array;
  readonly revision: string;
  readonly value: string;
}

export function toDocument({ key, revision, value }: Row): Document {
  return { key: decodeKey(key), value: JSON.parse(value), revision: revision as Revision };
}

/** Text: JSON escapes what text columns refuse, such as zero characters and lone surrogates. */
export function toText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new MeridianError('internal', 'a document holds what JSON cannot');
  const bytes = Buffer.byteLength(text);
  if (bytes <= documentLimits.valueBytes) return text;
  throw new MeridianError(
    'document-too-large',
    `${bytes} bytes, of ${documentLimits.valueBytes} that are taken`,
  );
}

/** Ordered by time for whoever looks, unique for everybody. */
export function newRevision(): Revision {
  return Bun.randomUUIDv7() as Revision;
}

export interface RowRange {
  /** Included. */
  readonly from: Uint8Array;
  /** Not included. */
  readonly before: Uint8Array;
  readonly limit: number;
  readonly descending: boolean;
}

export function rowRange(prefix: readonly string[], { after, limit, order }: Scan): RowRange {
  const wanted = limit ?? documentLimits.page;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > documentLimits.page) {
    throw new MeridianError('internal', `a page has 1 to ${documentLimits.page} documents, not ${wanted}`);
  }
  const [from, before] = encodePrefix(prefix);
  const descending = order === 'descending';
  if (after === undefined) return { from, before, limit: wanted, descending };
  const last = encodeKey(after);
  // The smallest byte string that is larger than another is that with a zero at its end.
  const next = Uint8Array.of(...last, 0);
  return descending
    ? { from, before: smaller(last, before), limit: wanted, descending }
    : { from: Buffer.compare(next, from) > 0 ? next : from, before, limit: wanted, descending };
}

function smaller(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) < 0 ? one : other;
}

export function conflict(key: readonly string[], expected: Revision | null): MeridianError {
  const found = expected === null ? 'is there already' : 'has changed, or is gone';
  return new MeridianError('conflict', `${key.join(' ')} ${found}`);
}

/** What is said when a transaction is used after its end, which is a mistake of the code that does. */
export function ended(): MeridianError {
  return new MeridianError('internal', 'a transaction was used after its end');
}

/** `work`'s result, or `store-unavailable` when it takes longer than a transaction may. */
export async function inTime<Result>(
  after: (delayMs: number, task: () => void) => () => void,
  work: Promise<Result>,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const cancel = after(transactionMs, () => {
    late.reject(new MeridianError('store-unavailable', `a transaction took longer than ${transactionMs} ms`));
  });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
