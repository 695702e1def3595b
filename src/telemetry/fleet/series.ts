/**
 * What the network's nodes have counted over the last hours and weeks, in one SQLite file of the origin: fine steps for a
 * while, coarse ones for long. It is for looking at, so nothing waits for the disk, and a file that cannot be used costs the
 * charts alone.
 */
import { Database } from 'bun:sqlite';
import { z } from 'zod';
import { parsedJson } from '../../http/json.ts';
import { type Counts, counts as storedCounts } from '../../messages/report.ts';
import { type Days, openDays } from '../top/days.ts';
import { noCounts, sumOf } from './report.ts';

/** Seconds of each step, and how many of them are kept. */
const resolutions = [
  { stepS: 10, keptS: 6 * 3600 },
  { stepS: 300, keptS: 30 * 86_400 },
] as const;

export interface SeriesQuery {
  /** ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** No more than this; steps are as long as that takes. */
  readonly points: number;
  /** Of this node alone. */
  readonly node?: string | undefined;
}

export interface Point {
  /** When the step began. */
  readonly atMs: number;
  /** Of all nodes of a role. */
  readonly roles: Readonly<Record<string, Counts>>;
}

export interface Series {
  add(node: string, role: string, since: Counts, atMs: number): void;
  read(query: SeriesQuery): { readonly stepMs: number; readonly points: readonly Point[] };
  /** What was asked for most, day by day. */
  readonly days: Days;
  /** Forgets what is older than it is to be kept. */
  forget(nowMs: number): void;
  close(): void;
}

const row = z.object({ at: z.number(), role: z.string(), counts: z.string() });

/** @param path of a file that is this one's alone; `:memory:` for none. Fails where it cannot be opened. */
export function openSeries(path: string): Series {
  const db = new Database(path, { create: true, strict: true });
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS points (
      step INTEGER NOT NULL, at INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL, counts TEXT NOT NULL,
      PRIMARY KEY (step, at, node)
    ) WITHOUT ROWID`);
  const days = openDays(db);
  const find = db.query(
    'SELECT at, role, counts FROM points WHERE step = $step AND at = $at AND node = $node',
  );
  const put = db.query(
    'INSERT OR REPLACE INTO points (step, at, node, role, counts) VALUES ($step, $at, $node, $role, $counts)',
  );
  const range = db.query(
    'SELECT at, role, counts FROM points WHERE step = $step AND at >= $from AND at < $to AND ($node IS NULL OR node = $node) ORDER BY at',
  );
  const drop = db.query('DELETE FROM points WHERE step = $step AND at < $oldest');

  const addAll = db.transaction((node: string, role: string, since: Counts, atMs: number) => {
    for (const { stepS: step } of resolutions) {
      const at = Math.floor(atMs / 1000 / step) * step;
      const before = row.safeParse(find.get({ step, at, node })).data;
      const counts = JSON.stringify(sumOf([before ? countsIn(before.counts) : noCounts, since]));
      put.run({ step, at, node, role, counts });
    }
  });

  return {
    days,
    add: (node, role, since, atMs) => addAll(node, role, since, atMs),

    read({ fromMs, toMs, points, node = null }) {
      const spanS = Math.max(1, (toMs - fromMs) / 1000);
      const { stepS: step } = resolutionFor(spanS, points);
      // Whole steps of what is kept.
      const stepS = step * Math.max(1, Math.ceil(spanS / points / step));
      const from = Math.floor(fromMs / 1000 / stepS) * stepS;
      const found = range.all({ step, from, to: toMs / 1000, node }).map((each) => row.parse(each));
      const steps = Map.groupBy(found, ({ at }) => Math.floor(at / stepS) * stepS);
      const read = [...steps].map(([at, rows]) => ({ atMs: at * 1000, roles: byRole(rows) }));
      return { stepMs: stepS * 1000, points: read };
    },

    forget(nowMs) {
      for (const { stepS: step, keptS } of resolutions) drop.run({ step, oldest: nowMs / 1000 - keptS });
      days.forget(nowMs);
    },

    close: () => db.close(),
  };
}

/** The finest that reaches back so far, unless a coarser one has points enough. */
function resolutionFor(spanS: number, points: number): (typeof resolutions)[number] {
  const [fine, coarse] = resolutions;
  return spanS > fine.keptS || spanS / coarse.stepS >= points ? coarse : fine;
}

function byRole(rows: readonly z.output<typeof row>[]): Readonly<Record<string, Counts>> {
  const roles = [...Map.groupBy(rows, ({ role }) => role)];
  return Object.fromEntries(
    roles.map(([role, of]) => [role, sumOf(of.map(({ counts }) => countsIn(counts)))]),
  );
}

/** Written by this file alone; what cannot be read counts as nothing. */
function countsIn(text: string): Counts {
  const parsed = storedCounts.safeParse(parsedJson(text)).data;
  return parsed ?? noCounts;
}
