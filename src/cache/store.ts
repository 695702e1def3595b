/**
 * What a node holds, memory and disk as one: where a stored response is found, kept, confirmed, dropped.
 */
import type { Entry, Head } from '../entry.ts';
import type { CacheKey, Resource } from '../resource.ts';
import { type Arrival, arrivals, type InHand } from './arrivals.ts';
import type { Disk } from './disk/disk.ts';
import type { Kept } from './disk/index.ts';
import { sha256Of } from './disk/objects.ts';
import { variantOf } from './disk/row.ts';
import type { ObjectWriter } from './disk/writer.ts';
import { lately } from './lately.ts';
import type { Memory, Resident } from './memory.ts';
import type { Ledger } from './purge/ledger.ts';

/** A stored response with its bytes at hand. */
export type Stored =
  | { readonly from: 'memory'; readonly entry: Entry; readonly resident: Resident }
  | { readonly from: 'disk'; readonly entry: Entry; readonly body: Blob };

export interface Store {
  /** Looks in memory only. */
  peek(key: CacheKey, headers: Headers): Stored | null;
  /** Looks on disk; what is small enough moves up to memory on the way. At once, when the disk can. */
  find(key: CacheKey, headers: Headers): Stored | null | Promise<Stored | null>;
  /** What is stored, and where, by the indexes alone: its bytes may turn out to be wrong. */
  locate(key: CacheKey, headers: Headers): Pick<Stored, 'from' | 'entry'> | null;
  /** What has been found is in somebody's hands for a while. Whoever calls this ends it. */
  inHand(entry: Entry): InHand;
  /** A request for a response to this is being sent. Whoever calls this ends it. */
  expect(resource: Pick<Resource, 'key' | 'tags'>): Arrival;
  keepBytes(head: Head, bytes: Uint8Array<ArrayBuffer>, arrival: Arrival): Promise<Entry | null>;
  keepFile(head: Head, file: ObjectWriter, arrival: Arrival): Promise<Entry | null>;
  /** A file for a body that streams; `sha256` as in `Disk.create`. */
  openFile(sha256: string | null): Promise<ObjectWriter | null>;
  fileFailed(error: unknown): void;
  /** Replaces what is known of a stored response, unless another has taken its place. */
  confirm(stored: Stored, entry: Entry, arrival: Arrival): Stored;
  /** Forgets one variant, wherever it is: the parent has withdrawn it. */
  forget(entry: Entry): void;
  /** Whether a body of this size has a place here. One of unknown size (`null`) may have, until it turns out too large. */
  hasPlaceFor(sizeBytes: number | null): boolean;
  /** A body up to this size is kept in memory, a larger one on disk only. */
  readonly memoryObjectBytes: number;
  /** A larger body is not kept at all. */
  readonly objectLimitBytes: number;
  /** Compares what is on its way with the purges so far. Returns the newest that all of it has been compared with. */
  judgeArrivals(): number;
  /** Brings an entry on disk up to memory, unless there is one already. */
  warm(kept: Kept): Promise<Resident | null>;
  /** Resolves when what is on its way to disk has arrived. */
  settled(): Promise<void>;
}

/** Small bodies on their way to disk, all together. Beyond it they stay in memory alone. */
const pendingLimitBytes = 128 * 1024 * 1024;
/** What one of them takes at least. */
const pendingOverheadBytes = 4096;
/**
 * A body that is a file moves up to memory when it is asked for again, before others of this share of memory were: to send
 * it costs little, and to read it, compare it and make room for it, much.
 */
const sentShare = 1 / 2;

/** @param objectBytes one object in memory, at most; never more than a quarter of all of it. */
export function store(memory: Memory, disk: Disk | null, objectBytes: number, ledger: Ledger): Store {
  const underWay = arrivals(ledger);
  /** Small bodies on their way to disk, with what is known of them by now. */
  const pending = new Map<string, Pending>();
  let pendingBytes = 0;
  /** Entries that are being read, or checked, once for everybody who wants them. */
  const reading = new Map<string, Promise<Stored | null>>();
  /** Bodies that are files, and were sent as such. */
  const sent = lately(() => memory.stats.limitBytes * sentShare);

  const memoryObjectBytes = () => Math.min(objectBytes, memory.objectLimitBytes);

  /** Tells whether it arrived there. */
  function putOnDisk(entry: Entry, bytes: Uint8Array, arrival: Arrival): Promise<boolean> {
    const weight = bytes.length + pendingOverheadBytes;
    if (!disk?.ready || bytes.length > disk.objectLimitBytes) return Promise.resolve(false);
    if (pendingBytes + weight > pendingLimitBytes) return Promise.resolve(false);
    pendingBytes += weight;
    arrival.hold();
    const name = nameOf(entry);
    const put: Pending = { entry, isForgotten: false, written: null };
    pending.set(name, put);
    put.written = disk
      .put(
        () => put.entry,
        bytes,
        () => arrival.wanted && !put.isForgotten,
      )
      .finally(() => {
        if (pending.get(name) === put) pending.delete(name);
        pendingBytes -= weight;
        arrival.end();
      });
    return put.written;
  }

  /**
   * Waits for a body, or not; what has been purged, replaced or forgotten meanwhile is not taken, and what has been
   * confirmed is taken as it is known by then.
   */
  function once<Body>(
    entry: Entry,
    from: Disk,
    body: Body | null | Promise<Body | null>,
    take: (entry: Entry, body: Body) => Stored,
  ): Stored | null | Promise<Stored | null> {
    if (!(body instanceof Promise)) return body && take(entry, body);
    const arrival = underWay.again(entry);
    const renewed = (there: Body | null) => {
      const now = there && arrival.wanted ? from.variant(entry.key, variantOf(entry)) : null;
      return there && now?.entry.sha256 === entry.sha256 ? take(now.entry, there) : null;
    };
    return body.then(renewed).finally(() => arrival.end());
  }

  function moveUp(entry: Entry, bytes: Uint8Array<ArrayBuffer>): Stored {
    const newer = memory.variant(entry);
    if (newer) return resident(newer);
    const body = new Blob([bytes]);
    const kept = memory.keep(entry, body);
    return kept ? resident(kept) : { from: 'disk', entry, body };
  }

  function read(kept: Kept, from: Disk, isToSend: boolean): Stored | null | Promise<Stored | null> {
    const { entry } = kept;
    if (entry.sizeBytes > memoryObjectBytes() || isToSend) {
      return once(entry, from, from.body(kept), (entry, body) => ({ from: 'disk', entry, body }));
    }
    return once(entry, from, from.bytes(kept), moveUp);
  }

  function readOnce(kept: Kept, from: Disk, isToSend = false): Stored | null | Promise<Stored | null> {
    if (kept.place > 0) return read(kept, from, false); // Nobody else can want it before it is there.
    const { entry } = kept;
    // Whoever comes after a purge does not wait for what was read before it.
    const name = `${nameOf(entry)} ${entry.freshness.receivedMs} ${entry.asOf}`;
    const known = reading.get(name);
    if (known !== undefined) return known;
    const result = read(kept, from, isToSend);
    if (!(result instanceof Promise)) return result;
    const reads = result.finally(() => reading.delete(name));
    reading.set(name, reads);
    return reads;
  }

  function peek(key: CacheKey, headers: Headers): Stored | null {
    const found = memory.find(key, headers);
    return found && resident(found);
  }

  return {
    peek,
    inHand: underWay.inHand,
    expect: underWay.begin,

    locate(key, headers) {
      const found = memory.find(key, headers);
      if (found) return { from: 'memory', entry: found.entry };
      const kept = disk?.locate(key, headers);
      return kept ? { from: 'disk', entry: kept.entry } : null;
    },

    find(key, headers) {
      const kept = disk?.find(key, headers);
      if (!disk || !kept) return null;
      const { sha256, sizeBytes } = kept.entry;
      const mayMoveUp = sizeBytes <= memoryObjectBytes();
      return readOnce(kept, disk, kept.place === 0 && mayMoveUp && !sent.again(sha256, sizeBytes));
    },

    async keepBytes(head, bytes, arrival) {
      if (!arrival.wanted) return null;
      const { asOf } = arrival;
      const sha256 = disk?.ready ? sha256Of(bytes) : '';
      const entry: Entry = { ...head, asOf, sizeBytes: bytes.length, sha256 };
      const kept = memory.keep(entry, new Blob([bytes]));
      arrival.stored();
      const written = putOnDisk(entry, bytes, arrival);
      if (kept) return entry;
      // It exists only when the disk has it. What memory has of this key is older, and must not hide it.
      if (!(await written)) return null;
      memory.drop(head.key, 'replaced');
      return entry;
    },

    async keepFile(head, file, arrival) {
      if (!disk || !arrival.wanted) return null;
      const { sizeBytes } = file;
      const { asOf } = arrival;
      const entry = await disk.commit(
        file,
        (sha256) => ({ ...head, asOf, sizeBytes, sha256 }),
        () => arrival.wanted,
      );
      if (!entry) return null;
      arrival.stored();
      memory.drop(head.key, 'replaced'); // as above
      return entry;
    },

    openFile: async (sha256) => (disk ? disk.create(sha256) : null),
    fileFailed: (error) => disk?.failed(error),

    confirm(stored, confirmed, arrival) {
      const entry = { ...confirmed, asOf: arrival.asOf };
      if (!arrival.wanted) return { ...stored, entry };
      underWay.confirmed(entry);
      // It is there already, or will be when its body is.
      disk?.update(entry);
      const put = pending.get(nameOf(entry));
      if (put) put.entry = entry;
      if (stored.from === 'memory')
        return { from: 'memory', entry, resident: memory.update(stored.resident, entry) };
      // Another request may have brought the body up meanwhile, with what was known of it before.
      const up = memory.variant(entry);
      if (up?.entry.sha256 === entry.sha256) memory.update(up, entry);
      return { ...stored, entry };
    },

    forget(entry) {
      underWay.forgotten(entry);
      const put = pending.get(nameOf(entry));
      if (put) put.isForgotten = true;
      memory.forget(entry);
      disk?.forget(entry);
    },

    hasPlaceFor(sizeBytes) {
      if (sizeBytes === null || sizeBytes <= memoryObjectBytes()) return true;
      return disk?.ready === true && sizeBytes <= disk.objectLimitBytes;
    },

    get memoryObjectBytes() {
      return memoryObjectBytes();
    },
    get objectLimitBytes() {
      return Math.max(memoryObjectBytes(), disk?.objectLimitBytes ?? 0);
    },

    judgeArrivals: underWay.judge,

    async warm(kept) {
      const { entry } = kept;
      const isWarm = entry.sizeBytes > memoryObjectBytes() || memory.variant(entry) !== null;
      const stored = isWarm || !disk ? null : await readOnce(kept, disk);
      return stored?.from === 'memory' ? stored.resident : null;
    },

    async settled() {
      while (pending.size > 0) await Promise.all([...pending.values()].map(({ written }) => written));
    },
  };
}

interface Pending {
  entry: Entry;
  isForgotten: boolean;
  /** `null` until it has begun. */
  written: Promise<boolean> | null;
}

/** A variant with this body. */
function nameOf(entry: Entry): string {
  return `${entry.sha256} ${entry.key} ${variantOf(entry)}`;
}

export function resident(found: Resident): Stored {
  return { from: 'memory', entry: found.entry, resident: found };
}
