/**
 * The disk tier's index: which entries there are, which file holds each body, and when each was last used.
 * An SQLite database, so that it opens at once whatever its size, takes no memory of its own, and
 * survives a crash whole: an entry is written here only after its body's file is complete.
 */
import type { Entry } from '../../entry.ts';
import { selects } from '../../http/vary.ts';
import type { CacheKey } from '../../resource.ts';
import { judged } from '../purge/judge.ts';
import { covers, type Ledger, openLedger } from '../purge/ledger.ts';
import { openDatabase } from './database.ts';
import { keyHash } from './hash.ts';
import { openPurges, type Purges } from './purges.ts';
import { bytesOf, entryOf, rowOf, tagsIn, variantOf } from './row.ts';
import { type Outline, type Place, statements } from './statements.ts';

/** Variants of one key kept at once; the oldest give way. A look-up reads them all. */
const maxVariants = 64;
/** Entries dropped in one go, which nothing else can interrupt: about 2 ms. */
const maxDroppedAtOnce = 64;
/** Entries under one key that are looked at in one go. */
const maxNear = 1000;
/** Places of entries that are looked at in one go. */
const maxSwept = 500;

/** What an entry takes beside the bytes of its body: its row, its file's inode, the rest of its last block. */
export const entryBytes = 4096;

/** A body that no entry refers to any more. Its row is gone; deleting its file is the caller's part. */
export interface Orphan {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface DiskIndex {
  /** The newest variant that these request fields select. Nothing that is purged. */
  find(key: CacheKey, headers: Headers): Entry | null;
  /** The variant with these selecting fields, as `variantOf` writes them. */
  variant(key: CacheKey, variant: string): Entry | null;
  /** Adds or replaces an entry. */
  put(entry: Entry, usedMs: number): readonly Orphan[];
  /** Replaces the metadata of an entry, if it is still there with the same body. */
  update(entry: Entry): void;
  /** Notes when entries were last used, for the choice of whom to drop. */
  touch(uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>): void;
  dropVariant(entry: Entry): readonly Orphan[];
  /** Drops the entries that were used least recently, until `bytes` are free. Only some of them at a time. */
  dropOldest(bytes: number): readonly Orphan[];
  /** Carries out what purges mean for all that is kept under a key, or for some of it. */
  purgeKey(key: string): { readonly orphans: readonly Orphan[]; readonly isAll: boolean };
  /** The same for some of all entries, from a place on. Returns the next place; `null` at the end. */
  purgeSome(from: number): { readonly orphans: readonly Orphan[]; readonly next: number | null };
  hasBody(sha256: string): boolean;
  /** What has been purged, as it was saved. */
  readonly ledger: Ledger;
  readonly purges: Purges;
  readonly totals: Totals;
  close(): void;
}

export interface Totals {
  readonly entries: number;
  /** Of all bodies, each counted once, and `entryBytes` for each entry. */
  readonly bytes: number;
}

/** @param known what has been purged while the index could not be opened. */
export async function openDiskIndex(path: string, known?: Ledger): Promise<DiskIndex> {
  const db = await openDatabase(path, known ? 'whileServing' : 'atStart');
  const run = statements(db);
  const state = run.state.get();
  if (!state) throw new Error(`${path} has lost its state`);
  const purges = openPurges(db);
  const saved = { sequence: state.sequence, marks: purges.saved };
  const ledger = known ?? openLedger(saved);
  known?.precede(saved);
  const totals = { entries: 0, bytes: 0 };
  count({ entries: state.entries, bodyBytes: state.bytes });
  const hash = keyHash(state.seed);

  function count({ entries, bodyBytes }: Change): void {
    totals.entries += entries;
    totals.bytes += bodyBytes + entries * entryBytes;
  }

  /** Runs a change as one transaction, in which what it did is also counted. */
  function change<Arguments extends unknown[]>(work: (change: Tally, ...given: Arguments) => void) {
    const transaction = db.transaction((...given: Arguments) => {
      const tally: Tally = { entries: 0, bodyBytes: 0, sequence: 0, orphans: [] };
      work(tally, ...given);
      const { entries, bodyBytes, sequence } = tally;
      if (entries !== 0 || bodyBytes !== 0 || sequence !== 0) run.count.run(entries, bodyBytes, sequence);
      return tally;
    });
    return (...given: Arguments): readonly Orphan[] => {
      const tally = transaction(...given);
      count(tally);
      return tally.orphans;
    };
  }

  function remove({ id, sha256 }: Place, tally: Tally): void {
    run.remove.run(id);
    tally.entries--;
    const left = run.release.get(sha256);
    if (!left || left.entries > 0) return;
    run.removeBody.run(sha256);
    tally.bodyBytes -= left.size;
    tally.orphans.push({ sha256: Buffer.from(sha256).toString('hex'), sizeBytes: left.size });
  }

  function update(entry: Entry): void {
    const { key, asof, stored, tags, head, variant, sha256 } = rowOf(entry);
    run.update.run(asof, stored, tags, head, hash.of(key), key, variant, sha256);
  }

  const drop = change((tally, places: readonly Place[]) => {
    for (const place of places) remove(place, tally);
  });

  /** Carries out what purges mean for entries of which only the outlines have been read. */
  const purge = change((tally, found: readonly Outline[]) => {
    for (const outline of found) {
      const { id, asof } = outline;
      const of = { key: outline.key as CacheKey, tags: tagsIn(outline) };
      const { as } = ledger.fate(of, asof);
      if (as === 'gone') remove(outline, tally);
      const row = as === 'stale' ? run.byId.get(id) : null;
      const stale = row && judged(entryOf(row), ledger);
      if (stale) update(stale);
    }
  });

  return {
    totals,
    ledger,
    purges,

    find(key, headers) {
      for (const row of run.select.all(hash.of(key), key)) {
        const entry = entryOf(row);
        if (entry.selecting.length > 0 && !selects(entry.selecting, headers)) continue;
        const found = judged(entry, ledger);
        if (found) return found;
      }
      return null;
    },

    variant(key, variant) {
      const row = run.variant.get(hash.of(key), key, variant);
      return row && judged(entryOf(row), ledger);
    },

    put: change((tally, entry: Entry, usedMs: number) => {
      const row = rowOf(entry);
      const place = hash.of(entry.key);
      for (const old of run.place.all(place, row.key, row.variant)) remove(old, tally);
      if (run.hold.get(row.sha256, row.size)?.entries === 1) tally.bodyBytes += row.size;
      run.insert.run({ ...row, hash: place, used: usedMs });
      tally.entries++;
      tally.sequence = entry.asOf;
      if (row.variant === '') return;
      for (const old of run.surplus.all(place, row.key, maxVariants)) remove(old, tally);
    }),

    update,

    touch: db.transaction((uses: Iterable<{ readonly entry: Entry; readonly usedMs: number }>) => {
      for (const { entry, usedMs } of uses) {
        run.use.run(usedMs, hash.of(entry.key), entry.key, variantOf(entry));
      }
    }),

    dropVariant: (entry) => drop(run.place.all(hash.of(entry.key), entry.key, variantOf(entry))),

    dropOldest: change((tally, bytes: number) => {
      const wanted = totals.bytes - bytes;
      for (const place of run.oldest.all(maxDroppedAtOnce)) {
        if (totals.bytes + tally.bodyBytes + tally.entries * entryBytes <= wanted) break;
        remove(place, tally);
      }
    }),

    purgeKey(key) {
      const near = run.near.all(...hash.near(key), maxNear);
      const orphans = purge(near.filter((each) => covers(key, each.key)));
      return { orphans, isAll: near.length < maxNear };
    },

    purgeSome(from) {
      const to = from + maxSwept;
      const found = run.between.all(from, to, ledger.sequence);
      const last = run.newest.get()?.id ?? 0;
      return { orphans: purge(found), next: to < last ? to : null };
    },

    hasBody: (sha256) => run.body.get(bytesOf(sha256)) !== null,

    close() {
      // A connection with open statements stays open, and its file locked, until they are collected.
      for (const statement of Object.values(run)) statement.finalize();
      purges.close();
      db.close();
    },
  };
}

interface Change {
  readonly entries: number;
  readonly bodyBytes: number;
}

interface Tally {
  entries: number;
  bodyBytes: number;
  sequence: number;
  readonly orphans: Orphan[];
}
