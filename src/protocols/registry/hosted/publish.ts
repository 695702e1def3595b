/**
 * Publishes files of a version. Their bytes are in the blob store by now, each held by a pin; everything else becomes visible in one transaction,
 * so a crash leaves either all of it or nothing. Of two who publish the same at once, one is told that it is there.
 *
 * A version that was taken away leaves its number taken, and a file its name, as on npm: whoever has the old bytes by its name in a lock file never gets
 * others. Only what is published to be replaced (`onExisting`) may come back.
 */
import type { Sha256, Transaction } from '../../../store.ts';
import { shortName } from '../../short-name.ts';
import type { Pulling } from '../ecosystem.ts';
import { audit } from './audit.ts';
import { authorise, homeOf } from './authorise.ts';
import type { Held } from './blob.ts';
import { type Hosted, storesOf } from './claims.ts';
import { holdFile, letGo, refuseOtherVersion } from './files.ts';
import { refuseLongKeys, refuseLongMeta, refuseTwice } from './limits.ts';
import {
  asFile,
  asPackage,
  asVersion,
  type FileRecord,
  fileKey,
  hostedLimits,
  type Meta,
  packageKey,
  type VersionThere,
  versionKey,
  type Where,
} from './record.ts';
import { Refusal, type RefusalStatus } from './refusal.ts';
import { noteLeft, noteUntold, type Outdated, tell } from './tell.ts';

export interface Publication {
  /** In canonical form. */
  readonly name: string;
  readonly version: string;
  readonly files: readonly FileToPublish[];
  /** Of the version: taken when it is new, and when it is replaced. */
  readonly meta: Meta;
  /**
   * What becomes of a version that is there.
   * `refuse`: it stays what it is, also for whoever sends the same again.
   * `add`: it may get more files; what is there with the same bytes counts as done, and with others is refused.
   * `replace`: files of these names become these; others of the version stay.
   */
  readonly onExisting: 'refuse' | 'add' | 'replace';
  /** Files of several versions may have one name, because their addresses hold the version. Absent: of a package, each has its own. */
  readonly isNameShared?: boolean | undefined;
  /** Of the refusal of what is there; absent: 409. */
  readonly takenStatus?: RefusalStatus | undefined;
  /** Tags of what else is outdated by it, such as an index of all packages. */
  readonly outdates?: readonly string[] | undefined;
}

export interface FileToPublish {
  /** As in addresses. */
  readonly name: string;
  readonly held: Held;
  readonly meta?: Meta | undefined;
  /**
   * Asked in the transaction, so that of two who have seen the same, one is too late. Throws a `Refusal` where it may not be put in place of what is there.
   * @param there what is there under its name; `null`: nothing.
   */
  readonly mayReplace?: ((there: Sha256 | null) => void) | undefined;
}

export interface Published {
  /** The first of its number. */
  readonly isNew: boolean;
  /** Names of files that are new, or have other bytes now: none, where all of it was there. */
  readonly files: readonly string[];
}

/**
 * Whoever hears of success can be sure that every node knows.
 * @throws a `Refusal`, `unauthenticated`, `forbidden`, `quota-exceeded`, and `bus-unreachable` where the change is made and could not be told.
 */
export async function publish(at: Pulling, publication: Publication): Promise<Published> {
  const { door } = at;
  const { name, version, files } = publication;
  authorise(at, 'publish', name);
  const hosted = homeOf(at, name);
  check(publication);
  const { alert, untold, ...published } = await storesOf(door).metadata.transact((transaction) =>
    add(transaction, at, hosted, publication),
  );
  for (const { held } of files) held.pin.settle();
  alert?.();
  await tell(untold, at, `The publication of ${name} ${version}`);
  return published;
}

function check({ name, version, files, meta }: Publication): void {
  refuseLongKeys(name, version, files);
  refuseTwice(files);
  refuseLongMeta(`${name} ${version}`, meta, hostedLimits.metaBytes);
  for (const file of files) refuseLongMeta(file.name, file.meta ?? {}, hostedLimits.fileMetaBytes);
}

interface Adding {
  readonly transaction: Transaction;
  readonly at: Pulling;
  readonly where: Where;
  readonly publication: Publication;
  readonly nowMs: number;
}

async function add(transaction: Transaction, at: Pulling, hosted: Hosted, publication: Publication) {
  const { registry, ask } = at;
  const { name, version, meta, onExisting } = publication;
  const where: Where = { route: registry.route, name };
  const nowMs = registry.clock.now();
  const adding: Adding = { transaction, at, where, publication, nowMs };
  const before = await versionBefore(adding);
  const changes = await addFiles(adding, before);
  const isNew = before === null;
  const outdated: Outdated = {
    ...{ name, isListed: false, files: changes.replaced, tags: publication.outdates ?? [] },
  };
  const isSame =
    before !== null &&
    changes.added.length === 0 &&
    (onExisting !== 'replace' || isSameMeta(before.meta, meta));
  if (isSame) {
    const untold = await noteLeft(transaction, at, outdated);
    return { isNew, files: [], alert: null, untold };
  }
  const isListed = await touchPackage(adding, isNew ? 1 : 0);
  const record: VersionThere = {
    ...(before ?? { state: 'there', publishedMs: nowMs, by: shortName(ask.exchange), yanked: null, meta }),
    ...(onExisting === 'replace' && { meta }),
    files: (before?.files ?? 0) + changes.added.length - changes.replaced.length,
  };
  if (record.files > hostedLimits.filesOfVersion)
    throw new Refusal(413, `A version may have ${hostedLimits.filesOfVersion} files.`);
  await transaction.put(versionKey(where, version), record);
  const alert = await weigh(adding, hosted, changes, isNew);
  const untold = await noteUntold(transaction, at, { ...outdated, isListed });
  const files = changes.added;
  const detail = { files: files.join(' ').slice(0, 1_000), bytes: changes.bytes };
  await audit(transaction, at, { action: 'publish', name, version, detail });
  return { isNew, files, alert, untold };
}

/** `null`: it is new. */
async function versionBefore({ transaction, where, publication }: Adding): Promise<VersionThere | null> {
  const { version, onExisting } = publication;
  const found = await transaction.get(versionKey(where, version));
  const record = found && asVersion(found.value);
  if (record === null) return null;
  if (record.state === 'there' && onExisting !== 'refuse') return record;
  if (record.state === 'gone' && onExisting === 'replace') return null;
  const gone = record.state === 'gone' ? ', was taken away, and leaves its number taken' : '';
  throw taken(publication, `${where.name} ${version} has been published${gone}.`);
}

function taken({ takenStatus = 409 }: Publication, message: string): Refusal {
  return new Refusal(takenStatus, message);
}

/** What goes is taken off first, so that what replaces it may need its place. */
async function weigh(
  { transaction, at, where }: Adding,
  { bounds }: Hosted,
  { bytes, bytesBefore }: Changes,
  isNew: boolean,
): Promise<() => void> {
  const { usage } = storesOf(at.door);
  const owned = { route: where.route, kept: 'hosted', name: where.name } as const;
  if (bytesBefore > 0) await usage.discharge(transaction, owned, { versions: 0, bytes: bytesBefore });
  return usage.charge(transaction, owned, { versions: isNew ? 1 : 0, bytes }, bounds);
}

interface Changes {
  /** Names of what is new or other now. */
  readonly added: readonly string[];
  /** Of that, what was there before. */
  readonly replaced: readonly string[];
  readonly bytes: number;
  readonly bytesBefore: number;
}

async function addFiles(adding: Adding, before: VersionThere | null): Promise<Changes> {
  const { transaction, where, publication, nowMs } = adding;
  const { version, files, isNameShared = false } = publication;
  const added: string[] = [];
  const replaced: string[] = [];
  let bytes = 0;
  let bytesBefore = 0;
  for (const { name, held, meta = {}, mayReplace } of files) {
    const found = await transaction.get(fileKey(where, version, name));
    const old = found && asFile(found.value);
    mayReplace?.(old?.state === 'there' ? old.blob : null);
    if (old !== null && isDone(publication, { name, held, meta }, old)) continue;
    if (old === null && !isNameShared) await refuseOtherVersion(transaction, where, version, name);
    if (old?.state === 'there') {
      await letGo(transaction, where, { version, file: name, record: old });
      bytesBefore += old.sizeBytes;
      if (before !== null) replaced.push(name);
    }
    await held.pin.replace(transaction);
    await holdFile(transaction, where, { version, file: name, held, meta, nowMs });
    added.push(name);
    bytes += held.sizeBytes;
  }
  return { added, replaced, bytes, bytesBefore };
}

/** Whether there is nothing left to do about it. @throws a `Refusal` where it stays what it is. */
function isDone(
  publication: Publication,
  { name, held: { sha256 }, meta }: FileToPublish,
  old: FileRecord,
): boolean {
  if (publication.onExisting === 'replace')
    return old.state === 'there' && old.blob === sha256 && isSameMeta(old.meta, meta ?? {});
  if (old.state === 'gone')
    throw taken(publication, `${name} has been published, was taken away, and leaves its name taken.`);
  if (old.blob === sha256) return true;
  throw taken(publication, `${name} has been published with other bytes, and stays what it is.`);
}

function isSameMeta(one: Meta, other: Meta): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @returns whether it is one package more. */
async function touchPackage({ transaction, where, nowMs }: Adding, more: number): Promise<boolean> {
  const key = packageKey(where);
  const found = await transaction.get(key);
  const before = found === null ? { createdMs: nowMs, versions: 0, meta: {} } : asPackage(found.value);
  await transaction.put(key, { ...before, versions: before.versions + more, changedMs: nowMs });
  return found === null;
}
