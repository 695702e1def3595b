/**
 * What the index says to SQLite.
 */
import type { Database } from 'bun:sqlite';
import type { Row } from './row.ts';

export interface Numbered extends Row {
  readonly id: number;
  readonly used: number;
  readonly place: number;
}

/** How many entries have a body, and where it is. */
interface Held {
  readonly entries: number;
  readonly size: number;
  readonly place: number;
}

/** Enough to remove an entry, and to say what went. */
export interface Place {
  readonly id: number;
  readonly sha256: Uint8Array;
  readonly key: string;
  /** When its response came, ms since the epoch. */
  readonly stored: number;
}

/** Enough to see what purges mean for an entry. */
export interface Outline extends Place {
  readonly tags: string;
  readonly asof: number;
}

/** Enough to tell what is kept. */
interface HeldRow extends Pick<Outline, 'key' | 'tags' | 'asof'> {
  readonly id: number;
  readonly size: number;
  readonly stored: number;
}

/** Where one is in the order of last use. */
export interface UsePlace {
  readonly used: number;
  readonly id: number;
}

/** Enough to see whether anybody still wants it. */
interface Unused extends Place, UsePlace {}

export interface State {
  readonly entries: number;
  readonly bytes: number;
  readonly sequence: number;
  readonly place: number;
  readonly seed: number;
}

const columns = 'id, used, place, asof, stored, size, sha256, key, variant, tags, head';
const place = 'id, sha256, key, stored';
const outline = `${place}, tags, asof`;

export function statements(db: Database) {
  return {
    state: db.prepare<State, []>('SELECT entries, bytes, sequence, place, seed FROM state'),
    count: db.prepare<null, [number, number, number, number]>(
      `UPDATE state SET entries = entries + ?, bytes = bytes + ?, sequence = max(sequence, ?),
       place = max(place, ?)`,
    ),
    select: db.prepare<Numbered, [number, string]>(
      `SELECT ${columns} FROM entries WHERE hash = ? AND key = ?`,
    ),
    variant: db.prepare<Numbered, [number, string, string]>(
      `SELECT ${columns} FROM entries WHERE hash = ? AND key = ? AND variant = ?`,
    ),
    place: db.prepare<Place, [number, string, string]>(
      `SELECT ${place} FROM entries WHERE hash = ? AND key = ? AND variant = ?`,
    ),
    surplus: db.prepare<Place, [number, string, number]>(
      `SELECT ${place} FROM entries WHERE hash = ? AND key = ? ORDER BY stored DESC, id DESC LIMIT -1 OFFSET ?`,
    ),
    /** Keys of the same base have neighbouring hashes. */
    near: db.prepare<Outline, [number, number, number]>(
      `SELECT ${outline} FROM entries WHERE hash BETWEEN ? AND ? LIMIT ?`,
    ),
    /** Not more than there are between the two, so that none takes long. */
    between: db.prepare<Outline, [number, number, number]>(
      `SELECT ${outline} FROM entries WHERE id > ? AND id <= ? AND asof < ?`,
    ),
    /** Whole answers under keys that begin alike, which may be given to whoever may read the route (`meridian-access`, see `row.ts`). */
    held: db.prepare<HeldRow, [number, number, string, string]>(
      `SELECT id, key, tags, asof, size, stored FROM entries
       WHERE id > ? AND id <= ? AND key >= ? AND key < ? AND head LIKE '[200,%' AND instr(head, 'meridian-access') = 0`,
    ),
    newest: db.prepare<{ id: number | null }, []>('SELECT max(id) AS id FROM entries'),
    oldest: db.prepare<Place, [number]>(`SELECT ${place} FROM entries ORDER BY used LIMIT ?`),
    /** Not used since a moment, from a place on. */
    unused: db.prepare<Unused, [number, number, number, number]>(
      `SELECT ${place}, used FROM entries WHERE (used, id) > (?, ?) AND used < ?
       ORDER BY used, id LIMIT ?`,
    ),
    noted: db.prepare<{ route: string; since: number }, []>('SELECT route, since FROM noted'),
    note: db.prepare<null, [string, number]>('INSERT OR IGNORE INTO noted (route, since) VALUES (?, ?)'),
    noteNoMore: db.prepare<null, [string]>('DELETE FROM noted WHERE route = ?'),
    leastUsed: db.prepare<{ used: number | null }, []>(
      'SELECT min(used) AS used FROM entries WHERE used >= 0',
    ),
    byId: db.prepare<Numbered, [number]>(`SELECT ${columns} FROM entries WHERE id = ?`),
    insert: db.prepare(
      `INSERT INTO entries (hash, used, place, asof, stored, size, sha256, key, variant, tags, head)
       VALUES ($hash, $used, $place, $asof, $stored, $size, $sha256, $key, $variant, $tags, $head)`,
    ),
    update: db.prepare<null, [number, number, string, string, number, string, string, Uint8Array]>(
      `UPDATE entries SET asof = ?, stored = ?, tags = ?, head = ?
       WHERE hash = ? AND key = ? AND variant = ? AND sha256 = ?`,
    ),
    use: db.prepare<null, [number, number]>('UPDATE entries SET used = ? WHERE id = ?'),
    setBack: db.prepare<null, [number, number, string, number]>(
      'UPDATE entries SET used = used - ? WHERE hash = ? AND key = ? AND used BETWEEN 0 AND ?',
    ),
    remove: db.prepare<null, [number]>('DELETE FROM entries WHERE id = ?'),
    hold: db.prepare<Held, [Uint8Array, number, number]>(
      `INSERT INTO bodies (sha256, size, entries, place) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET entries = entries + 1 RETURNING entries, size, place`,
    ),
    release: db.prepare<Held, [Uint8Array]>(
      'UPDATE bodies SET entries = entries - 1 WHERE sha256 = ? RETURNING entries, size, place',
    ),
    removeBody: db.prepare<null, [Uint8Array]>('DELETE FROM bodies WHERE sha256 = ?'),
    body: db.prepare<{ found: number }, [Uint8Array]>('SELECT 1 AS found FROM bodies WHERE sha256 = ?'),
  };
}

export type Statements = ReturnType<typeof statements>;
