/** What is told to the nodes of a change of a repository, and what a change makes outdated. */
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Transaction } from '../../../store.ts';
import * as telling from '../../telling.ts';
import { type Item, keyOf } from '../key.ts';
import { referrersTag, repositoryTag, tagsTag } from '../tags.ts';
import type { Where } from './record.ts';

export { type Teller, tell, type Untold } from '../../telling.ts';

const documents = 'oci-unpurged';

/** Something is gone from a repository that may have held a signature. */
export type Withdrawn = (name: string, origin: Pick<OriginDoor, 'purge'>) => Promise<void>;

/** Within the transaction of the change. */
export function noteUntold(
  transaction: Transaction,
  { route, name }: Where,
  selectors: readonly Selector[],
): Promise<telling.Untold> {
  return telling.noteUntold(transaction, { documents, route }, name, selectors);
}

/** Whether something of a repository has not been told yet, or is just being told. */
export function hasUntold(reader: Pick<Transaction, 'scan'>, { route, name }: Where): Promise<boolean> {
  return telling.hasUntold(reader, { documents, route }, name);
}

/** @param withdraw what was left untold may have been that a signature is gone. */
export function openTeller(route: string, withdraw: Withdrawn): telling.Teller {
  return telling.openTeller({
    ...{ documents, route, before: withdraw },
    everythingOf: (name) => [{ by: 'tag', tag: repositoryTag(name) }],
  });
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
