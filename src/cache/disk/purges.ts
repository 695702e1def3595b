/**
 * The purges of a node, in its index: what was purged before a crash is purged after it.
 */
import type { Database } from 'bun:sqlite';
import type { Selector } from '../../purge.ts';
import { type Mark, nameOf } from '../purge/ledger.ts';

export interface Purges {
  readonly saved: readonly Mark[];
  /** Writes one down. It survives the process; if it is `durable`, also a power cut, at the price of waiting for the disk. */
  save(mark: Mark, durable: boolean): void;
  /** The same for one that stands for all before it. */
  saveAlone(mark: Mark): void;
  /** Remembers that there were so many, without any of them. */
  passed(sequence: number): void;
  retire(upTo: number): void;
  close(): void;
}

interface Row {
  readonly selector: string;
  readonly hard: number;
  readonly soft: number;
  readonly softms: number;
}

export function openPurges(db: Database): Purges {
  const run = {
    all: db.prepare<Row, []>('SELECT selector, hard, soft, softms FROM purges ORDER BY max(hard, soft)'),
    save: db.prepare<null, [string, string, number, number, number]>(
      'INSERT OR REPLACE INTO purges (name, selector, hard, soft, softms) VALUES (?, ?, ?, ?, ?)',
    ),
    passed: db.prepare<null, [number]>('UPDATE state SET sequence = max(sequence, ?)'),
    clear: db.prepare('DELETE FROM purges'),
    retire: db.prepare<null, [number]>('DELETE FROM purges WHERE max(hard, soft) <= ?'),
  };

  function write({ selector, hard, soft, softMs }: Mark): void {
    run.save.run(nameOf(selector), JSON.stringify(selector), hard, soft, softMs);
    run.passed.run(Math.max(hard, soft));
  }

  const save = db.transaction(write);

  return {
    saved: run.all.all().map(({ selector, hard, soft, softms }) => {
      // Nobody else writes this file: a parser's edge.
      return { selector: JSON.parse(selector) as Selector, hard, soft, softMs: softms };
    }),

    save(mark, durable) {
      if (!durable) return void save(mark);
      db.exec('PRAGMA synchronous = FULL');
      try {
        save(mark);
      } finally {
        db.exec('PRAGMA synchronous = NORMAL');
      }
    },

    saveAlone: db.transaction((mark: Mark) => {
      run.clear.run();
      write(mark);
    }),

    passed: (sequence) => void run.passed.run(sequence),
    retire: (upTo) => void run.retire.run(upTo),

    close() {
      for (const statement of Object.values(run)) statement.finalize();
    },
  };
}
