/** The views in the file. */
import type { Published } from '../../bus.ts';
import { parsedJson } from '../../http/json.ts';
import { pageBytes, pageKeys, type Reached, type Step } from '../watch.ts';
import type { LogFile } from './database.ts';

/** Changes for which a deleted key is remembered, so that those who watch can be told. */
const keptDeletions = 10_000;

export interface Views {
  get(view: string, key: string): Published | null;
  /** `value`: JSON text; `null` deletes. Returns the new revision, or `null` where `expected` did not hold. */
  put(view: string, key: string, value: string | null, expected: number | undefined): number | null;
  /** Key and JSON text. In one transaction. */
  putAll(view: string, values: readonly (readonly [key: string, value: string])[]): void;
  read(view: string, from: Reached | null): Step;
}

interface ViewRow {
  readonly id: number;
  readonly revision: number;
  readonly forgotten: number;
}

interface KeyRow {
  readonly key: string;
  readonly revision: number;
  readonly value: string | null;
}

export function views({ db, identity }: LogFile): Views {
  const find = db.query<ViewRow, [string]>('SELECT id, revision, forgotten FROM views WHERE name = ?');
  const make = db.query<ViewRow, [string]>(
    'INSERT INTO views (name, revision, forgotten) VALUES (?, 0, 0) RETURNING id, revision, forgotten',
  );
  const one = db.query<KeyRow, [number, string]>(
    'SELECT key, revision, value FROM published WHERE view = ? AND key = ?',
  );
  const write = db.query<null, [number, string, number, string | null]>(
    'INSERT INTO published VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision, value = excluded.value',
  );
  const advance = db.query<null, [number, number, number]>(
    'UPDATE views SET revision = ?, forgotten = ? WHERE id = ?',
  );
  // Only of what has become old enough since the last time: all before has been forgotten.
  const forget = db.query<null, [number, number, number]>(
    'DELETE FROM published WHERE view = ? AND revision > ? AND revision <= ? AND value IS NULL',
  );
  const after = db.query<KeyRow, [number, number]>(
    `SELECT key, revision, value FROM published WHERE view = ? AND revision > ? ORDER BY revision LIMIT ${pageKeys}`,
  );
  const page = db.query<KeyRow, [number, string]>(
    `SELECT key, revision, value FROM published WHERE view = ? AND key >= ? AND value IS NOT NULL ORDER BY key LIMIT ${pageKeys}`,
  );

  function putOne(
    view: string,
    key: string,
    value: string | null,
    expected: number | undefined,
  ): number | null {
    const row = find.get(view) ?? make.get(view);
    if (row === null) throw new Error(`the log has not made the view ${view}`);
    const before = one.get(row.id, key);
    const held = before === null || before.value === null ? 0 : before.revision;
    if (expected !== undefined && expected !== held) return null;
    if (value === null && held === 0) return row.revision;
    const revision = row.revision + 1;
    write.run(row.id, key, revision, value);
    const forgotten = Math.max(row.forgotten, revision - keptDeletions);
    if (forgotten > row.forgotten) forget.run(row.id, row.forgotten, forgotten);
    advance.run(revision, forgotten, row.id);
    return revision;
  }

  const put = db.transaction(putOne);
  const putAll = db.transaction((view: string, values: readonly (readonly [string, string])[]): void => {
    for (const [key, value] of values) putOne(view, key, value, undefined);
  });

  const read = db.transaction((view: string, from: Reached | null): Step => {
    const log = identity();
    const row = find.get(view) ?? { id: 0, revision: 0, forgotten: 0 };
    const isKnown =
      from !== null && from.log === log && from.revision >= row.forgotten && from.revision <= row.revision;
    const changed = isKnown ? upToPage(after.iterate(row.id, from.revision)).rows : null;
    const last = changed?.at(-1)?.revision ?? row.revision;
    if (isKnown && last < row.revision)
      return { ...from, revision: last, changed: told(changed ?? []), held: [], isMore: true };
    const cursor = isKnown ? from.cursor : '';
    const { rows: held, isFull } =
      cursor === null ? { rows: [], isFull: false } : upToPage(page.iterate(row.id, cursor));
    return {
      ...{ log, revision: row.revision, changed: changed && told(changed), held: told(held), isMore: false },
      // No key is between one and the same with a NUL at its end.
      cursor: isFull ? `${held.at(-1)?.key}\0` : null,
    };
  });

  return {
    get(view, key) {
      const id = find.get(view)?.id;
      const row = id === undefined ? null : one.get(id, key);
      return row === null || row.value === null ? null : publishedOf(row);
    },
    put: (view, key, value, expected) => put.immediate(view, key, value, expected),
    putAll: (view, values) => putAll.immediate(view, values),
    read: (view, from) => read(view, from),
  };
}

/** As many as fit. */
function upToPage(found: Iterable<KeyRow>): { readonly rows: readonly KeyRow[]; readonly isFull: boolean } {
  const rows: KeyRow[] = [];
  let left = pageBytes;
  for (const row of found) {
    left -= row.value?.length ?? 0;
    if (rows.push(row) === pageKeys || left <= 0) return { rows, isFull: true };
  }
  return { rows, isFull: false };
}

function told(rows: readonly KeyRow[]): Published[] {
  return rows.map(publishedOf);
}

function publishedOf({ key, revision, value }: KeyRow): Published {
  return { key, revision, value: value === null ? null : parsedJson(value) };
}
