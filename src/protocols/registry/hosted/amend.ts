/** Changes what is said of a version that is there, and none of its bytes: yanked or not, listed or not, described in other words. */

import type { Action } from '../../../identity.ts';
import type { Act, Transaction } from '../../../store.ts';
import type { Pulling } from '../ecosystem.ts';
import { audit } from './audit.ts';
import { authorise, homeOf } from './authorise.ts';
import { storesOf } from './claims.ts';
import { findPackage, versionIn } from './find.ts';
import { refuseLongMeta } from './limits.ts';
import {
  asFile,
  asPackage,
  asVersion,
  fileKey,
  type HostedPackage,
  type HostedVersion,
  hostedLimits,
  type Meta,
  packageKey,
  versionKey,
  type Where,
} from './record.ts';
import { Refusal } from './refusal.ts';
import { noteLeft, noteUntold, tell } from './tell.ts';

export interface Amendment {
  /** In canonical form. */
  readonly name: string;
  /** The ecosystem's word for the audit log: `yank`. */
  readonly action: string;
  /** What whoever does it has to have the right to; absent: `publish`. */
  readonly right?: Action | undefined;
  readonly detail?: Act['detail'] | undefined;
  /** Tags of what else is outdated by it. */
  readonly outdates?: readonly string[] | undefined;
}

/**
 * @param change runs within a transaction, perhaps several times. What it returns may differ in `yanked`, `meta`, and `meta` of files; the same
 *   object: there is nothing to do. It may throw a `Refusal`.
 * @throws as `publish`; a `Refusal` where there is no such version.
 */
export async function amend(
  at: Pulling,
  { version, ...amendment }: Amendment & { readonly version: string },
  change: (version: HostedVersion) => HostedVersion,
): Promise<HostedVersion> {
  const { name } = amendment;
  const where: Where = { route: at.registry.route, name };
  return carryOut(at, amendment, version, async (transaction) => {
    const before = await versionIn(transaction, where, version);
    if (before === null) throw new Refusal(404, `There is no ${name} ${version}.`);
    const after = change(before);
    if (after === before) return { result: before, isChanged: false };
    await writeVersion(transaction, where, before, after);
    return { result: after, isChanged: true };
  });
}

/** The same for what is said of a package as a whole, such as its owners. @param change returns what is said from now on. */
export async function amendPackage(
  at: Pulling,
  amendment: Amendment,
  change: (pkg: HostedPackage) => Meta,
): Promise<HostedPackage> {
  const { name } = amendment;
  const key = packageKey({ route: at.registry.route, name });
  await carryOut(at, amendment, null, async (transaction) => {
    const found = await transaction.get(key);
    if (found === null) throw new Refusal(404, `There is no ${name}.`);
    const before = asPackage(found.value);
    const meta = change({ name, ...before });
    if (meta === before.meta) return { result: null, isChanged: false };
    refuseLongMeta(name, meta, hostedLimits.metaBytes);
    await transaction.put(key, { ...before, meta });
    return { result: null, isChanged: true };
  });
  const after = await findPackage(at, name);
  if (after === null) throw new Refusal(404, `There is no ${name}.`);
  return after;
}

interface Work<Result> {
  readonly result: Result;
  readonly isChanged: boolean;
}

async function carryOut<Result>(
  at: Pulling,
  { name, action, right = 'publish', detail = {}, outdates = [] }: Amendment,
  version: string | null,
  work: (transaction: Transaction) => Promise<Work<Result>>,
): Promise<Result> {
  authorise(at, right, name);
  homeOf(at, name);
  const { registry, door } = at;
  const outdated = { name, isListed: false, files: [], tags: outdates };

  const { result, untold } = await storesOf(door).metadata.transact(async (transaction) => {
    const { result, isChanged } = await work(transaction);
    if (!isChanged) return { result, untold: await noteLeft(transaction, at, outdated) };
    await touch(transaction, { route: registry.route, name }, registry.clock.now());
    await audit(transaction, at, { action, name, version, detail });
    return { result, untold: await noteUntold(transaction, at, outdated) };
  });
  await tell(untold, at, `What was done to ${name}${version === null ? '' : ` ${version}`} (${action})`);
  return result;
}

async function touch(transaction: Transaction, where: Where, nowMs: number): Promise<void> {
  const found = await transaction.get(packageKey(where));
  if (found !== null)
    await transaction.put(packageKey(where), { ...asPackage(found.value), changedMs: nowMs });
}

async function writeVersion(
  transaction: Transaction,
  where: Where,
  before: HostedVersion,
  { yanked, meta, files }: HostedVersion,
): Promise<void> {
  const { version } = before;
  refuseLongMeta(`${where.name} ${version}`, meta, hostedLimits.metaBytes);
  const found = await transaction.get(versionKey(where, version));
  const record = found && asVersion(found.value);
  if (record?.state === 'there')
    await transaction.put(versionKey(where, version), { ...record, yanked, meta });
  const metaBefore = new Map(before.files.map((file) => [file.name, file.meta]));
  for (const { name: file, meta: own } of files) {
    if (metaBefore.get(file) === own) continue;
    refuseLongMeta(file, own, hostedLimits.fileMetaBytes);
    const key = fileKey(where, version, file);
    const there = await transaction.get(key);
    const old = there && asFile(there.value);
    if (old?.state === 'there') await transaction.put(key, { ...old, meta: own });
  }
}
