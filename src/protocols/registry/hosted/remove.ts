/**
 * Takes away what lives here: a file, a version, or all of a package. Its number, or its name, stays taken unless the ecosystem says otherwise. The
 * bytes go with a later collection, where nothing else needs them.
 */
import type { Action } from '../../../identity.ts';
import type { Document, Transaction } from '../../../store.ts';
import { shortName } from '../../short-name.ts';
import type { Pulling } from '../ecosystem.ts';
import { audit } from './audit.ts';
import { authorise, homeOf } from './authorise.ts';
import { storesOf } from './claims.ts';
import { letGo } from './files.ts';
import {
  allBelow,
  asFile,
  asPackage,
  asVersion,
  fileKey,
  filesPrefix,
  packageKey,
  versionKey,
  versionsPrefix,
  type Where,
} from './record.ts';
import { Refusal } from './refusal.ts';
import { noteLeft, noteUntold, tell } from './tell.ts';

export interface Removal {
  /** In canonical form. */
  readonly name: string;
  /** `null`: all of the package. */
  readonly version: string | null;
  /** `null`: all of the version. The last one of a version takes that with it. */
  readonly file: string | null;
  /** It may be published again, with other bytes: for what is a tree of files rather than a registry. Absent: its name stays taken. */
  readonly leavesNothing?: boolean | undefined;
  /** What whoever does it has to have the right to; absent: `delete`. */
  readonly right?: Action | undefined;
  /** For the audit log; absent: `remove`. */
  readonly action?: string | undefined;
  /** Tags of what else is outdated by it. */
  readonly outdates?: readonly string[] | undefined;
}

/** Documents that go in one transaction. */
const mostAtOnce = 1_000;

/**
 * A package of thousands of versions goes in several transactions: whoever looks meanwhile sees some of them gone.
 * @throws as `publish`, of the right to `delete`; a `Refusal` where there is no such thing.
 */
export async function remove(at: Pulling, removal: Removal): Promise<void> {
  const { name, version, file, right = 'delete' } = removal;
  authorise(at, right, name);
  homeOf(at, name);
  const what = [name, version, file].filter((part) => part !== null).join(' ');
  for (let isFirst = true; ; isFirst = false) {
    const step = await storesOf(at.door).metadata.transact((transaction) =>
      takeStep(transaction, at, removal, isFirst),
    );
    if (step.isMissing && isFirst) {
      await tell(step.untold, at, `The removal of ${what}`);
      if (step.untold === null) throw new Refusal(404, `There is no ${what}.`);
      return;
    }
    await tell(step.untold, at, `The removal of ${what}`);
    if (step.isDone) return;
  }
}

async function takeStep(transaction: Transaction, at: Pulling, removal: Removal, isFirst: boolean) {
  const { name, version, file, outdates = [], action = 'remove' } = removal;
  const where: Where = { route: at.registry.route, name };
  const taking = openTaking(transaction, at, where, removal);
  if (version !== null && file !== null) await taking.file(version, file);
  else if (version !== null) await taking.version(version);
  else await taking.all();
  const { files, versions, bytes } = taking.taken;
  const outdated = { name, isListed: false, files, tags: outdates };
  const isDone = !taking.isFull();
  if (files.length === 0 && versions === 0)
    return {
      isDone: true,
      isMissing: true,
      untold: isFirst ? await noteLeft(transaction, at, outdated) : null,
    };
  const owned = { route: where.route, kept: 'hosted', name } as const;
  await storesOf(at.door).usage.discharge(transaction, owned, { versions, bytes });
  const isListed = await touchPackage(transaction, where, versions, at.registry.clock.now());
  const subject = { action, name, version };
  if (isFirst)
    await audit(transaction, at, { ...subject, detail: { ...(file !== null && { file }), bytes } });
  const untold = await noteUntold(transaction, at, { ...outdated, isListed });
  return { isDone, isMissing: false, untold };
}

function openTaking(transaction: Transaction, at: Pulling, where: Where, { leavesNothing = false }: Removal) {
  const mark = { state: 'gone', goneMs: at.registry.clock.now(), by: shortName(at.ask.exchange) } as const;
  const files: string[] = [];
  let versions = 0;
  let bytes = 0;
  let isFull = false;

  async function end(key: Document['key']): Promise<void> {
    if (leavesNothing) await transaction.delete(key);
    else await transaction.put(key, mark);
  }

  /** @returns whether it was there. */
  async function takeFile(version: string, file: string, value: unknown): Promise<boolean> {
    const record = asFile(value);
    if (record.state !== 'there') {
      if (leavesNothing) await transaction.delete(fileKey(where, version, file));
      return false;
    }
    await letGo(transaction, where, { version, file, record });
    await end(fileKey(where, version, file));
    files.push(file);
    bytes += record.sizeBytes;
    return true;
  }

  async function takeVersion(version: string): Promise<void> {
    const found = await transaction.get(versionKey(where, version));
    const record = found && asVersion(found.value);
    if (record?.state !== 'there') return;
    for await (const { key, value } of allBelow(transaction, filesPrefix(where, version)))
      await takeFile(version, key.at(-1) ?? '', value);
    await end(versionKey(where, version));
    versions++;
  }

  return {
    get taken() {
      return { files, versions, bytes };
    },
    /** There is more. */
    isFull: () => isFull,
    version: takeVersion,
    async file(version: string, file: string): Promise<void> {
      const found = await transaction.get(fileKey(where, version, file));
      if (found === null || !(await takeFile(version, file, found.value))) return;
      const there = await transaction.get(versionKey(where, version));
      const record = there && asVersion(there.value);
      if (record?.state !== 'there') return;
      if (record.files <= 1) await takeVersion(version);
      else await transaction.put(versionKey(where, version), { ...record, files: record.files - 1 });
    },
    async all(): Promise<void> {
      for await (const { key, value } of allBelow(transaction, versionsPrefix(where))) {
        if (asVersion(value).state !== 'there') continue;
        if (files.length + versions >= mostAtOnce) {
          isFull = true;
          return;
        }
        await takeVersion(key.at(-1) ?? '');
      }
    },
  };
}

/** @returns whether it is one package less. */
async function touchPackage(
  transaction: Transaction,
  where: Where,
  fewer: number,
  nowMs: number,
): Promise<boolean> {
  const key = packageKey(where);
  const found = await transaction.get(key);
  if (found === null) return false;
  const before = asPackage(found.value);
  const versions = before.versions - fewer;
  if (versions <= 0) await transaction.delete(key);
  else await transaction.put(key, { ...before, versions, changedMs: nowMs });
  return versions <= 0;
}
