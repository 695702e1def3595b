/**
 * The stores of an origin: opened when the node starts, looked at every now and then so that `meridian status` can say how
 * they are, closed when it drains.
 *
 * Files and SQLite have to open, or the node does not start. A database or a bucket may be away at that moment: what is
 * cached is served all the same, and they are used as soon as they answer.
 */
import { dirname } from 'node:path';
import { writeAudit } from '../access/register/audit.ts';
import type { Clock } from '../clock.ts';
import type { BlobsConfig, MetadataConfig, StoreConfig } from '../config/network.ts';
import { asMeridianError } from '../errors.ts';
import { readTls } from '../http/tls-files.ts';
import { type FilesOptions, openFiles } from '../origin/blobs/files.ts';
import { openS3 } from '../origin/blobs/s3.ts';
import { aboveFloor, type DiskSpace, measure, refusingBelow } from '../origin/disk-space.ts';
import { openPostgres } from '../origin/metadata/postgres.ts';
import { openSqlite } from '../origin/metadata/sqlite.ts';
import { openUsage } from '../origin/usage/usage.ts';
import type { BlobStore, Stores as LentStores, MetadataStore } from '../store.ts';
import type { Log } from '../telemetry/log.ts';
import { readableSize } from '../telemetry/readable.ts';
import { openTierTls } from './tier-tls.ts';

/** How often they are looked at. */
const checkMs = 15_000;

export interface Stores extends LentStores {
  readonly status: StoresStatus;
  /** Bounds may change while they are open. */
  readonly bounds: StoreBounds;
  retune(bounds: StoreBounds): void;
  /** Room on the disks that are written to. */
  space(): Promise<readonly DiskSpace[]>;
  close(): Promise<void>;
}

export type StoreBounds = Pick<StoreConfig, 'quotaBytes' | 'minFreeBytes' | 'uploads'>;

export interface StoresStatus {
  readonly blobs: StoreStatus;
  readonly metadata: StoreStatus;
}

export interface StoreStatus {
  readonly engine: string;
  /** When it was last looked at. */
  readonly state: 'unknown' | 'well' | 'failing';
}

export async function openStores(
  config: Pick<StoreConfig, 'blobs' | 'metadata'> & StoreBounds,
  clock: Clock,
  log: Log,
): Promise<Stores> {
  let bounds: StoreBounds = config;
  const folders = foldersOf(config);
  const minFreeBytes = () => bounds.minFreeBytes;
  const refuseBelow = refusingBelow({ folders, minFreeBytes, inWords: readableSize, measure });
  const uploadBounds = () => bounds.uploads;
  const room = () => refuseBelow(0);
  const opened = await openBlobs(config.blobs, { clock, log, uploadBounds, room });
  const blobs = aboveFloor(opened, refuseBelow);
  const usage = openUsage({
    storeBytes: () => bounds.quotaBytes,
    inWords: readableSize,
    warn: (message, fields) => log.warn(message, fields),
  });
  const metadata = await openMetadata(config.metadata, clock);
  const halves = { blobs: watched(blobs, 'blobs', log), metadata: watched(metadata, 'metadata', log) };
  let cancelNext = () => {};
  let closed = false;

  async function look(): Promise<void> {
    await Promise.all([halves.blobs.look(), halves.metadata.look()]);
    if (!closed) cancelNext = clock.after(checkMs, () => void look());
  }
  void look();

  return {
    blobs,
    metadata,
    usage,
    audit: writeAudit,
    get bounds() {
      return bounds;
    },
    retune(next) {
      bounds = next;
    },
    space: () => Promise.all(folders.map(measure)),
    get status() {
      return { blobs: halves.blobs.status(), metadata: halves.metadata.status() };
    },
    async close() {
      closed = true;
      cancelNext();
      await Promise.all([blobs.close(), metadata.close()]);
    },
  };
}

/** What is written to, on this machine. */
function foldersOf({ blobs, metadata }: Pick<StoreConfig, 'blobs' | 'metadata'>): readonly string[] {
  return [
    blobs.engine === 'files' ? blobs.path : blobs.spool,
    ...(metadata.engine === 'sqlite' ? [dirname(metadata.path)] : []),
  ];
}

/** Says how a store is, and logs when that changes. */
function watched(store: BlobStore | MetadataStore, half: string, log: Log) {
  let state: StoreStatus['state'] = 'unknown';
  return {
    status: (): StoreStatus => ({ engine: store.engine, state }),
    async look(): Promise<void> {
      try {
        await store.check();
        if (state === 'failing') log.info('the store is well again', { half, engine: store.engine });
        state = 'well';
      } catch (thrown) {
        const error = asMeridianError(thrown);
        if (state !== 'failing') log.warn('the store fails', { half, engine: store.engine, error });
        state = 'failing';
      }
    },
  };
}

interface Surroundings extends Pick<FilesOptions, 'clock' | 'uploadBounds' | 'room'> {
  readonly log: Log;
}

async function openBlobs(config: BlobsConfig, { log, ...around }: Surroundings): Promise<BlobStore> {
  if (config.engine === 'files') return openFiles({ path: config.path, ...around });
  const tls = await openTierTls(config, { clock: around.clock, log, to: 'the bucket' });
  const store = await openS3({
    ...{ ...config, ...around },
    ...{ clientTls: () => tls.current, random, env: process.env },
  });
  return {
    ...store,
    async close() {
      tls.close();
      await store.close();
    },
  };
}

async function openMetadata(config: MetadataConfig, clock: Clock): Promise<MetadataStore> {
  if (config.engine === 'sqlite') return openSqlite({ path: config.path, clock });
  const tls = config.tls && (await readTls(config.tls));
  return openPostgres({ ...config, tls, clock, random });
}

/** From 0 to 1: pauses before another try differ from process to process. */
function random(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
