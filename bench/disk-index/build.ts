/**
 * An index of very many entries, in minutes instead of hours: the rows in their order, and what orders them otherwise
 * afterwards. As a file it is the same as one that has grown.
 */
import { openDatabase } from '../../src/cache/disk/database.ts';
import { keyHash } from '../../src/cache/disk/hash.ts';
import { rowOf } from '../../src/cache/disk/row.ts';
import { statements } from '../../src/cache/disk/statements.ts';
import { entryAt } from './entries.ts';

const BATCH = 50_000;

export async function buildIndex(
  path: string,
  entries: number,
  progress: (line: string) => void,
): Promise<void> {
  // For the layout, which closing makes part of the file.
  (await openDatabase(path)).close();
  const db = await openDatabase(path);
  const run = statements(db);
  const hash = keyHash(run.state.get()?.seed ?? 0);
  const indexes = db
    .query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL",
    )
    .all();
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);

  const insert = db.transaction((from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const row = rowOf(entryAt(n));
      run.insert.run({ ...row, hash: hash.of(row.key), used: row.stored, place: 0 });
    }
  });
  for (let from = 0; from < entries; from += BATCH) {
    insert(from, Math.min(entries, from + BATCH));
    if (from % (20 * BATCH) === 0) progress(`${from.toLocaleString('en-US')} entries written`);
  }
  progress('ordering them');
  db.exec('INSERT INTO bodies SELECT sha256, size, 1, 0 FROM entries ORDER BY sha256');
  for (const { sql } of indexes) db.exec(sql);
  db.exec(
    'UPDATE state SET entries = (SELECT count(*) FROM entries), bytes = (SELECT sum(size) FROM bodies)',
  );
  for (const statement of Object.values(run)) statement.finalize();
  db.close();
}
