/**
 * Takes in one version from a folder, as `publish` does from a client: the tarball first, then everything else in one
 * transaction. What is there already is left as it is.
 */
import { fromIntegrity } from '../../../../http/digest.ts';
import type { Job } from '../../../../protocol.ts';
import { blobReferenceKey, type Revision, type Transaction, type WrittenBlob } from '../../../../store.ts';
import { openPin } from '../../../pin.ts';
import type { NpmOrigin } from '../../origin.ts';
import { type Contents, lookInto } from '../inspect.ts';
import { newPackage, registryFields, summaryOf } from '../publish.ts';
import {
  asHostedVersion,
  attestationsKey,
  findPackage,
  type HostedPackage,
  type PublishedVersion,
  packageKey,
  readmeKey,
  versionKey,
} from '../record.ts';
import { Refusal } from '../refusal.ts';
import { allOf, keysOf } from '../selectors.ts';
import { cleaned, isExactVersion, looksLikeRange } from '../semver.ts';
import { signingKeyOf, signVersion } from '../signing.ts';
import { noteUnpurged } from '../tell.ts';
import type { Incoming, IncomingVersion } from './incoming.ts';

export interface Adding {
  readonly npm: NpmOrigin;
  readonly job: Job;
  readonly dryRun: boolean;
}

/** `null` revision: nothing was written. */
export interface Added {
  readonly as: 'added' | 'there';
  readonly sizeBytes: number;
  readonly revision: Revision | null;
}

/** A tarball whose bytes and contents are as the folder says. */
interface Checked {
  readonly sizeBytes: number;
  readonly sha1: string;
  readonly sha512: string;
  readonly integrity: string;
  readonly contents: Contents;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Fails with a `Refusal` for what is broken, or differs from what is here. */
export async function addVersion(adding: Adding, pkg: Incoming, incoming: IncomingVersion): Promise<Added> {
  const { npm, job, dryRun } = adding;
  const { version } = incoming;
  if (!isExactVersion(version)) throw new Refusal(400, 'that is no version (semver.org)');
  const found = await job.stores.metadata.get(versionKey(npm.route, pkg.name, version));
  const record = found && asHostedVersion(found.value);
  if (record?.state === 'gone')
    throw new Refusal(403, 'it was unpublished here, and its number is never used again');
  if (record && record.integrity === incoming.integrity)
    return { as: 'there', sizeBytes: record.sizeBytes, revision: null };
  const checked = await check(pkg.name, incoming);
  const { sizeBytes } = checked;
  if (record && record.integrity !== checked.integrity)
    throw new Refusal(403, 'another tarball is published here under this number');
  if (record) return { as: 'there', sizeBytes, revision: null };
  if (dryRun) return { as: 'added', sizeBytes, revision: null };
  return { as: 'added', sizeBytes, revision: await store(adding, pkg, incoming, checked) };
}

async function check(name: string, { path, version, manifest, ...said }: IncomingVersion): Promise<Checked> {
  const hashers = (['sha1', 'sha256', 'sha384', 'sha512'] as const).map((each) => new Bun.CryptoHasher(each));
  const file = Bun.file(path);
  for await (const chunk of file.stream()) for (const hasher of hashers) hasher.update(chunk);
  const [sha1 = '', sha256 = '', sha384 = '', sha512 = ''] = hashers.map((hasher) => hasher.digest('hex'));
  const digests = new Map(Object.entries({ sha1, sha256, sha384, sha512 }));
  const wanted = said.integrity === null ? undefined : fromIntegrity(said.integrity);
  const arrived = wanted && Buffer.from(digests.get(wanted.algorithm) ?? '', 'hex').toString('base64');
  if (arrived !== wanted?.value)
    throw new Refusal(400, 'the tarball is not the one that the folder describes (integrity)');
  if (said.shasum !== null && said.shasum.toLowerCase() !== sha1)
    throw new Refusal(400, 'the tarball is not the one that the folder describes (shasum)');
  const { manifest: its, contents } = await lookInto(file.stream());
  if (its['name'] !== name || typeof its['version'] !== 'string' || cleaned(its['version']) !== version)
    throw new Refusal(400, `the tarball says ${String(its['name'])}@${String(its['version'])}`);
  const integrity = `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`;
  return {
    ...{ sizeBytes: file.size, sha1, sha512, integrity, contents },
    manifest: manifest ?? { ...its, version },
  };
}

async function store(
  { npm, job }: Adding,
  pkg: Incoming,
  incoming: IncomingVersion,
  checked: Checked,
): Promise<Revision> {
  const { blobs, metadata, usage } = job.stores;
  const { sizeBytes, sha512 } = checked;
  const pin = openPin(metadata, npm.clock);
  try {
    const blob = await blobs.write(Bun.file(incoming.path).stream(), {
      expect: { sizeBytes, sha512 },
      claim: pin.claim,
      signal: job.signal,
    });
    const { revision, alert } = await metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      const owned = { route: npm.route, kept: 'hosted', name: pkg.name } as const;
      const more = { versions: 1, bytes: sizeBytes };
      const alert = await usage.charge(transaction, owned, more, npm.hosted?.bounds ?? {});
      return { revision: await put(transaction, npm, pkg, incoming, checked, blob), alert };
    });
    pin.settle();
    alert();
    return revision;
  } finally {
    await pin.release();
  }
}

async function put(
  transaction: Transaction,
  npm: NpmOrigin,
  pkg: Incoming,
  incoming: IncomingVersion,
  checked: Checked,
  { sha256, sizeBytes }: WrittenBlob,
): Promise<Revision> {
  const { route, clock } = npm;
  const { name } = pkg;
  const { version, publishedMs, attestations } = incoming;
  const nowMs = clock.now();
  const found = await findPackage(transaction, route, name);
  const before = found?.package ?? beginning(npm, pkg);
  const { key, isNew } = await signingKeyOf(transaction, route, nowMs);
  const { integrity } = checked;
  const record: PublishedVersion = {
    ...{ state: 'published', blob: sha256, sizeBytes, integrity, publishedMs, by: incoming.by },
    manifest: manifestOf(name, incoming, checked.manifest),
    dist: {
      ...{ integrity, shasum: checked.sha1, ...checked.contents },
      signatures: [signVersion(key, name, version, integrity)],
      ...attestationsIn(checked.manifest, attestations),
    },
  };
  await transaction.put(versionKey(route, name, version), record, null);
  await transaction.put(blobReferenceKey(sha256, ['npm', route, name, version]), { sinceMs: nowMs });
  if (attestations !== undefined) await transaction.put(attestationsKey(route, name, version), attestations);
  const tags = tagsAfter(before, pkg, version);
  const isLatest = tags['latest'] === version;
  if (isLatest) await transaction.put(readmeKey(route, name), pkg.readme ?? '');
  const after: HostedPackage = {
    ...before,
    tags,
    versions: { ...before.versions, [version]: publishedMs },
    deprecated: {
      ...before.deprecated,
      ...(incoming.deprecated !== null && { [version]: incoming.deprecated }),
    },
    modifiedMs: nowMs,
    latest: isLatest ? summaryOf(record, version) : before.latest,
  };
  const revision = await transaction.put(packageKey(route, name), after, found?.revision ?? null);
  await noteUnpurged(transaction, npm, name, isNew ? [...allOf(name), ...keysOf(route)] : allOf(name));
  return revision;
}

/** A package without any version yet. */
export function beginning({ hosted, clock }: NpmOrigin, pkg: Incoming): HostedPackage {
  const oldestMs = Math.min(clock.now(), ...pkg.versions.map(({ publishedMs }) => publishedMs));
  const bare = newPackage(pkg.access ?? hosted?.access ?? 'restricted', pkg.createdMs ?? oldestMs);
  const by = pkg.versions[0]?.by;
  return { ...bare, owners: pkg.owners.length > 0 || by === undefined ? pkg.owners : [{ name: by }] };
}

/** Tags that are there stay where they are: somebody may have moved them since. */
function tagsAfter({ tags, latest }: HostedPackage, pkg: Incoming, version: string): HostedPackage['tags'] {
  const own = Object.entries(pkg.tags).filter(([tag, target]) => target === version && !looksLikeRange(tag));
  return { ...Object.fromEntries(own), ...(latest === null && { latest: version }), ...tags };
}

function manifestOf(
  name: string,
  { version, by }: IncomingVersion,
  manifest: Checked['manifest'],
): PublishedVersion['manifest'] {
  const own = Object.entries(manifest).filter(([field]) => !registryFields.has(field));
  return { ...Object.fromEntries(own), name, version, _id: `${name}@${version}`, _npmUser: { name: by } };
}

/** The link to what vouches for it, where that came along. */
function attestationsIn(manifest: Checked['manifest'], attestations: unknown): { attestations?: unknown } {
  const { dist } = manifest;
  if (attestations === undefined || typeof dist !== 'object' || dist === null) return {};
  return 'attestations' in dist ? { attestations: dist.attestations } : {};
}
