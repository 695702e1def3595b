/**
 * Publishes one version. The tarball is in the blob store by now, held by a pin; everything else becomes visible in one transaction, so a
 * crash leaves either the whole version or none. A version that is there is never replaced.
 */
import type { Answer } from '../../../entry.ts';
import { fromIntegrity } from '../../../http/digest.ts';
import { blobReferenceKey, type Revision, type Transaction, type WrittenBlob } from '../../../store.ts';
import type { Pin } from '../../pin.ts';
import { shortName } from '../../short-name.ts';
import type { JsonObject } from '../json.ts';
import { isNewPackageName, isVersion } from '../path.ts';
import { audit, type Changing, doneAnswer } from './change.ts';
import { storesOf } from './claims.ts';
import { type Contents, inspectTarball } from './inspect.ts';
import { type Provenance, readProvenance } from './provenance.ts';
import type { Publication } from './publication.ts';
import {
  attestationsKey,
  findPackage,
  type HostedPackage,
  type PublishedVersion,
  packageKey,
  readmeKey,
  type Summary,
  versionKey,
} from './record.ts';
import { authorise, Refusal } from './refusal.ts';
import { allOf, documentsOf, filesOf, keysOf } from './selectors.ts';
import { isExactVersion, looksLikeRange } from './semver.ts';
import { signingKeyOf, signVersion } from './signing.ts';
import { noteUnpurged, tell } from './tell.ts';
import type { Tarball } from './upload.ts';

/** A version that may be published as far as can be said without looking at what is there. */
interface Candidate {
  readonly version: string;
  readonly manifest: JsonObject;
  readonly tags: readonly string[];
  readonly tarball: WrittenBlob;
  readonly integrity: string;
  readonly shasum: string;
  readonly contents: Contents;
  readonly provenance: Provenance | null;
  readonly publication: Publication;
}

export async function publish(
  changing: Changing,
  publication: Publication,
  tarball: Tarball,
  pin: Pin,
): Promise<Answer> {
  const { npm, name, origin } = changing;
  const { metadata } = storesOf(origin);
  const candidate = await examine(changing, publication, tarball);
  const { alert, ...published } = await metadata.transact(async (transaction) => {
    await pin.replace(transaction);
    return add(transaction, changing, candidate);
  });
  pin.settle();
  alert();
  await tell(npm.route, { name, ...published }, origin, `The publication of ${name}@${candidate.version}`);
  return doneAnswer(name, published.revision, 201);
}

/** Fails with a `Refusal` that says what is wrong. */
async function examine(
  { name, origin }: Changing,
  publication: Publication,
  uploaded: Tarball,
): Promise<Candidate> {
  const { written: tarball } = uploaded;
  const { manifest, versions, attached } = publication;
  const version = manifest?.['version'];
  if (manifest === null || versions?.length !== 1)
    throw new Refusal(400, 'One version is published at a time.');
  if (!isNewPackageName(name))
    throw new Refusal(400, `${name} is no name for a new package: lower case only.`);
  if (manifest['name'] !== name) throw new Refusal(400, 'The manifest is about another package.');
  if (typeof version !== 'string' || version !== versions[0] || !isExactVersion(version)) {
    throw new Refusal(400, `${String(version)} is no version (semver.org), without build metadata.`);
  }
  const length = attached.find(({ file }) => file.endsWith('.tgz'))?.length ?? null;
  if (length !== null && length !== tarball.sizeBytes) {
    throw new Refusal(400, `The tarball has ${tarball.sizeBytes} bytes, not ${length} as announced.`);
  }
  const { sha1 = '', sha512 = '' } = tarball.hashes;
  const integrity = `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`;
  refuseOtherBytes(manifest, integrity, sha1);
  return {
    ...{ version, manifest, tarball, integrity, publication },
    tags: tagsFor(publication, version),
    shasum: sha1,
    contents: await inspectTarball(storesOf(origin).blobs, uploaded, name, version),
    provenance: readProvenance(attached, name, version, sha512),
  };
}

/** What the client says that it has sent has to be what has arrived. */
function refuseOtherBytes(manifest: JsonObject, integrity: string, sha1: string): void {
  const { dist } = manifest;
  if (typeof dist !== 'object' || dist === null || Array.isArray(dist)) return;
  const { integrity: stated, shasum } = dist as JsonObject;
  const wanted = typeof stated === 'string' ? fromIntegrity(stated) : undefined;
  const arrived =
    wanted &&
    new Map([
      ['sha512', fromIntegrity(integrity)?.value],
      ['sha1', Buffer.from(sha1, 'hex').toString('base64')],
    ]).get(wanted.algorithm);
  const isOther = arrived !== undefined && arrived !== wanted?.value;
  if (isOther || (typeof shasum === 'string' && shasum.toLowerCase() !== sha1)) {
    throw new Refusal(
      400,
      'The tarball is not the one that its manifest was made for (dist.integrity, dist.shasum).',
    );
  }
}

function tagsFor({ tags }: Publication, version: string): readonly string[] {
  const names = Object.keys(tags ?? {});
  for (const tag of names) {
    if (tags?.[tag] !== version) throw new Refusal(400, `The tag ${tag} is for another version.`);
    refuseUnlessTag(tag);
  }
  return names.length > 0 ? names : ['latest'];
}

export function refuseUnlessTag(tag: string): void {
  if (!isVersion(tag) || looksLikeRange(tag))
    throw new Refusal(400, `${tag} is no tag: it could be a version.`);
}

interface Published {
  readonly revision: Revision;
  readonly selectors: ReturnType<typeof documentsOf>;
  /** Says which quotas come near. */
  readonly alert: () => void;
}

async function add(transaction: Transaction, changing: Changing, candidate: Candidate): Promise<Published> {
  const { npm, name, exchange, origin } = changing;
  const { route, clock, hosted } = npm;
  const { version, tags, publication, provenance, tarball } = candidate;
  const nowMs = clock.now();
  const found = await findPackage(transaction, route, name);
  const restricted = found?.package.access === 'restricted';
  authorise(exchange, { action: 'publish', route, subject: name, restricted });
  if ((await transaction.get(versionKey(route, name, version))) !== null) {
    throw new Refusal(403, `You cannot publish over the previously published versions: ${version}.`);
  }
  const alert = await storesOf(origin).usage.charge(
    transaction,
    { route, kept: 'hosted', name },
    { versions: 1, bytes: tarball.sizeBytes },
    hosted?.bounds ?? {},
  );
  const before = found?.package ?? newPackage(publication.access ?? hosted?.access ?? 'restricted', nowMs);
  const { key, isNew } = await signingKeyOf(transaction, route, nowMs);
  const signature = signVersion(key, name, version, candidate.integrity);
  const by = shortName(exchange);
  const record: PublishedVersion = {
    state: 'published',
    manifest: manifestOf(candidate, name, by),
    dist: distOf(candidate, signature),
    blob: tarball.sha256,
    sizeBytes: tarball.sizeBytes,
    integrity: candidate.integrity,
    publishedMs: nowMs,
    by,
  };
  await transaction.put(versionKey(route, name, version), record, null);
  await transaction.put(blobReferenceKey(tarball.sha256, ['npm', route, name, version]), { sinceMs: nowMs });
  if (provenance !== null) await transaction.put(attestationsKey(route, name, version), provenance.document);
  const isLatest = tags.includes('latest') || before.latest === null;
  if (isLatest) await transaction.put(readmeKey(route, name), publication.readme ?? '');
  const changed: HostedPackage = {
    ...before,
    tags: {
      ...before.tags,
      ...Object.fromEntries(tags.map((tag) => [tag, version])),
      ...(isLatest && { latest: version }),
    },
    versions: { ...before.versions, [version]: nowMs },
    owners: before.owners.length > 0 ? before.owners : [{ name: by }],
    modifiedMs: nowMs,
    latest: isLatest ? summaryOf(record, version) : before.latest,
  };
  const revision = await transaction.put(packageKey(route, name), changed, found?.revision ?? null);
  // Before its first version, a name may have been somebody else's, or nobody's.
  const own =
    before.latest === null ? allOf(name) : [...documentsOf(route, name), ...filesOf(route, name, version)];
  const selectors = isNew ? [...own, ...keysOf(route)] : own;
  await noteUnpurged(transaction, npm, name, selectors);
  const detail = { tags: tags.join(' ').slice(0, DESCRIPTION_LENGTH), bytes: tarball.sizeBytes };
  await audit(transaction, changing, { what: 'publish', version, detail });
  return { revision, selectors, alert };
}

export function newPackage(access: HostedPackage['access'], nowMs: number): HostedPackage {
  return {
    ...{ access, tags: {}, versions: {}, deprecated: {}, owners: [] },
    ...{ createdMs: nowMs, modifiedMs: nowMs, latest: null },
  };
}

/** What the registry says itself is not taken from the client. */
export const registryFields: ReadonlySet<string> = new Set([
  'dist',
  'readme',
  '_id',
  '_npmUser',
  'deprecated',
]);

function manifestOf(
  { manifest, version }: Candidate,
  name: string,
  by: string,
): PublishedVersion['manifest'] {
  const own = Object.entries(manifest).filter(([field]) => !registryFields.has(field));
  return { ...Object.fromEntries(own), _id: `${name}@${version}`, _npmUser: { name: by } };
}

function distOf(
  { integrity, shasum, contents, provenance }: Candidate,
  signature: ReturnType<typeof signVersion>,
): PublishedVersion['dist'] {
  return {
    ...{ integrity, shasum, ...contents },
    signatures: [signature],
    ...(provenance !== null && { attestations: provenance.link }),
  };
}

const DESCRIPTION_LENGTH = 1_000;
const KEYWORDS = 64;

export function summaryOf({ manifest, by }: PublishedVersion, version: string): Summary {
  const { description, keywords } = manifest;
  const words = Array.isArray(keywords) ? keywords.filter((word) => typeof word === 'string') : [];
  return {
    version,
    description: typeof description === 'string' ? description.slice(0, DESCRIPTION_LENGTH) : '',
    keywords: words.slice(0, KEYWORDS).map((word) => word.slice(0, 100)),
    publisher: by,
  };
}
