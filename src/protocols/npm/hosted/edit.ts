/**
 * Edits of a package's document by who has seen it: deprecations, tags, owners, and versions that are taken away. Whoever has
 * not seen the newest one is told so (409) and looks again.
 */
import type { Answer } from '../../../entry.ts';
import { blobReferenceKey, type Transaction } from '../../../store.ts';
import { shortName } from '../../short-name.ts';
import { adviceOnStars } from '../account/path.ts';
import { jsonAnswer } from '../canonical.ts';
import {
  type Changed,
  type Changing,
  changePackage,
  type Deed,
  doneAnswer,
  findForChange,
} from './change.ts';
import { storesOf } from './claims.ts';
import type { Publication } from './publication.ts';
import { summaryOf } from './publish.ts';
import {
  attestationsKey,
  type FoundPackage,
  findVersion,
  type HostedPackage,
  type Owner,
  versionKey,
  versionOfFile,
} from './record.ts';
import { authorise, Refusal } from './refusal.ts';
import { allOf, documentsOf, filesOf } from './selectors.ts';
import { highest } from './semver.ts';

const MAX_OWNERS = 1_000;
const MAX_MESSAGE = 1_024;
/** Of versions and owners, in one line of the audit log. */
const NOTED = 100;

/** @param seen the revision in the address: with one, versions that are missing are unpublished. */
export async function editDocument(
  changing: Changing,
  publication: Publication,
  seen: string | null,
): Promise<Answer> {
  const { name } = changing;
  if (publication.isStar) throw new Refusal(403, adviceOnStars);
  const revision = await changePackage(changing, 'publish', `The change of ${name}`, (found, transaction) => {
    refuseUnlessSeen(found, seen ?? publication.revision);
    return edited(changing, found.package, publication, seen !== null, transaction);
  });
  return doneAnswer(name, revision);
}

/** `DELETE /<name>/-rev/<revision>`. Its name stays here, and none of its numbers is used again. */
export async function unpublishAll(changing: Changing, seen: string): Promise<Answer> {
  const { name } = changing;
  const revision = await changePackage(
    changing,
    'delete',
    `The end of ${name}`,
    async (found, transaction) => {
      refuseUnlessSeen(found, seen);
      const { package: pkg } = found;
      const removed = Object.keys(pkg.versions);
      const changed = await withoutVersions(changing, pkg, removed, transaction);
      return { ...changed, deed: deedOf(pkg, changed, removed) };
    },
  );
  return doneAnswer(name, revision);
}

/** `DELETE /<name>/-/<file>/-rev/<revision>`: what npm does after it has unpublished the version, which took the file along. */
export async function refuseUnlessGone(changing: Changing, file: string): Promise<Answer> {
  const { npm, name, origin } = changing;
  await findForChange(changing, 'delete');
  const version = versionOfFile(name, file);
  const { metadata } = storesOf(origin);
  if (version !== null && (await findVersion(metadata, npm.route, name, version)) !== null) {
    throw new Refusal(409, `${name}@${version} is published: unpublish the version, not its file.`);
  }
  return jsonAnswer(200, { ok: true });
}

function refuseUnlessSeen({ revision }: FoundPackage, seen: string | null): void {
  if (seen === revision) return;
  throw new Refusal(409, 'Document update conflict: somebody else has changed the package. Read it again.');
}

async function edited(
  changing: Changing,
  pkg: HostedPackage,
  publication: Publication,
  mayUnpublish: boolean,
  transaction: Transaction,
): Promise<Changed> {
  const { versions, owners } = publication;
  const given = versions && new Set(versions);
  const added = versions?.find((version) => !Object.hasOwn(pkg.versions, version));
  if (added !== undefined)
    throw new Refusal(400, `${added} has no tarball: publish it as a version of its own.`);
  const removed =
    mayUnpublish && given ? Object.keys(pkg.versions).filter((version) => !given.has(version)) : [];
  if (removed.length > 0) authoriseMore(changing, pkg, 'delete');
  const isOwned = owners === null || Bun.deepEquals(owners, pkg.owners);
  if (!isOwned) authoriseMore(changing, pkg, 'admin');
  const next: HostedPackage = {
    ...pkg,
    deprecated: deprecatedAfter(pkg, publication),
    owners: isOwned ? pkg.owners : checkedOwners(owners),
    tags: tagsAfter(pkg, publication, removed),
  };
  const changed = await withoutVersions(changing, next, removed, transaction);
  return { ...changed, deed: deedOf(pkg, changed, removed) };
}

/** What an edit is about, as the audit log has it. */
function deedOf(
  before: HostedPackage,
  { package: after }: Omit<Changed, 'deed'>,
  removed: readonly string[],
): Deed {
  if (removed.length > 0) {
    const version = removed.length === 1 ? removed[0] : undefined;
    const numbers = removed.slice(0, NOTED).join(' ');
    return { what: 'unpublish', version, detail: { versions: removed.length, numbers } };
  }
  const isOther = (field: 'tags' | 'deprecated' | 'owners') => !Bun.deepEquals(before[field], after[field]);
  const detail = {
    ...(isOther('tags') && { tags: true }),
    ...(isOther('deprecated') && { deprecated: true }),
    ...(isOther('owners') && ownersIn(after.owners)),
  };
  return { what: 'edit', detail };
}

export function ownersIn(owners: readonly Owner[]): Deed['detail'] {
  const names = owners.slice(0, NOTED).map(({ name }) => name);
  return { owners: names.join(' ') };
}

function authoriseMore(
  { npm, name, exchange }: Changing,
  pkg: HostedPackage,
  action: 'delete' | 'admin',
): void {
  const restricted = pkg.access === 'restricted';
  authorise(exchange, { action, route: npm.route, subject: name, restricted });
}

export function checkedOwners(owners: readonly Owner[]): readonly Owner[] {
  if (owners.length === 0) throw new Refusal(400, 'A package has at least one owner.');
  if (owners.length > MAX_OWNERS) throw new Refusal(400, `A package has at most ${MAX_OWNERS} owners.`);
  return owners;
}

function deprecatedAfter(
  { deprecated, versions }: HostedPackage,
  publication: Publication,
): HostedPackage['deprecated'] {
  const after = { ...deprecated };
  for (const [version, message] of Object.entries(publication.deprecated)) {
    if (message === '' || !Object.hasOwn(versions, version)) delete after[version];
    else after[version] = message.slice(0, MAX_MESSAGE);
  }
  return after;
}

function tagsAfter(
  { tags, versions }: HostedPackage,
  publication: Publication,
  removed: readonly string[],
): HostedPackage['tags'] {
  const wanted = publication.tags ?? tags;
  const stray = Object.entries(wanted).find(([, version]) => !Object.hasOwn(versions, version));
  if (stray !== undefined)
    throw new Refusal(400, `The tag ${stray[0]} is for ${stray[1]}, which does not exist.`);
  return Object.fromEntries(Object.entries(wanted).filter(([, version]) => !removed.includes(version)));
}

/** The package once these versions are gone, and its newest is the one that it should be. */
async function withoutVersions(
  { npm, name, exchange, origin }: Changing,
  pkg: HostedPackage,
  removed: readonly string[],
  transaction: Transaction,
): Promise<Omit<Changed, 'deed'>> {
  const { route, clock } = npm;
  let [versionsLess, bytesLess] = [0, 0];
  for (const version of removed) {
    const record = await findVersion(transaction, route, name, version);
    if (record === null) continue;
    const gone = { state: 'gone', goneMs: clock.now(), by: shortName(exchange) };
    await transaction.put(versionKey(route, name, version), gone);
    await transaction.delete(attestationsKey(route, name, version));
    await transaction.delete(blobReferenceKey(record.blob, ['npm', route, name, version]));
    versionsLess++;
    bytesLess += record.sizeBytes;
  }
  if (versionsLess > 0) {
    const less = { versions: versionsLess, bytes: bytesLess };
    await storesOf(origin).usage.discharge(transaction, { route, kept: 'hosted', name }, less);
  }
  const isLeft = ([version]: readonly [string, unknown]) => !removed.includes(version);
  const versions = Object.fromEntries(Object.entries(pkg.versions).filter(isLeft));
  const deprecated = Object.fromEntries(Object.entries(pkg.deprecated).filter(isLeft));
  const tags = Object.fromEntries(Object.entries(pkg.tags).filter(([, version]) => isLeft([version, null])));
  const newest = tags['latest'] ?? highest(Object.keys(versions));
  const selectors =
    newest === null
      ? allOf(name)
      : [...documentsOf(route, name), ...removed.flatMap((version) => filesOf(route, name, version))];
  if (newest !== null) tags['latest'] = newest;
  const latest = await latestOf(newest);
  return { package: { ...pkg, versions, deprecated, tags, latest }, selectors };

  async function latestOf(version: string | null): Promise<HostedPackage['latest']> {
    if (version === null || version === pkg.latest?.version) return version === null ? null : pkg.latest;
    const record = await findVersion(transaction, route, name, version);
    return record && summaryOf(record, version);
  }
}
