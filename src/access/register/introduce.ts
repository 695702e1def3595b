/**
 * What a node has to know of a token that it has not heard of: the token, its owner, and what has been given to him and to everybody. Numbered
 * as the newest change there is, so that whatever is told after it counts as newer.
 */
import type { DocumentReader, MetadataStore } from '../../store.ts';
import { documents, find, keys, listed, orderDocument, pointerDocument } from './documents.ts';
import { keyOf, type News, tokenNews } from './news.ts';

export type Introduction = readonly { readonly key: string; readonly news: News }[];

/** What has been given to everybody. */
export function introduceEverybody(metadata: MetadataStore): Promise<Introduction> {
  return metadata.transact(async (transaction) =>
    grantsTo(new Set(['everyone']), transaction, await newestOrder(transaction)),
  );
}

/** `null` for a token that there is not. */
export function introduce(metadata: MetadataStore, hash: string): Promise<Introduction | null> {
  return metadata.transact(async (transaction) => {
    const pointer = await find(transaction, pointerDocument, keys.hash(hash));
    const token = pointer && (await find(transaction, documents.token, keys.token(pointer.id)));
    if (token === null) return null;
    const order = await newestOrder(transaction);
    const told: { key: string; news: News }[] = [
      { key: keyOf('token', hash), news: { of: 'token', order, value: tokenNews.parse(token) } },
    ];
    const [kind, name = ''] = token.owner.split(':');
    const owners = new Set<string>([token.owner, 'everyone']);
    if (kind === 'user') {
      const user = await find(transaction, documents.user, keys.user(name));
      told.push({ key: keyOf('user', name), news: { of: 'user', order, value: user } });
      owners.add('users');
      for (const team of await listed(transaction, documents.team, 'team')) {
        if (!team.members.includes(name)) continue;
        owners.add(`team:${team.name}`);
        told.push({ key: keyOf('team', team.name), news: { of: 'team', order, value: team } });
      }
    }
    return [...told, ...(await grantsTo(owners, transaction, order))];
  });
}

async function newestOrder(reader: DocumentReader): Promise<number> {
  return (await find(reader, orderDocument, keys.order))?.last ?? 1;
}

async function grantsTo(
  owners: ReadonlySet<string>,
  reader: DocumentReader,
  order: number,
): Promise<Introduction> {
  const grants = await listed(reader, documents.grant, 'grant');
  return grants
    .filter(({ to }) => owners.has(to))
    .map((value) => ({ key: keyOf('grant', value.id), news: { of: 'grant', order, value } }));
}
