/** What the disk tier is for the rest of the cache. */
import type { Place } from '../../bus.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import type { Ledger, Mark } from '../purge/ledger.ts';
import type { Hot } from './hot.ts';
import type { HeldEntry, Kept } from './index.ts';
import type { UsePlace } from './statements.ts';
import type { ObjectWriter } from './writer.ts';

export interface Disk {
  /** What has been purged, as this tier remembers it across restarts. */
  readonly ledger: Ledger;
  /** The variant that these request fields select, unless it is purged. Index only: cheap enough to be synchronous. */
  find(key: CacheKey, headers: Headers): Kept | null;
  /** The same for whoever only looks: of what nobody has come for, that is no use. */
  locate(key: CacheKey, headers: Headers): Kept | null;
  /** The variant with these selecting fields (`variantOf`). Not counted as a use. */
  variant(key: CacheKey, variant: string): Kept | null;
  /** The body, once its bytes are known to be right; `null` when they are not, and the entry is gone. At once if it can be. */
  body(kept: Kept): Blob | null | Promise<Blob | null>;
  /** The bytes of a body, checked each time; `null` as above. At once when they are among the small ones. */
  bytes(kept: Kept): Uint8Array<ArrayBuffer> | null | Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * A file to write a body to; `null` when the disk is out of use.
   * @param sha256 what the body is compared with on its way here (`sha256Checked`); `null`: it is hashed here.
   */
  create(sha256: string | null): Promise<ObjectWriter | null>;
  /** Keeps what a writer has written, under the entry that `describe` makes of its digest, if it is `wanted` then. */
  commit(
    writer: ObjectWriter,
    describe: (sha256: string) => Entry,
    wanted: () => boolean,
  ): Promise<Entry | null>;
  /** Keeps a body that is there as a whole, as above, together with others that come at the same time. Tells whether it did. */
  put(describe: () => Entry, bytes: Uint8Array, wanted: () => boolean): Promise<boolean>;
  /** Replaces the metadata of an entry that is still there with the same body. */
  update(entry: Entry): void;
  /**
   * Writes down purges that the ledger has just numbered. Holds even while the disk is out of use. Tells whether they would
   * survive a crash now; with `durable`, a power cut as well.
   *
   * @param at the place on the bus that this tier has come to with them, written down in the same transaction.
   */
  purge(marks: readonly Mark[], durable: boolean, at?: Place): boolean;
  /** The place on the bus up to which this tier knows of every purge; `null` when it has followed none. */
  readonly position: Place | null;
  /** Writes down that it has come to this place, where there was nothing to purge on the way. */
  passed(at: Place): void;
  /** Carries out purges on some of the entries, from a place on; `null` when that is not possible now. */
  sweep(from: number): { readonly next: number | null } | null;
  /** Forgets the purges up to this number, which have been carried out. Tells whether it did. */
  retire(upTo: number): boolean;
  /** How long what nobody asks for is kept, in ms by route; other routes' as long as there is room. */
  keepUnused(byRoute: ReadonlyMap<string, number>): void;
  /** Nobody has come for what is kept under these keys: it goes before all else, until somebody does. */
  unwanted(keys: readonly CacheKey[]): void;
  /** Memory has answered with what is kept here, too. Days are told apart. */
  noteUse(key: CacheKey, variant: string, usedMs: number): void;
  /** Drops some of what nobody has asked for, from a place on; `null` when that is not possible now. */
  dropUnused(from: UsePlace): { readonly next: UsePlace | null } | null;
  /** Some of what is kept of a route, from a place on; `null` when that cannot be told now. Not counted as a use. */
  held(
    route: string,
    from: number,
  ): { readonly found: readonly HeldEntry[]; readonly next: number | null } | null;
  /** Whether there are purges that only a sweep carries out. */
  readonly needsSweep: boolean;
  /** Forgets one variant of a key. */
  forget(entry: Entry): void;
  /** Replaces the list of the hottest entries of memory. */
  saveHot(list: readonly Hot[]): Promise<void>;
  /** The list that there is. */
  loadHot(): Promise<readonly Hot[]>;
  /** Tells the tier about a failure that happened elsewhere, in one of its files. */
  failed(error: unknown): void;
  resize(limitBytes: number): void;
  close(): Promise<void>;
  readonly objectLimitBytes: number;
  /** Whether it is in use. */
  readonly ready: boolean;
  readonly stats: DiskStats;
}

export interface DiskStats {
  readonly entries: number;
  /** Of all bodies, and a fixed amount for each entry. */
  readonly bytes: number;
  readonly limitBytes: number;
  /** `unopened`: nothing of it could be read yet (`unopened.ts`). */
  readonly state: 'ready' | 'suspended' | 'unopened';
  readonly errors: number;
  readonly corrupt: number;
  /** What went since the start because nobody had asked for it. */
  readonly unused: { readonly entries: number; readonly bytes: number };
}
