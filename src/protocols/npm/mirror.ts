/**
 * Tarballs of other registries that are kept for good, because somebody wants to install them when no upstream can be
 * reached: bytes in the blob store, and a document for each.
 *
 *     npm-mirror <route> <name> <version>
 *
 * They are answered before an upstream is asked. What was mirrored never changes: a version's bytes do not.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { fromIntegrity } from '../../http/digest.ts';
import type { Ask } from '../../parent.ts';
import type { Job, OriginDoor, Wanted } from '../../protocol.ts';
import { asSha256, blobReferenceKey, type DocumentKey, type Stores } from '../../store.ts';
import { confirm, immutable } from './canonical.ts';
import { livesHere } from './hosted/claims.ts';
import { fileName, versionOfFile } from './hosted/record.ts';
import { refer } from './hosted/refer.ts';
import { Refusal } from './hosted/refusal.ts';
import { etagOf, reprDigestOf } from './integrity.ts';
import type { NpmOrigin } from './origin.ts';
import { isPackageName, isVersion } from './path.ts';
import { judge } from './policy/judge.ts';

const keyOf = (route: string, name: string, version: string): DocumentKey => [
  'npm-mirror',
  route,
  name,
  version,
];

const mirrored = z.object({
  blob: z.string(),
  integrity: z.string(),
  sizeBytes: z.number(),
  mirroredMs: z.number(),
});

/** Tarballs that are fetched at once. */
const atOnce = 8;

export async function mirror(npm: NpmOrigin, wanted: readonly Wanted[], job: Job): Promise<void> {
  const queue = wanted.values();
  async function work(): Promise<void> {
    for (const each of queue) {
      job.signal.throwIfAborted();
      await keepOrNote(npm, each, job);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
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
  if (before !== null && (await isKept(stores, before.value, integrity))) return job.count('there');

  const answer = await job.get(`${npm.prefix}/${name}/-/${fileName(name, version)}`);
  if (answer.status !== 200 || answer.body === null) {
    if (answer.body instanceof ReadableStream) await answer.body.cancel();
    throw new Refusal(404, `the upstream answers ${answer.status}`);
  }
  const { sha256, sizeBytes, hashes } = await stores.blobs.write(answer.body, {
    expect: expectedOf(integrity),
    hash: ['sha512'],
    signal,
  });
  const record: z.output<typeof mirrored> = {
    ...{ blob: sha256, sizeBytes, mirroredMs: npm.clock.now() },
    integrity: `sha512-${Buffer.from(hashes.sha512 ?? '', 'hex').toString('base64')}`,
  };
  await refer(stores, sha256, npm.clock.now(), async (transaction) => {
    const held = await transaction.get(key);
    const old = held && asSha256(mirrored.parse(held.value).blob);
    if (old) await transaction.delete(blobReferenceKey(old, key));
    await transaction.put(key, record);
    await transaction.put(blobReferenceKey(sha256, key), { sinceMs: npm.clock.now() });
  });
  job.count('mirrored');
  job.count('bytes', sizeBytes);
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
