/** The events in the file: appended many at once, read page by page, dropped when they are too many or too old. */
import type { Position } from '../../bus.ts';
import type { Retention } from '../dependencies.ts';
import type { After, Page } from '../follow.ts';
import type { Extent } from '../place.ts';
import type { LogFile } from './database.ts';

/** Events by which a subject may exceed its bound before some are dropped. */
const slack = 1000;
/** Too old ones dropped with one publication, at most. */
const maxAged = 1000;

export interface Events {
  /** All or none. */
  append(letters: readonly { readonly subject: string; readonly text: string }[], atMs: number): Position[];
  read(subject: string, after: After, limit: number): Page;
}

interface SubjectRow {
  readonly log: string;
  readonly id: number;
  readonly oldest: number;
  readonly newest: number;
}

export function events({ db, identity }: LogFile, keep: Retention): Events {
  // One question for both, as every node asks it for every event.
  const subjectRows =
    'SELECT subjects.id, oldest, newest, identity.id AS log FROM subjects CROSS JOIN identity';
  const find = db.query<SubjectRow, [string]>(`${subjectRows} WHERE name = ?`);
  const make = db.query<null, [string]>('INSERT INTO subjects (name, oldest, newest) VALUES (?, 1, 0)');
  const insert = db.query<null, [number, number, number, string]>('INSERT INTO events VALUES (?, ?, ?, ?)');
  const update = db.query<null, [number, number, number]>(
    'UPDATE subjects SET oldest = ?, newest = ? WHERE id = ?',
  );
  const page = db.query<{ sequence: number; text: string }, [number, number, number]>(
    'SELECT sequence, event AS text FROM events WHERE subject = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  );
  const aged = db.query<{ at: number }, [number, number]>(
    'SELECT at FROM events WHERE subject = ? AND sequence = ?',
  );
  const drop = db.query<null, [number, number]>('DELETE FROM events WHERE subject = ? AND sequence < ?');

  /** The oldest event to keep, of a subject that has events up to `newest`. */
  function oldestToKeep({ id, oldest }: SubjectRow, newest: number, atMs: number): number {
    const tooMany = newest - oldest + 1 > keep.events + slack;
    const from = tooMany ? newest - keep.events + 1 : oldest;
    for (let kept = from; kept < Math.min(newest, from + maxAged); kept++) {
      const row = aged.get(id, kept);
      if (row !== null && row.at >= atMs - keep.ageMs) return kept;
    }
    return Math.min(newest, from + maxAged);
  }

  function opened(subject: string): SubjectRow & { next: number } {
    if (find.get(subject) === null) make.run(subject);
    const row = find.get(subject);
    if (row === null) throw new Error(`the log has not made the subject ${subject}`);
    return { ...row, next: row.newest + 1 };
  }

  const appendAll = db.transaction((letters: readonly { subject: string; text: string }[], atMs: number) => {
    const subjects = new Map<string, SubjectRow & { next: number }>();
    const positions = letters.map(({ subject, text }) => {
      let row = subjects.get(subject);
      if (row === undefined) {
        row = opened(subject);
        subjects.set(subject, row);
      }
      const sequence = row.next++;
      insert.run(row.id, sequence, atMs, text);
      return { log: row.log, sequence };
    });
    for (const row of subjects.values()) {
      const newest = row.next - 1;
      const oldest = oldestToKeep(row, newest, atMs);
      if (oldest > row.oldest) drop.run(row.id, oldest);
      update.run(oldest, newest, row.id);
    }
    return positions;
  });

  const readPage = db.transaction((subject: string, after: After, limit: number): Page => {
    const row = find.get(subject);
    if (row === null) return { ...empty, log: identity(), entries: [] };
    const { id, log, oldest, newest } = row;
    const from = typeof after === 'number' ? after : newest - 1;
    return { log, oldest, newest, entries: limit === 0 ? [] : page.all(id, from, limit) };
  });

  return {
    append: (letters, atMs) => appendAll.immediate(letters, atMs),
    read: (subject, after, limit) => readPage(subject, after, limit),
  };
}

const empty: Omit<Extent, 'log'> = { oldest: 1, newest: 0 };
