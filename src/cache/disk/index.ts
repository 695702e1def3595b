/**
 * The disk tier's index: which entries there are, where the body of each is, and when each was last used.
 * An SQLite database, so that it opens at once whatever its size, takes no memory of its own, and
 * survives a crash whole: an entry is written here only after its body is complete, as a file or among the small ones.
 */
import type { Database } from 'bun:sqlite';
import { dirname, join } from 'node:path';
import type { Entry } from '../../entry.ts';
import { selects } from '../../http/vary.ts';
import type { CacheKey } from '../../resource.ts';
import type { Gone } from '../eviction/evictions.ts';
import { judged } from '../purge/judge.ts';
import { covers, type Ledger, openLedger } from '../purge/ledger.ts';
import { openDatabase } from './database.ts';
import { keyHash } from './hash.ts';
import { openPurges, type Purges } from './purges.ts';
import { bytesOf, entryOf, rowOf, tagsIn, variantOf } from './row.ts';
import { openSmallBodies, type Placed, type SmallBodies } from './small-bodies.ts';
import { type Numbered, type Outline, type Place, statements, type UsePlace } from './statements.ts';

/** Variants of one key kept at once; the oldest give way. A look-up reads them all. */
const maxVariants = 64;
/** Entries dropped in one go, which nothing else can interrupt: about 2 ms. */
const maxDroppedAtOnce = 32;
/** Entries under one key that are looked at in one go. */
const maxNear = 1000;
/** Places of entries that are looked at in one go. */
const maxSwept = 500;

/** Places remembered of small bodies that could not be committed, to be cleared with the next change. */
const maxStray = 10_000;

/** What an entry takes beside the bytes of its body: its row, its file's inode, the rest of its last block or page. */
export const entryBytes = 4096;

/** What nobody wants is as if it had been used so much earlier: before all else, and among itself in order. */
const setBackMs = 1e14;

/** When it was used, also where it has been set back. */
export function lastUseOf(usedMs: number): number {
  return usedMs < 0 ? usedMs + setBackMs : usedMs;
}

/** An entry as it was found. */
export interface Kept {
  readonly entry: Entry;
  /** Of its row. */
  readonly id: number;
  /** When it was last noted as used, ms since the epoch; less than 0 where it has been set back. */
  readonly usedMs: number;
  /** Where its body is among the small ones; 0 when it is a file. */
  readonly place: number;
}

/** An entry with its body, if that is to be kept among the small ones; `null` when there is a file of it already. */
export interface Addition {
  readonly entry: Entry;
  readonly bytes: Uint8Array | null;
}

/** What there is to tell of an entry without reading it. */
export interface HeldEntry {
  readonly key: CacheKey;
  readonly sizeBytes: number;
  readonly receivedMs: number;
}

/** A file that no entry refers to any more. Its row is gone; deleting it is the caller's part. */
export interface Orphan {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface DiskIndex {
  /** The newest variant that these request fields select. Nothing that is purged. */
  find(key: CacheKey, headers: Headers): Kept | null;
  /** The variant with these selecting fields, as `variantOf` writes them. */
  variant(key: CacheKey, variant: string): Kept | null;
  /** The small body in a place, not checked; `null` when it has been lost. */
  body(place: number): Uint8Array<ArrayBuffer> | null;
  /** Adds or replaces entries, all or none. */
  put(added: readonly Addition[], usedMs: number): readonly Orphan[];
  /** Replaces the metadata of an entry, if it is still there with the same body. */
  update(entry: Entry): void;
  /** Notes when entries were last used, for the choice of whom to drop. */
  touch(uses: Iterable<readonly [id: number, usedMs: number]>): void;
  /** What is kept under these keys, and was not used after `untilMs`, goes before all else until it is used. */
  setBack(keys: readonly CacheKey[], untilMs: number): void;
  /** When the entry was used that has been used least recently, but for those set back; `null` without any. */
  readonly leastUsedMs: number | null;
  /** @param cause why it goes: what is wrong with it, unless its parent has withdrawn it. */
  dropVariant(entry: Entry, cause: 'withdrawn' | 'corrupt' | 'lost'): readonly Orphan[];
  /** Drops the entries that were used least recently, until `bytes` are free. Only some of them at a time. */
  dropOldest(bytes: number): readonly Orphan[];
  /** Uses of these routes are noted from now on, if they were not already, and of no others. Returns since when, by route. */
  noting(routes: readonly string[], nowMs: number): ReadonlyMap<string, number>;
  /** Drops those of the entries not used since `beforeMs` that `isUnused` names, some at a time. Returns the next place. */
  dropUnused(
    from: UsePlace,
    beforeMs: number,
    isUnused: (key: string, usedMs: number) => boolean,
  ): { readonly orphans: readonly Orphan[]; readonly next: UsePlace | null };
  /** Carries out what purges mean for all that is kept under a key, or for some of it. */
  purgeKey(key: string): { readonly orphans: readonly Orphan[]; readonly isAll: boolean };
  /** The same for some of all entries, from a place on. Returns the next place; `null` at the end. */
  purgeSome(from: number): { readonly orphans: readonly Orphan[]; readonly next: number | null };
  /** Some of all whole answers of a route that are kept and not purged, from a place on. Returns the next place; `null` at the end. */
  held(route: string, from: number): { readonly found: readonly HeldEntry[]; readonly next: number | null };
  hasBody(sha256: string): boolean;
  /** Gives back some room of small bodies that are gone, if there is too much. Tells whether there may be more. */
  trim(): boolean;
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

/**
 * With the file of small bodies, which is in the same folder.
 *
 * @param known what has been purged while the index could not be opened.
 * @param gone told of each entry that goes.
 */
export async function openDiskIndex(
  path: string,
  known?: Ledger,
  gone: (gone: Gone) => void = () => undefined,
): Promise<DiskIndex> {
  const db = await openDatabase(path, undefined, known ? 'whileServing' : 'atStart');
  try {
    const small = await openSmallBodies(join(dirname(path), 'bodies.db'), placeIn(db));
    return diskIndex(db, small, known, gone);
  } catch (error) {
    db.close();
    throw error;
  }
}

function placeIn(db: Database): number {
  using place = db.prepare<{ place: number }, []>('SELECT place FROM state');
  return place.get()?.place ?? 0;
}

function diskIndex(
  db: Database,
  small: SmallBodies,
  known: Ledger | undefined,
  gone: (gone: Gone) => void,
): DiskIndex {
  const run = statements(db);
  const state = run.state.get();
  if (!state) throw new Error('the index of the disk cache has lost its state');
  /** The newest that was given, and the newest that is committed. */
  let [lastPlace, committedPlace] = [state.place, state.place];
  /** Places of what was added to the small bodies, but not committed here. */
  let stray: readonly number[] = [];
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

  /**
   * Runs a change as one transaction, in which what it did is also counted. Small bodies are added, and removed, just before it
   * is committed: what a crash leaves in between is a body behind the last place, or an entry whose body is missing.
   */
  function change<Arguments extends unknown[]>(work: (change: Tally, ...given: Arguments) => void) {
    const transaction = db.transaction((tally: Tally, ...given: Arguments) => {
      work(tally, ...given);
      const { entries, bodyBytes, sequence, added, removed } = tally;
      if (entries !== 0 || bodyBytes !== 0 || sequence !== 0 || added.length > 0)
        run.count.run(entries, bodyBytes, sequence, lastPlace);
      if (added.length > 0 || removed.length > 0) small.change(added, [...removed, ...stray]);
    });
    return (...given: Arguments): readonly Orphan[] => {
      const tally: Tally = { entries: 0, bodyBytes: 0, sequence: 0, orphans: [], ...lists() };
      try {
        transaction(tally, ...given);
      } catch (error) {
        const lost = tally.added.map(({ place }) => place).filter((place) => place > committedPlace);
        stray = [...stray, ...lost].slice(-maxStray);
        throw error;
      }
      if (tally.added.length > 0 || tally.removed.length > 0) stray = [];
      committedPlace = lastPlace;
      count(tally);
      for (const each of tally.gone) gone(each);
      return tally.orphans;
    };
  }

  function remove({ id, sha256, key, stored }: Place, tally: Tally, cause: Gone['cause']): void {
    run.remove.run(id);
    tally.entries--;
    const left = run.release.get(sha256);
    const bytes = entryBytes + (left?.size ?? 0);
    tally.gone.push({ key, cause, bytes, receivedMs: stored, uses: null });
    if (!left || left.entries > 0) return;
    run.removeBody.run(sha256);
    tally.bodyBytes -= left.size;
    if (left.place > 0) tally.removed.push(left.place);
    else tally.orphans.push({ sha256: Buffer.from(sha256).toString('hex'), sizeBytes: left.size });
  }

  function add({ entry, bytes }: Addition, usedMs: number, tally: Tally): void {
    const row = rowOf(entry);
    const hashed = hash.of(entry.key);
    for (const old of run.place.all(hashed, row.key, row.variant)) remove(old, tally, 'replaced');
    const held = run.hold.get(row.sha256, row.size, bytes ? lastPlace + 1 : 0);
    const place = held?.place ?? 0;
    if (held?.entries === 1) tally.bodyBytes += row.size;
    // Also where it is already: what has been damaged there is right again.
    if (bytes && place > 0) tally.added.push({ place, bytes });
    lastPlace = Math.max(lastPlace, place);
    run.insert.run({ ...row, hash: hashed, used: usedMs, place });
    tally.entries++;
    tally.sequence = Math.max(tally.sequence, entry.asOf);
    if (row.variant === '') return;
    for (const old of run.surplus.all(hashed, row.key, maxVariants)) remove(old, tally, 'variants');
  }

  function update(entry: Entry): void {
    const { key, asof, stored, tags, head, variant, sha256 } = rowOf(entry);
    run.update.run(asof, stored, tags, head, hash.of(key), key, variant, sha256);
  }

  const drop = change((tally, places: readonly Place[], cause: Gone['cause']) => {
    for (const place of places) remove(place, tally, cause);
  });

  /** Carries out what purges mean for entries of which only the outlines have been read. */
  const purge = change((tally, found: readonly Outline[]) => {
    for (const outline of found) {
      const { id, asof } = outline;
      const of = { key: outline.key as CacheKey, tags: tagsIn(outline) };
      const { as } = ledger.fate(of, asof);
      if (as === 'gone') remove(outline, tally, 'purged');
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
      const rows = run.select.all(hash.of(key), key);
      for (const row of rows.length > 1 ? rows.sort(newestFirst) : rows) {
        const entry = entryOf(row);
        if (entry.selecting.length > 0 && !selects(entry.selecting, headers)) continue;
        const found = kept(row, judged(entry, ledger));
        if (found) return found;
      }
      return null;
    },

    variant(key, variant) {
      const row = run.variant.get(hash.of(key), key, variant);
      return row && kept(row, judged(entryOf(row), ledger));
    },

    body: small.get,

    put: change((tally, added: readonly Addition[], usedMs: number) => {
      for (const addition of added) add(addition, usedMs, tally);
    }),

    update,

    touch: db.transaction((uses: Iterable<readonly [id: number, usedMs: number]>) => {
      for (const [id, usedMs] of uses) run.use.run(usedMs, id);
    }),

    setBack: db.transaction((keys: readonly CacheKey[], untilMs: number) => {
      for (const key of keys) run.setBack.run(setBackMs, hash.of(key), key, untilMs);
    }),

    get leastUsedMs() {
      return run.leastUsed.get()?.used ?? null;
    },

    dropVariant: (entry, cause) =>
      drop(run.place.all(hash.of(entry.key), entry.key, variantOf(entry)), cause),

    dropOldest: change((tally, bytes: number) => {
      const wanted = totals.bytes - bytes;
      for (const place of run.oldest.all(maxDroppedAtOnce)) {
        if (totals.bytes + tally.bodyBytes + tally.entries * entryBytes <= wanted) break;
        remove(place, tally, 'space');
      }
    }),

    noting: db.transaction((routes: readonly string[], nowMs: number) => {
      for (const { route } of run.noted.all()) if (!routes.includes(route)) run.noteNoMore.run(route);
      for (const route of routes) run.note.run(route, nowMs);
      return new Map(run.noted.all().map(({ route, since }) => [route, since]));
    }),

    dropUnused(from, beforeMs, isUnused) {
      const found = run.unused.all(from.used, from.id, beforeMs, maxDroppedAtOnce);
      const unused = found.filter(({ key, used }) => isUnused(key, used));
      const orphans = drop(unused, 'unused');
      const last = found.at(-1);
      const isEnd = found.length < maxDroppedAtOnce || last === undefined;
      return { orphans, next: isEnd ? null : { used: last.used, id: last.id } };
    },

    purgeKey(key) {
      const near = run.near.all(...hash.near(key), maxNear);
      const found = near.filter((each) => covers(key, each.key));
      return { orphans: found.length > 0 ? purge(found) : [], isAll: near.length < maxNear };
    },

    purgeSome(from) {
      const to = from + maxSwept;
      const found = run.between.all(from, to, ledger.sequence);
      const last = run.newest.get()?.id ?? 0;
      return { orphans: purge(found), next: to < last ? to : null };
    },

    held(route, from) {
      const to = from + maxSwept;
      const rows = run.held.all(from, to, `${route} `, `${route}!`);
      const last = run.newest.get()?.id ?? 0;
      const found = rows.flatMap(({ key: text, tags, asof, size, stored }) => {
        const key = text as CacheKey;
        if (ledger.fate({ key, tags: tagsIn({ tags }) }, asof).as === 'gone') return [];
        return [{ key, sizeBytes: size, receivedMs: stored }];
      });
      return { found, next: to < last ? to : null };
    },

    hasBody: (sha256) => run.body.get(bytesOf(sha256)) !== null,
    trim: small.trim,

    close() {
      // A connection with open statements stays open, and its file locked, until they are collected.
      for (const statement of Object.values(run)) statement.finalize();
      purges.close();
      db.close();
      small.close();
    },
  };
}

function newestFirst(a: Numbered, b: Numbered): number {
  return b.stored - a.stored || b.id - a.id;
}

function kept({ id, used, place }: Numbered, entry: Entry | null): Kept | null {
  return entry && { entry, id, usedMs: used, place };
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
  /** Small bodies that come, and the places of those that go. */
  readonly added: Placed[];
  readonly removed: number[];
  /** What is told of once it is committed. */
  readonly gone: Gone[];
}

function lists(): Pick<Tally, 'added' | 'removed' | 'gone'> {
  return { added: [], removed: [], gone: [] };
}
