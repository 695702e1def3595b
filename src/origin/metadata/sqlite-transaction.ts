/**
 * What a transaction writes to SQLite. It ends with its work: code that goes on to use it would write into somebody else's.
 */
import type { Database } from 'bun:sqlite';
import type { DocumentReader, Transaction } from '../../store.ts';
import { conflict, ended, newRevision, toText } from './document.ts';
import { encodeKey } from './key.ts';

export interface SqliteTransaction {
  readonly transaction: Transaction;
  end(): void;
}

export function sqliteTransaction(db: Database, reader: DocumentReader): SqliteTransaction {
  const revision = newRevision();
  let isOpen = true;

  function open(): void {
    if (!isOpen) throw ended();
  }

  const transaction: Transaction = {
    async get(key) {
      open();
      return reader.get(key);
    },
    async scan(prefix, scan) {
      open();
      return reader.scan(prefix, scan);
    },

    async put(key, value, expected) {
      open();
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
      open();
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
  };

  return {
    transaction,
    end() {
      isOpen = false;
    },
  };
}
