/**
 * The purges of a node, in its index: what was purged before a crash is purged after it.
 */
import type { Database } from 'bun:sqlite';
import type { Place } from '../../bus.ts';
import type { Selector } from '../../purge.ts';
import { type Mark, nameOf } from '../purge/ledger.ts';

export interface Purges {
  readonly saved: readonly Mark[];
  /** The place on the bus up to which this index knows of every purge; `null`: it has followed none. */
  readonly position: Place | null;
  /**
   * Writes them down, with how many there have been, and the place on the bus that they bring the index to, if any: a crash undoes
   * all of it or nothing. They survive the process; if they are `durable`, also a power cut, at the price of waiting for the disk.
   */
  save(marks: readonly Mark[], sequence: number, durable: boolean, at?: Place): void;
  /** The same for one that stands for all before it. */
  saveAlone(mark: Mark): void;
  /** Remembers that there were so many, without any of them, and the place on the bus. */
  passed(sequence: number, at?: Place): void;
  retire(upTo: number): void;
  close(): void;
}

interface Row {
  readonly selector: string;
  readonly hard: number;
  readonly soft: number;
  readonly softms: number;
  readonly suspect: number;
}

interface At {
  readonly buslog: string | null;
  readonly bussequence: number;
  readonly busdigest: string | null;
}

export function openPurges(db: Database): Purges {
  const run = {
    all: db.prepare<Row, []>('SELECT * FROM purges ORDER BY max(hard, soft)'),
    at: db.prepare<At, []>('SELECT buslog, bussequence, busdigest FROM state'),
    save: db.prepare<null, [string, string, number, number, number, number]>(
      'INSERT OR REPLACE INTO purges (name, selector, hard, soft, softms, suspect) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    passed: db.prepare<null, [number]>('UPDATE state SET sequence = max(sequence, ?)'),
    passedAt: db.prepare<null, [number, string, number, string | null]>(
      'UPDATE state SET sequence = max(sequence, ?), buslog = ?, bussequence = ?, busdigest = ?',
    ),
    clear: db.prepare('DELETE FROM purges'),
    retire: db.prepare<null, [number]>('DELETE FROM purges WHERE max(hard, soft) <= ?'),
  };

  const first = run.at.get();
  let position: Place | null = null;
  if (first?.buslog != null)
    position = { log: first.buslog, sequence: first.bussequence, digest: first.busdigest };

  function passed(sequence: number, at?: Place): void {
    if (at === undefined) return void run.passed.run(sequence);
    run.passedAt.run(sequence, at.log, at.sequence, at.digest);
    position = at;
  }

  function write({ selector, hard, soft, softMs, suspect }: Mark): void {
    run.save.run(nameOf(selector), JSON.stringify(selector), hard, soft, softMs, suspect);
  }

  const saveAll = db.transaction((marks: readonly Mark[], sequence: number, at: Place | undefined) => {
    for (const mark of marks) write(mark);
    if (at === undefined) run.passed.run(sequence);
    else run.passedAt.run(sequence, at.log, at.sequence, at.digest);
  });

  function save(marks: readonly Mark[], sequence: number, at: Place | undefined): void {
    saveAll(marks, sequence, at);
    position = at ?? position;
  }

  return {
    saved: run.all.all().map(({ selector, hard, soft, softms, suspect }) => {
      // Nobody else writes this file: a parser's edge.
      return { selector: JSON.parse(selector) as Selector, hard, soft, softMs: softms, suspect };
    }),
    get position() {
      return position;
    },

    save(marks, sequence, durable, at) {
      if (!durable) return save(marks, sequence, at);
      db.exec('PRAGMA synchronous = FULL');
      try {
        save(marks, sequence, at);
      } finally {
        db.exec('PRAGMA synchronous = NORMAL');
      }
    },

    saveAlone: db.transaction((mark: Mark) => {
      run.clear.run();
      write(mark);
      passed(Math.max(mark.hard, mark.soft));
    }),

    passed,
    retire: (upTo) => void run.retire.run(upTo),

    close() {
      for (const statement of Object.values(run)) statement.finalize();
    },
  };
}
