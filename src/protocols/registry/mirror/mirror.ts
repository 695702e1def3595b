/**
 * Keeps what lock files name for good, because somebody wants to use it when no upstream can be reached: whatever a client asks for to use a version, as
 * the ecosystem says (`needs`).
 */

import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Job, Protocol, Wanted } from '../../../protocol.ts';
import type { WrittenBlob } from '../../../store.ts';
import { asSha256, blobReferenceKey, type Document, type Sha256, type Transaction } from '../../../store.ts';
import { chunksOf, discard } from '../../bodies.ts';
import { openPin } from '../../pin.ts';
import { sideBySide } from '../../side-by-side.ts';
import type { Item, Mirroring, Needed, RegistryOrigin } from '../ecosystem.ts';
import { Refusal } from '../hosted/refusal.ts';
import { neverChanges } from '../item.ts';
import { asMirrored, type Mirrored, mirrorKey } from './record.ts';
import { noteUse } from './use.ts';

export type MirroringOrigin = Pick<
  RegistryOrigin,
  'ecosystem' | 'route' | 'prefix' | 'hosted' | 'mirror' | 'maxIndexBytes' | 'clock'
>;

/** Versions that are fetched at once. */
const atOnce = 8;
/** Addresses of one version. */
const mostNeeded = 10_000;

/** Absent where the ecosystem does not say what its clients ask for. */
export function mirrorOf(registry: MirroringOrigin): Pick<Protocol, 'mirror'> {
  if (registry.ecosystem.needs === undefined) return {};
  return {
    mirror: (wanted, job) =>
      sideBySide(wanted, atOnce, job.signal, (each) => keepVersion(registry, each, job)),
  };
}

/** What is missing is named, and the rest goes on; a store that fails ends it. */
async function keepVersion(registry: MirroringOrigin, wanted: Wanted, job: Job): Promise<void> {
  const what = `${wanted.name}@${wanted.version}`;
  await noting(job, what, async () => {
    const name = registry.ecosystem.canonical(wanted.name);
    if (registry.hosted?.claims(name) === true) return job.count('there');
    const needs = await registry.ecosystem.needs?.({ ...wanted, name }, readingOf(registry, job));
    if (needs === undefined) throw new Refusal(400, 'nothing of this route can be mirrored');
    if (needs.length === 0) throw new Refusal(404, 'nothing is known of this version');
    if (needs.length > mostNeeded) throw new Refusal(400, `it has more than ${mostNeeded} files`);
    const stands = needs.findLastIndex((need) => itemOf(registry, need)?.isFile === true);
    for (const [nth, need] of needs.entries()) {
      job.signal.throwIfAborted();
      const versions = nth === (stands < 0 ? needs.length - 1 : stands) ? 1 : 0;
      await noting(job, `${what}, ${need.path}`, () =>
        keep(registry, need, { version: wanted.version, versions }, job),
      );
    }
  });
}

async function noting(job: Job, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const why = reasonOf(error);
    if (why === null) throw error;
    job.count('missing');
    job.note(`${what}: ${why}`);
  }
}

const ofStore: ReadonlySet<string> = new Set(['store-full', 'store-unavailable', 'quota-exceeded']);

function reasonOf(error: unknown): string | null {
  if (error instanceof Refusal) return error.message;
  return error instanceof MeridianError && !ofStore.has(error.code) ? error.detail : null;
}

function readingOf({ prefix, maxIndexBytes }: MirroringOrigin, job: Job): Mirroring {
  return {
    async read(path) {
      const answer = await job.get(`${prefix}${path}`);
      if (answer.status !== 200) {
        await discard(answer);
        return null;
      }
      return wholeOf(answer, maxIndexBytes, path);
    },
  };
}

async function wholeOf({ body }: Answer, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(body)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Refusal(413, `${what} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** What an address means; where it has several forms, the one for who says nothing of what he likes. `null`: nothing that can be kept. */
function itemOf({ ecosystem }: MirroringOrigin, { path }: Needed): Item | null {
  const at = path.indexOf('?');
  const read = ecosystem.read(at < 0 ? path : path.slice(0, at), at < 0 ? '' : path.slice(at));
  if (read.as === 'item') return read.item;
  return read.as === 'forms' ? read.choose(null) : null;
}

interface For {
  readonly version: string;
  readonly versions: number;
}

async function keep(registry: MirroringOrigin, need: Needed, wanted: For, job: Job): Promise<void> {
  const { stores, signal } = job;
  const item = itemOf(registry, need);
  if (item === null) throw new Refusal(400, 'this is no address of something that can be kept');
  if (item.name !== null && registry.hosted?.claims(item.name) === true) return job.count('there');
  const expected = need.sha256 === undefined ? undefined : asSha256(need.sha256.toLowerCase());
  if (need.sha256 !== undefined && expected === undefined)
    throw new Refusal(400, 'what it must be is no SHA-256');
  const found = await stores.metadata.get(mirrorKey(registry.route, item));
  if (found !== null && neverChanges(item) && (await isKept(job, found, expected))) {
    await noteUse(registry.clock, stores.metadata, found);
    return job.count('there');
  }
  const answer = await job.get(`${registry.prefix}${need.path}`);
  if (answer.status !== 200) {
    await discard(answer);
    throw new Refusal(404, `the upstream answers ${answer.status}`);
  }
  const pin = openPin(stores.metadata, registry.clock);
  try {
    const written = await stores.blobs.write(answer.body ?? new Uint8Array(), {
      ...(expected !== undefined && { expect: { sha256: expected } }),
      ...{ claim: pin.claim, signal },
    });
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    const etag = item.isFile === true ? null : answer.headers.get('etag');
    const alert = await stores.metadata.transact(async (transaction) => {
      await pin.replace(transaction);
      return put(transaction, registry, job, { item, type, etag, written, wanted });
    });
    pin.settle();
    alert();
    job.count('mirrored');
    job.count('bytes', written.sizeBytes);
  } finally {
    await pin.release();
  }
}

async function isKept({ stores }: Job, { value }: Document, expected: Sha256 | undefined): Promise<boolean> {
  const { blob } = asMirrored(value);
  return (expected === undefined || expected === blob) && (await stores.blobs.stat(blob)) !== null;
}

interface Kept {
  readonly item: Item;
  readonly type: string;
  readonly etag: string | null;
  readonly written: WrittenBlob;
  readonly wanted: For;
}

/** In place of what there may be at this address. */
async function put(
  transaction: Transaction,
  { route, clock, mirror: { bytes: routeBytes } }: MirroringOrigin,
  { stores: { usage } }: Job,
  { item, type, etag, written: { sha256: blob, sizeBytes }, wanted: { version, versions } }: Kept,
): Promise<() => void> {
  const key = mirrorKey(route, item);
  const owned = { route, kept: 'mirrored', name: item.name ?? '' } as const;
  const found = await transaction.get(key);
  const before = found && asMirrored(found.value);
  if (before !== null) {
    await usage.discharge(transaction, owned, { versions: before.versions, bytes: before.sizeBytes });
    await transaction.delete(blobReferenceKey(before.blob, key));
  }
  // An index belongs to no version: the next one that is wanted finds it in another state.
  const counted = item.isFile === true || versions > 0 ? Math.max(versions, before?.versions ?? 0) : 0;
  const alert = await usage.charge(
    transaction,
    owned,
    { versions: counted, bytes: sizeBytes },
    { routeBytes },
  );
  const nowMs = clock.now();
  const isFile = item.isFile === true;
  const record: Mirrored = {
    ...{ blob, sizeBytes, type, etag, isFile, versions: counted, mirroredMs: nowMs, usedMs: nowMs },
    version: isFile ? (item.version ?? version) : null,
  };
  await transaction.put(key, record);
  await transaction.put(blobReferenceKey(blob, key), { sinceMs: nowMs });
  return alert;
}
