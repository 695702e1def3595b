/** Takes in a folder, package by package. What is broken is noted by name, and the rest goes on. */
import { MeridianError } from '../../../../errors.ts';
import type { FolderIn, Job } from '../../../../protocol.ts';
import type { Revision, Transaction } from '../../../../store.ts';
import type { NpmOrigin } from '../../origin.ts';
import { isNewPackageName } from '../../path.ts';
import { findPackage, packageKey, versionKey } from '../record.ts';
import { Refusal } from '../refusal.ts';
import { allOf } from '../selectors.ts';
import { noteUnpurged, tell } from '../tell.ts';
import { type Adding, addVersion, beginning } from './add.ts';
import type { Incoming, IncomingVersion } from './incoming.ts';
import { readTarballs } from './tarballs.ts';
import { readVerdaccio } from './verdaccio.ts';

export async function takeIn(npm: NpmOrigin, folder: FolderIn, job: Job): Promise<void> {
  const { path, layout, all, dryRun } = folder;
  const found =
    layout === 'verdaccio'
      ? readVerdaccio({ path, all, maxBytes: npm.maxPackumentBytes })
      : readTarballs(path, job.signal);
  for await (const { package: pkg, broken } of found) {
    for (const { what, why } of broken) refused(job, what, why);
    if (pkg !== null) await takePackage({ npm, job, dryRun }, pkg);
  }
}

function refused({ count, note }: Job, what: string, why: string): void {
  count('refused');
  note(`${what}: ${why}`);
}

async function takePackage(adding: Adding, pkg: Incoming): Promise<void> {
  const { npm, job, dryRun } = adding;
  const { name } = pkg;
  const objection = objectionTo(npm, name);
  if (objection !== null) return refused(job, name, objection);
  job.count('packages');
  let revision: Revision | null = null;
  for (const incoming of latestFirst(pkg)) {
    job.signal.throwIfAborted();
    revision = (await takeVersion(adding, pkg, incoming)) ?? revision;
  }
  if (!dryRun) revision = (await takeGone(adding, pkg)) ?? revision;
  if (revision === null) return;
  await tell(npm.route, { name, selectors: allOf(name), revision }, job, `The import of ${name}`);
}

/** Why a package of that name cannot live here. */
function objectionTo({ hosted }: NpmOrigin, name: string): string | null {
  if (!isNewPackageName(name)) return 'packages that live here have names in lower case';
  if (hosted === null) return 'nothing lives on this route (`hosted`)';
  if (hosted.claims(name) || hosted.others) return null;
  return 'neither its scope nor its name is among those of this route (`hosted`)';
}

async function takeVersion(
  adding: Adding,
  pkg: Incoming,
  incoming: IncomingVersion,
): Promise<Revision | null> {
  const { job } = adding;
  try {
    const { as, sizeBytes, revision } = await addVersion(adding, pkg, incoming);
    job.count(as);
    if (as === 'added') job.count('bytes', sizeBytes);
    return revision;
  } catch (error) {
    const why = faultOf(error);
    if (why === null) throw error;
    refused(job, `${pkg.name}@${incoming.version}`, why);
    return null;
  }
}

/** `null`: it is not this version's, and the next one would fare no better. */
function faultOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  const isItsOwn = error instanceof MeridianError && faults.has(error.code);
  return isItsOwn ? error.detail : null;
}

/** A manifest that is too long; a file that changes while it is read; more than may be kept. */
const faults: ReadonlySet<string> = new Set(['document-too-large', 'blob-mismatch', 'quota-exceeded']);

/** So that no other version is the latest for a moment; the highest of the rest, should that one be broken. */
function latestFirst({ tags, versions }: Incoming): readonly IncomingVersion[] {
  const rank = ({ version }: IncomingVersion) =>
    version === tags['latest'] ? 2 : version.includes('-') ? 0 : 1;
  return versions.toSorted((a, b) => rank(b) - rank(a) || Bun.semver.order(b.version, a.version));
}

/** Numbers that must not be used again. */
async function takeGone({ npm, job }: Adding, pkg: Incoming): Promise<Revision | null> {
  const gone = Object.entries(pkg.gone);
  if (gone.length === 0) return null;
  return job.stores.metadata.transact((transaction) => putGone(transaction, npm, pkg, gone));
}

async function putGone(
  transaction: Transaction,
  npm: NpmOrigin,
  pkg: Incoming,
  gone: readonly (readonly [string, number])[],
): Promise<Revision | null> {
  const { route } = npm;
  const { name } = pkg;
  let isNews = false;
  for (const [version, goneMs] of gone) {
    const key = versionKey(route, name, version);
    if ((await transaction.get(key)) !== null) continue;
    await transaction.put(key, { state: 'gone', goneMs, by: 'import' }, null);
    isNews = true;
  }
  if (!isNews) return null;
  const found = await findPackage(transaction, route, name);
  const revision = await transaction.put(packageKey(route, name), found?.package ?? beginning(npm, pkg));
  await noteUnpurged(transaction, npm, name, allOf(name));
  return revision;
}
