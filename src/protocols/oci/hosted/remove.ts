/**
 * Takes away tags, manifests and blobs (OCI Distribution Specification 1.1, Content Management). The bytes go with the next collection,
 * where nothing else needs them.
 */
import type { Answer } from '../../../entry.ts';
import type { Selector } from '../../../purge.ts';
import type { Transaction } from '../../../store.ts';
import { authorise } from '../../authorise.ts';
import type { Digest } from '../digest.ts';
import type { Reference } from '../path.ts';
import { neededBy, removeBlob } from './blobs.ts';
import { storesOf } from './claims.ts';
import { audit, type Changing } from './home.ts';
import { findBlob, findManifest, findTag, isRepository } from './record.ts';
import { Refusal } from './refusal.ts';
import { tagsOf, takeManifest, takeTag } from './take-away.ts';
import { noteUntold, outdated, tell } from './tell.ts';

/** `DELETE <name>/manifests/<reference>`: a tag alone, or a manifest with all its tags. */
export function remove(changing: Changing, reference: Reference): Promise<Answer> {
  return 'tag' in reference
    ? carryOut(changing, `${changing.at.name}:${reference.tag}`, (transaction) =>
        removeTag(transaction, changing, reference.tag),
      )
    : carryOut(changing, `${changing.at.name}@${reference.digest}`, (transaction) =>
        removeManifest(transaction, changing, reference.digest),
      );
}

/** `DELETE <name>/blobs/<digest>` */
export function removeUnneeded(changing: Changing, digest: Digest): Promise<Answer> {
  const { at, origin } = changing;
  return carryOut(changing, `${at.name}@${digest}`, async (transaction) => {
    const found = await findBlob(transaction, at, digest);
    if (found === null) throw new Refusal(404, 'BLOB_UNKNOWN', `${at.name} has no blob ${digest}.`);
    const manifest = await neededBy(transaction, at, digest);
    if (manifest !== null)
      throw new Refusal(405, 'UNSUPPORTED', `The manifest ${manifest} needs ${digest}: delete that first.`, {
        fields: { allow: 'GET, HEAD' },
      });
    await removeBlob(transaction, { at, stores: storesOf(origin) }, digest, found);
    await audit(transaction, changing, 'delete-blob', digest, { bytes: found.sizeBytes });
    return [outdated.item(at, { kind: 'blob', name: at.name, digest })];
  });
}

async function carryOut(
  changing: Changing,
  what: string,
  work: (transaction: Transaction) => Promise<readonly Selector[]>,
): Promise<Answer> {
  const { home, at, exchange, origin } = changing;
  const untold = await storesOf(origin).metadata.transact(async (transaction) => {
    const restricted = !home.hosted.isPublic(at.name);
    authorise(exchange, { action: 'delete', route: at.route, subject: at.name, restricted });
    if (!(await isRepository(transaction, at)))
      throw new Refusal(404, 'NAME_UNKNOWN', `There is no repository ${at.name}.`);
    return noteUntold(transaction, at, await work(transaction));
  });
  await tell(untold, origin, `The deletion of ${what}`, () => home.withdrawn(at.name, origin));
  return { status: 202, headers: new Headers({ 'cache-control': 'no-store' }), body: null };
}

async function removeTag(
  transaction: Transaction,
  changing: Changing,
  tag: string,
): Promise<readonly Selector[]> {
  const { home, at } = changing;
  const found = await findTag(transaction, at, tag);
  if (found === null) throw new Refusal(404, 'MANIFEST_UNKNOWN', `${at.name} has no tag ${tag}.`);
  refuseImmutable(changing, tag);
  await audit(transaction, changing, 'delete', tag, { digest: found.digest });
  return takeTag(transaction, { at, nowMs: home.clock.now() }, tag, found);
}

/** With its tags. @returns what that makes outdated. */
export async function removeManifest(
  transaction: Transaction,
  changing: Changing,
  digest: Digest,
): Promise<readonly Selector[]> {
  const { home, at, origin } = changing;
  const found = await findManifest(transaction, at, digest);
  if (found === null) throw new Refusal(404, 'MANIFEST_UNKNOWN', `${at.name} has no manifest ${digest}.`);
  const tags = await tagsOf(transaction, at, digest);
  for (const tag of tags) refuseImmutable(changing, tag);
  await audit(transaction, changing, 'delete', digest, { tags: tags.join(' ').slice(0, 1000) });
  const taking = { at, stores: storesOf(origin), nowMs: home.clock.now() };
  return takeManifest(transaction, taking, digest, found, tags);
}

export function refuseImmutable({ home }: Changing, tag: string): void {
  if (home.hosted.isImmutable(tag))
    throw new Refusal(403, 'DENIED', `The tag ${tag} stays what it is here, so it cannot be taken away.`);
}
