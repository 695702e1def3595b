/**
 * What a node holds, memory and disk as one: where a stored response is found, kept, confirmed, dropped.
 */
import type { Answer, Entry, Freshness, Head } from '../entry.ts';
import type { CacheKey } from '../resource.ts';
import type { Disk } from './disk/disk.ts';
import type { ObjectWriter } from './disk/objects.ts';
import { confirmed } from './head.ts';
import type { Memory, Resident } from './memory.ts';

/** A stored response with its bytes at hand. */
export type Stored =
  | { readonly from: 'memory'; readonly entry: Entry; readonly resident: Resident }
  | { readonly from: 'disk'; readonly entry: Entry; readonly body: Blob };

export interface Store {
  /** Looks on disk; what is small enough moves up to memory on the way. */
  find(key: CacheKey, headers: Headers): Promise<Stored | null>;
  keepBytes(head: Head, bytes: Uint8Array<ArrayBuffer>): Promise<Entry | null>;
  keepFile(head: Head, file: ObjectWriter): Promise<Entry | null>;
  openFile(): Promise<ObjectWriter | null>;
  fileFailed(error: unknown): void;
  /** Refreshes a stored response by a 304. */
  confirm(stored: Stored, answer: Answer, freshness: Freshness): Stored;
  drop(key: CacheKey): void;
  /** Whether a body of this size, `null` when unknown, has a place here. */
  hasPlaceFor(sizeBytes: number | null): boolean;
  /** Resolves when what is on its way to disk has arrived. */
  settled(): Promise<void>;
}

/** Small bodies on their way to disk, all together. Beyond it they stay in memory alone. */
const pendingLimitBytes = 128 * 1024 * 1024;

export function store(memory: Memory, disk: Disk | null, memoryObjectBytes: number): Store {
  const pending = new Set<Promise<void>>();
  let pendingBytes = 0;

  function putOnDisk(entry: Entry, bytes: Uint8Array): Promise<void> {
    if (!disk || pendingBytes + bytes.length > pendingLimitBytes) return Promise.resolve();
    pendingBytes += bytes.length;
    const put = disk.put(entry, bytes).finally(() => {
      pending.delete(put);
      pendingBytes -= bytes.length;
    });
    pending.add(put);
    return put;
  }

  return {
    async find(key, headers) {
      const entry = disk?.find(key, headers);
      if (!disk || !entry) return null;
      const body = await disk.body(entry);
      if (!body) return null;
      if (entry.sizeBytes > memoryObjectBytes) return { from: 'disk', entry, body };
      try {
        const resident = memory.keep(entry, new Blob([await body.arrayBuffer()]));
        return resident ? { from: 'memory', entry, resident } : { from: 'disk', entry, body };
      } catch (error) {
        disk.failed(error);
        return null;
      }
    },

    async keepBytes(head, bytes) {
      const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
      const entry: Entry = { ...head, sizeBytes: bytes.length, sha256 };
      const resident = memory.keep(entry, new Blob([bytes]));
      const written = putOnDisk(entry, bytes);
      // From memory it can be served at once; if it did not fit, it exists only when the disk has it.
      if (!resident) await written;
      return entry;
    },

    async keepFile(head, file) {
      if (!disk) return null;
      const { sizeBytes } = file;
      memory.drop(head.key);
      return disk.commit(file, (sha256) => ({ ...head, sizeBytes, sha256 }));
    },

    openFile: async () => (disk ? disk.create() : null),
    fileFailed: (error) => disk?.failed(error),

    confirm(stored, answer, freshness) {
      const entry = confirmed(stored.entry, answer, freshness);
      disk?.update(entry);
      return stored.from === 'memory'
        ? { from: 'memory', entry, resident: memory.update(stored.resident, entry) }
        : { from: 'disk', entry, body: stored.body };
    },

    drop(key) {
      memory.drop(key);
      disk?.drop(key);
    },

    hasPlaceFor(sizeBytes) {
      if (disk?.stats.state === 'ready') return sizeBytes === null || sizeBytes <= disk.objectLimitBytes;
      return sizeBytes !== null && sizeBytes <= memoryObjectBytes;
    },

    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}
