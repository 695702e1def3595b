/**
 * Uploads that arrive in pieces, each a file: its name says which it is and whose, its length where it goes on, and when it was
 * changed, whether it has expired. So nothing else has to be written down, and a restart changes nothing. What has passed is
 * hashed on its way; after a restart, it is read again for that.
 */
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type {
  OwnUploads,
  Upload,
  UploadBounds,
  UploadOwner,
  Uploads,
  WriteOptions,
  WrittenBlob,
} from '../../store.ts';
import { fileFailure, flushFolder, isMissing, piecesOf } from '../file.ts';
import { type Draft, dropDrafts } from './drafts.ts';
import { type Hashing, hashing } from './hashing.ts';
import { chunksOf } from './source.ts';
import { streamIn } from './streaming-in.ts';
import { type UploadLedger, uploadLedger } from './upload-ledger.ts';

/** Who has as many as he may loses those that he has not gone on with for so long. */
const restMs = 60 * 60_000;
/** Uploads whose hash is at hand. Of others, what has come is read again in the end. */
const maxHashing = 2_000;

export interface UploadsOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** What is being written, beside: what a crash has left of it expires like an upload. */
  readonly drafts: string;
  /** As they are now. */
  readonly bounds: () => UploadBounds;
  /** Fails when there is too little room. */
  readonly room: () => Promise<void>;
  /** Makes a blob of a whole file, which it may move away. */
  readonly keep: (draft: Draft, signal: AbortSignal | undefined) => Promise<unknown>;
}

interface Opened extends UploadsOptions {
  readonly ledger: UploadLedger;
  /** By name of the file: what has come of it so far. */
  readonly hashes: Map<string, Hashing>;
  /** Those that are being changed: one at a time. */
  readonly busy: Set<string>;
}

export async function openUploads(options: UploadsOptions): Promise<Uploads> {
  const { folder } = options;
  const opened: Opened = {
    ...options,
    ledger: uploadLedger(options.bounds),
    hashes: new Map(),
    busy: new Set(),
  };
  await mkdir(folder, { recursive: true });
  for (const name of (await readdir(folder)).filter((each) => isName.test(each))) {
    const found = await statOf(opened, name);
    if (found !== null) opened.ledger.note(name, markIn(name), found.size);
  }
  return {
    of: (owner) => ownUploads(opened, owner),
    async expire(beforeMs) {
      await dropDrafts(options.drafts, beforeMs);
      return expire(opened, await readdir(folder), beforeMs);
    },
    get underWay() {
      return opened.ledger.underWay;
    },
  };
}

function ownUploads(opened: Opened, owner: UploadOwner): OwnUploads {
  const { folder, ledger, hashes, busy, clock } = opened;
  const by = markOf(owner.by);
  const suffix = `.${by}.${markOf(owner.for)}`;

  function nameOf(id: string): string {
    if (!isId.test(id)) throw unknown(id);
    return id + suffix;
  }

  async function find(id: string): Promise<Upload | null> {
    const found = isId.test(id) ? await statOf(opened, id + suffix) : null;
    return found && { id, offset: found.size, changedMs: found.mtimeMs };
  }

  return {
    find,

    async begin({ hash = [] } = {}) {
      const id = crypto.randomUUID();
      const name = nameOf(id);
      // It is counted before there is a file to be found.
      busy.add(name);
      try {
        await begun(opened, name, by, clock.now() - restMs);
        // It is there for good with the first piece: one of which nothing has come is begun anew as easily.
        await (await open(join(folder, name), 'wx')).close();
      } catch (error) {
        ledger.forget(name);
        throw fileFailure(error);
      } finally {
        busy.delete(name);
      }
      if (hashes.size < maxHashing) hashes.set(name, hashing({ hash }));
      return (await find(id)) ?? lost(id);
    },

    async append(id, offset, source, maxBytes = Number.POSITIVE_INFINITY) {
      const name = nameOf(id);
      await alone(opened, name, id, (path) =>
        using(path, 'r+', async (file) => {
          const at = (await file.stat()).size;
          if (at !== offset)
            throw new MeridianError('upload-offset', `it goes on at ${at}, not at ${offset}`);
          if (!ledger.has(name)) ledger.note(name, by, at);
          const isLasting = at === 0 ? flushFolder(folder) : null;
          const chunks = chunksOf(source, { maxBytes: maxBytes - at });
          // Whichever fails, the file is open until nothing is written to it any more.
          const ended = await Promise.allSettled([take(opened, { name, by, file, at, chunks }), isLasting]);
          for (const each of ended) if (each.status === 'rejected') throw each.reason;
        }),
      );
      return (await find(id)) ?? lost(id);
    },

    finish(id, options = {}) {
      const name = nameOf(id);
      return alone(opened, name, id, (path) => finish(opened, { name, path }, options));
    },

    async cancel(id) {
      if ((await find(id)) !== null) await alone(opened, id + suffix, id, () => end(opened, id + suffix));
    },
  };
}

interface Taking {
  readonly name: string;
  readonly by: string;
  readonly file: FileHandle;
  /** Where it goes on. */
  readonly at: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function take({ ledger, hashes, room }: Opened, { name, by, file, at, chunks }: Taking): Promise<void> {
  const known = hashes.get(name);
  // Unless it has been hashed up to here, it is read again in the end.
  const hash = known?.sizeBytes === at ? known : null;
  if (hash === null) hashes.delete(name);
  const heard = (chunk: Uint8Array) => {
    ledger.more(name, chunk.length);
    hash?.update(chunk);
  };
  try {
    await streamIn(file, at, chunks, { heard, room });
  } catch (error) {
    const { size } = await file.stat();
    ledger.note(name, by, size);
    if (hash?.sizeBytes !== size) hashes.delete(name);
    throw error;
  }
}

async function finish(
  opened: Opened,
  { name, path }: { readonly name: string; readonly path: string },
  options: Omit<WriteOptions, 'maxBytes'>,
): Promise<WrittenBlob> {
  const hash = opened.hashes.get(name);
  opened.hashes.delete(name);
  try {
    const { size } = await stat(path);
    const isKnown = hash?.sizeBytes === size && hash.covers(options);
    const written = isKnown ? hash.finish(options.expect) : await read(path, options);
    await options.claim?.(written.sha256);
    await opened.keep({ path, written }, options.signal);
    await end(opened, name);
    return written;
  } catch (error) {
    if (error instanceof MeridianError && error.code === 'blob-mismatch') await end(opened, name);
    throw error;
  }
}

function read(path: string, options: Omit<WriteOptions, 'maxBytes'>): Promise<WrittenBlob> {
  return using(path, 'r', async (file) => {
    const hashes = hashing(options);
    for await (const piece of piecesOf(file, (await file.stat()).size)) {
      options.signal?.throwIfAborted();
      hashes.update(piece);
    }
    return hashes.finish();
  });
}

/** Counts it, in the same moment in which there is room for it. @throws `overloaded` when there are too many that are in use. */
async function begun(opened: Opened, name: string, by: string, restedMs: number): Promise<void> {
  const { ledger } = opened;
  try {
    ledger.refuseOneMore(by);
  } catch {
    const own = ledger.names().filter((each) => markIn(each) === by);
    await expire(opened, own, restedMs);
    ledger.refuseOneMore(by);
  }
  ledger.note(name, by, 0);
}

async function expire(opened: Opened, names: readonly string[], beforeMs: number): Promise<number> {
  let expired = 0;
  for (const name of names) {
    if (!isName.test(name) || opened.busy.has(name)) continue;
    const found = await statOf(opened, name);
    if (found === null) opened.ledger.forget(name);
    if (found === null || found.mtimeMs >= beforeMs || opened.busy.has(name)) continue;
    await alone(opened, name, name, () => end(opened, name));
    expired++;
  }
  return expired;
}

async function end({ folder, ledger, hashes }: Opened, name: string): Promise<void> {
  hashes.delete(name);
  await rm(join(folder, name), { force: true });
  ledger.forget(name);
}

async function alone<Result>(
  { folder, busy, ledger, hashes }: Opened,
  name: string,
  id: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  if (busy.has(name)) throw new MeridianError('conflict', `upload ${id} is just being changed`);
  busy.add(name);
  try {
    return await work(join(folder, name));
  } catch (error) {
    if (!isMissing(error)) throw fileFailure(error);
    ledger.forget(name);
    hashes.delete(name);
    throw unknown(id);
  } finally {
    busy.delete(name);
  }
}

async function statOf({ folder }: Opened, name: string) {
  try {
    return await stat(join(folder, name));
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileFailure(error);
  }
}

const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Those without marks are of an earlier version, and nobody's. */
const isName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[\w-]{22}\.[\w-]{22})?$/;

/** Of any text, as part of the name of a file: the first 132 bits of its SHA-256. */
function markOf(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('base64url').slice(0, 22);
}

function markIn(name: string): string {
  return name.split('.')[1] ?? '';
}

async function using<Result>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function unknown(id: string): MeridianError {
  return new MeridianError('upload-unknown', `there is no upload ${id}`);
}

function lost(id: string): never {
  throw unknown(id);
}
