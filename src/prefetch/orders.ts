/**
 * What somebody has ordered nodes to have, for a while: a document for each, in the origin's store, beside the lists that nodes are told.
 *
 *     prefetch <id>
 */
import { MeridianError } from '../errors.ts';
import { type PrefetchRecord, prefetchRecord } from '../messages/prefetch-order.ts';
import type { DocumentKey, MetadataStore } from '../store.ts';

const prefix = 'prefetch';
/** Of a network, at a time. */
const mostOrders = 1_000;

export interface Orders {
  all(): Promise<readonly PrefetchRecord[]>;
  find(id: string): Promise<PrefetchRecord | null>;
  /** @throws `quota-exceeded` where there are too many. */
  add(record: PrefetchRecord): Promise<void>;
  /** In place of what was known of it. Nothing, where it has been removed. */
  replace(record: PrefetchRecord): Promise<boolean>;
  remove(id: string): Promise<void>;
}

export function openOrders(metadata: MetadataStore): Orders {
  const keyOf = (id: string): DocumentKey => [prefix, id];
  const all = async () =>
    (await metadata.scan([prefix], { limit: mostOrders })).flatMap(
      ({ value }) => prefetchRecord.safeParse(value).data ?? [],
    );
  return {
    all,
    async find(id) {
      const found = await metadata.get(keyOf(id));
      return (found && prefetchRecord.safeParse(found.value).data) ?? null;
    },
    async add(record) {
      const known = await metadata.scan([prefix], { limit: mostOrders });
      if (known.length >= mostOrders)
        throw new MeridianError('quota-exceeded', `there are ${mostOrders} orders to prefetch already`);
      await metadata.transact(async (transaction) => {
        await transaction.put(keyOf(record.id), record, null);
      });
    },
    replace: (record) =>
      metadata.transact(async (transaction) => {
        if ((await transaction.get(keyOf(record.id))) === null) return false;
        await transaction.put(keyOf(record.id), record);
        return true;
      }),
    async remove(id) {
      await metadata.transact(async (transaction) => {
        await transaction.delete(keyOf(id));
      });
    },
  };
}
