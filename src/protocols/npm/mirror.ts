/**
 * Tarballs of other registries that are kept for good, because somebody wants to install them when no upstream can be
 * reached: bytes in the blob store, and a document for each.
 *
 *     npm-mirror <route> <name> <version>
 *
 * They are answered before an upstream is asked. What was mirrored never changes: a version's bytes do not.
 */
import { z } from 'zod';
import { mostVersions } from '../../catalogue.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { fromIntegrity } from '../../http/digest.ts';
import type { Ask } from '../../parent.ts';
import type { Job, OriginDoor, Wanted } from '../../protocol.ts';
import {
  asSha256,
  blobReferenceKey,
  type Document,
  type DocumentKey,
  type MetadataStore,
  type Owned,
  type Stores,
  type Transaction,
  type Usage,
  type WrittenBlob,
} from '../../store.ts';
import { immutable } from '../kept-for.ts';
import { openPin } from '../pin.ts';
import { sideBySide } from '../side-by-side.ts';
import { confirm } from './canonical.ts';
import { livesHere } from './hosted/claims.ts';
import { fileName, versionOfFile } from './hosted/record.ts';
import { Refusal } from './hosted/refusal.ts';
import { etagOf, reprDigestOf } from './integrity.ts';
import type { NpmOrigin } from './origin.ts';
import { isPackageName, isVersion } from './path.ts';
import { judge } from './policy/judge.ts';

export const mirroredOf = (route: string, ...name: readonly string[]): DocumentKey => [
  ...['npm-mirror', route, ...name],
];
const keyOf = (route: string, name: string, version: string) => mirroredOf(route, name, version);

export const mirrored = z.object({
  blob: z.string(),
  integrity: z.string(),
  sizeBytes: z.number(),
  mirroredMs: z.number(),
  /** When it was last wanted, to a day. */
  usedMs: z.number().optional(),
});

export type Mirrored = z.output<typeof mirrored>;

/** By version; more than `mostVersions` are left out. */
export async function mirroredVersions(
  route: string,
  name: string,
  { stores }: Pick<OriginDoor, 'stores'>,
): Promise<ReadonlyMap<string, Mirrored>> {
  const found =
    stores === null ? [] : await stores.metadata.scan(mirroredOf(route, name), { limit: mostVersions });
  return new Map(found.map(({ key, value }) => [key.at(-1) ?? '', mirrored.parse(value)]));
}

/** Tarballs that are fetched at once. */
const atOnce = 8;

export function mirror(npm: NpmOrigin, wanted: readonly Wanted[], job: Job): Promise<void> {
  return sideBySide(wanted, atOnce, job.signal, (each) => keepOrNote(npm, each, job));
}

/** What is missing is named, and the rest goes on; a store that fails ends it. */
async function keepOrNote(npm: NpmOrigin, wanted: Wanted, job: Job): Promise<void> {
  try {
    await keep(npm, wanted, job);
  } catch (error) {
    const why = reasonOf(error);
    if (why === null) throw error;
    job.count('missing');
    job.note(`${wanted.name}@${wanted.version}: ${why}`);
  }
}

const ofStore: ReadonlySet<string> = new Set(['store-full', 'store-unavailable']);

function reasonOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  return error instanceof MeridianError && !ofStore.has(error.code) ? error.detail : null;
}

async function keep(npm: NpmOrigin, { name, version, integrity }: Wanted, job: Job): Promise<void> {
  const { stores, signal } = job;
  if (!isPackageName(name) || !isVersion(version)) throw new Refusal(400, 'this is no version of a package');
  const isHosted = npm.hosted !== null && (await livesHere(npm.hosted, name, { stores }));
  if (isHosted) return job.count('there');
  const key = keyOf(npm.route, name, version);
  const before = await stores.metadata.get(key);
  if (before !== null && (await isKept(stores, before.value, integrity))) {
    await noteUse(npm, stores.metadata, before);
    return job.count('there');
  }

  const answer = await job.get(`${npm.prefix}/${name}/-/${fileName(name, version)}`);
  if (answer.status !== 200 || answer.body === null) {
    if (answer.body instanceof ReadableStream) await answer.body.cancel();
    throw new Refusal(404, `the upstream answers ${answer.status}`);
  }
  const pin = openPin(stores.metadata, npm.clock);
  try {
    const written = await stores.blobs.write(answer.body, {
      ...{ expect: expectedOf(integrity), hash: ['sha512'] },
      ...{ claim: pin.claim, signal },
    });
    const alert = await stores.metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      return put(npm, { name, version }, written, stores.usage, transaction);
    });
    pin.settle();
    alert();
    job.count('mirrored');
    job.count('bytes', written.sizeBytes);
  } finally {
    await pin.release();
  }
}

/** In place of what there may be under this number. */
async function put(
  { route, clock, mirror: { bytes: routeBytes } }: NpmOrigin,
  { name, version }: Pick<Wanted, 'name' | 'version'>,
  { sha256, sizeBytes, hashes }: WrittenBlob,
  usage: Usage,
  transaction: Transaction,
): Promise<() => void> {
  const key = keyOf(route, name, version);
  const owned: Owned = { route, kept: 'mirrored', name };
  const found = await transaction.get(key);
  const before = found && mirrored.parse(found.value);
  const old = before && asSha256(before.blob);
  if (before) await usage.discharge(transaction, owned, { versions: 1, bytes: before.sizeBytes });
  if (old) await transaction.delete(blobReferenceKey(old, key));
  const alert = await usage.charge(transaction, owned, { versions: 1, bytes: sizeBytes }, { routeBytes });
  const record: z.output<typeof mirrored> = {
    ...{ blob: sha256, sizeBytes, mirroredMs: clock.now() },
    integrity: `sha512-${Buffer.from(hashes.sha512 ?? '', 'hex').toString('base64')}`,
  };
  await transaction.put(key, record);
  await transaction.put(blobReferenceKey(sha256, key), { sinceMs: clock.now() });
  return alert;
}

/** Uses that are told apart are so far from each other. */
export const usedToMs = 24 * 3600_000;

async function noteUse(
  { clock }: NpmOrigin,
  metadata: MetadataStore,
  { key, value, revision }: Document,
): Promise<void> {
  const record = mirrored.parse(value);
  if (clock.now() - (record.usedMs ?? record.mirroredMs) < usedToMs) return;
  await metadata.transact(async (transaction) => {
    if ((await transaction.get(key))?.revision === revision)
      await transaction.put(key, { ...record, usedMs: clock.now() });
  });
}

async function isKept({ blobs }: Stores, value: unknown, wanted: string | null): Promise<boolean> {
  const { blob, integrity } = mirrored.parse(value);
  const sha256 = asSha256(blob);
  if (sha256 === undefined || (wanted !== null && wanted !== integrity)) return false;
  return (await blobs.stat(sha256)) !== null;
}

function expectedOf(integrity: string | null): Record<string, string> {
  const digest = integrity === null ? undefined : fromIntegrity(integrity);
  return digest ? { [digest.algorithm]: Buffer.from(digest.value, 'base64').toString('hex') } : {};
}

/**
 * Whether the policy lets it through whatever its document says, which is not looked at here: as if it had been published
 * when it was mirrored, and without provenance.
 */
function mayPass({ policy, clock }: NpmOrigin, name: string, version: string, publishedMs: number): boolean {
  const terms = policy?.termsOf(name) ?? null;
  if (terms === null) return true;
  const findings = judge(terms, { version, publishedMs, hasProvenance: false }, clock.now());
  return findings.every(({ passes }) => passes);
}

/** `null`: it is not mirrored, its bytes are not there, or its document has to be judged first. */
export async function serveMirrored(
  npm: NpmOrigin,
  name: string,
  file: string,
  { stored }: Ask,
  { stores }: Pick<OriginDoor, 'stores'>,
): Promise<Answer | null> {
  const version = versionOfFile(name, file);
  if (stores === null || version === null) return null;
  const found = await stores.metadata.get(keyOf(npm.route, name, version));
  if (found === null) return null;
  const { blob, integrity, mirroredMs } = mirrored.parse(found.value);
  if (!mayPass(npm, name, version, mirroredMs)) return null;
  const digest = reprDigestOf(integrity, undefined);
  const sha256 = asSha256(blob);
  if (digest === null || sha256 === undefined) return null;
  const etag = etagOf(digest);
  if (stored?.etag === etag) return confirm(etag, { cacheControl: immutable });
  const opened = await stores.blobs.open(sha256);
  if (opened === null) return null;
  // Nobody waits for it, and what is not noted today is noted tomorrow.
  void noteUse(npm, stores.metadata, found).catch((error) =>
    npm.warn('the use of what was mirrored could not be noted', { name, version, error }),
  );
  const headers = new Headers({
    'content-type': 'application/octet-stream',
    'content-length': String(opened.sizeBytes),
    'cache-control': immutable,
    'last-modified': new Date(mirroredMs).toUTCString(),
    'repr-digest': digest,
    etag,
  });
  return { status: 200, headers, body: opened.body };
}
