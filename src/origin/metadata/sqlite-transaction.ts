/** What a transaction writes to SQLite. */
import type { Database } from 'bun:sqlite';
import type { DocumentReader } from '../../store.ts';
import { conflict, newRevision, toText } from './document.ts';
import { encodeKey } from './key.ts';
import { type Ending, ending } from './transaction.ts';

export function sqliteTransaction(db: Database, reader: DocumentReader): Ending {
  const revision = newRevision();
  return ending({
    get: reader.get,
    scan: reader.scan,

    async put(key, value, expected) {
      const [name, text] = [encodeKey(key), toText(value)];
      if (expected === undefined) {
        db.query(
          `INSERT INTO documents (key, revision, value) VALUES (?1, ?2, ?3)
           ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value`,
        ).run(name, revision, text);
        return revision;
      }
      const { changes } =
        expected === null
          ? db
              .query(
                'INSERT INTO documents (key, revision, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING',
              )
              .run(name, revision, text)
          : db
              .query('UPDATE documents SET revision = ?2, value = ?3 WHERE key = ?1 AND revision = ?4')
              .run(name, revision, text, expected);
      if (changes === 0) throw conflict(key, expected);
      return revision;
    },

    async delete(key, expected) {
      const name = encodeKey(key);
      if (expected === undefined) {
        return db.query('DELETE FROM documents WHERE key = ?1').run(name).changes > 0;
      }
      const { changes } = db
        .query('DELETE FROM documents WHERE key = ?1 AND revision = ?2')
        .run(name, expected);
      if (changes === 0) throw conflict(key, expected);
      return true;
    },
  });
}
