/**
 * Every change is told to the nodes before whoever made it hears of his success. That there is something to tell is written down in
 * the same transaction, so that a crash in between does not leave a node with what was before.
 */
import { MeridianError } from '../../../errors.ts';
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { DocumentKey, Transaction } from '../../../store.ts';
import { forget, untold } from '../../untold.ts';
import { type Item, keyOf } from '../key.ts';
import { referrersTag, repositoryTag, tagsTag } from '../tags.ts';
import { storesOf } from './claims.ts';
import type { Where } from './record.ts';

const unpurgedPrefix = (route: string): DocumentKey => ['oci-unpurged', route];

/** Something is gone from a repository that may have held a signature. */
export type Withdrawn = (name: string, origin: Pick<OriginDoor, 'purge'>) => Promise<void>;

/** What has to be told of a change. */
export interface Untold {
  readonly key: DocumentKey;
  readonly selectors: readonly Selector[];
}

/** Within the transaction of the change. */
export async function noteUntold(
  transaction: Transaction,
  { route, name }: Where,
  selectors: readonly Selector[],
): Promise<Untold> {
  const key = [...unpurgedPrefix(route), name, crypto.randomUUID()];
  await transaction.put(key, {});
  return { key, selectors };
}

/** Whether something of a repository has not been told yet, or is just being told. */
export async function hasUntold(reader: Pick<Transaction, 'scan'>, { route, name }: Where): Promise<boolean> {
  return (await reader.scan([...unpurgedPrefix(route), name], { limit: 1 })).length > 0;
}

/**
 * After it. Fails with `bus-unreachable`, though the change has been made.
 * @param withdraw what is done before, where a signature may be gone.
 */
export async function tell(
  { key, selectors }: Untold,
  origin: Pick<OriginDoor, 'stores' | 'purge'>,
  what: string,
  withdraw?: () => Promise<void>,
): Promise<void> {
  try {
    await withdraw?.();
    await origin.purge(selectors);
  } catch (cause) {
    throw untold(what, cause);
  }
  await forget(storesOf(origin).metadata, key);
}

export interface Teller {
  /** Tells what was left untold, by an earlier process or by this one: with a request, and nobody waits for it. */
  tellLeft(origin: Pick<OriginDoor, 'stores' | 'purge'>): void;
  /** Work that may fail to tell what it has changed: then a later request does. */
  noting<Result>(work: Promise<Result>): Promise<Result>;
}

/** @param withdraw what was left untold may have been that a signature is gone. */
export function openTeller(route: string, withdraw: Withdrawn): Teller {
  let isTold = false;
  return {
    tellLeft(origin) {
      if (isTold) return;
      isTold = true;
      tellAll(route, origin, withdraw).catch(() => {
        isTold = false; // Where the store or the bus is away, the next request tries again.
      });
    },
    async noting(work) {
      try {
        return await work;
      } catch (error) {
        if (error instanceof MeridianError && error.code === 'bus-unreachable') isTold = false;
        throw error;
      }
    },
  };
}

async function tellAll(
  route: string,
  origin: Pick<OriginDoor, 'stores' | 'purge'>,
  withdraw: Withdrawn,
): Promise<void> {
  const { metadata } = storesOf(origin);
  for (;;) {
    const left = await metadata.scan(unpurgedPrefix(route), { limit: 100 });
    for (const { key } of left) {
      const name = key[2] ?? '';
      await withdraw(name, origin);
      await origin.purge([{ by: 'tag', tag: repositoryTag(name) }]);
      await forget(metadata, key);
    }
    if (left.length < 100) return;
  }
}

/** What a change makes outdated. */
export const outdated = {
  item: ({ route }: Where, item: Item): Selector => ({ by: 'key', key: keyOf(route, item) }),
  tags: ({ name }: Where): Selector => ({ by: 'tag', tag: tagsTag(name) }),
  referrers: ({ name }: Where, subject: string): Selector => ({
    by: 'tag',
    tag: referrersTag(name, subject),
  }),
};
