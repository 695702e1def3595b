/**
 * What was asked for most on each of the last days, and by whom, over all nodes: a table of the origin's file of charts. What a
 * process says of a day replaces what it said of it before.
 */
import type { Database } from 'bun:sqlite';
import { z } from 'zod';
import { dayLengthMs, dayOf, downloadName, type Kind, kinds, type TopReport } from './report.ts';
import type { Amounts } from './space-saving.ts';

/** Days that are kept, with the one that is not over. */
const keptDays = 31;
/** Names and totals of one day, over all processes. What is new beyond that is left out. */
const mostOfDay = 20_000;

export interface TopQuery {
  readonly by: Kind;
  /** ms since the epoch; whole days are counted. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly route?: string | undefined;
  readonly node?: string | undefined;
  /** Of this package or token alone. */
  readonly name?: string | undefined;
  readonly limit: number;
}

export interface Ranked extends Amounts {
  readonly route: string;
  readonly name: string;
  /** The most first. */
  readonly nodes: readonly (Amounts & { readonly node: string })[];
}

export interface TopAnswer {
  /** When the first day began that is counted, and when the last one ends; ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly total: Amounts;
  /** A count is too low by no more than this, in requests; what is not listed at all had no more. */
  readonly missed: number;
  readonly top: readonly Ranked[];
}

/** Of one package. */
export interface WhoQuery extends Pick<TopQuery, 'fromMs' | 'toMs' | 'limit'> {
  readonly route: string;
  readonly name: string;
}

export interface Who extends Amounts {
  readonly token: string;
}

export interface Days {
  put(report: TopReport): void;
  read(query: TopQuery): TopAnswer;
  /** Whose tokens fetched it, the most first. Of those who fetch a little of much, nobody is told. */
  who(query: WhoQuery): readonly Who[];
  forget(nowMs: number): void;
}

const sums = z.object({
  requests: z.number().nullable(),
  downloads: z.number().nullable(),
  bytes: z.number().nullable(),
});
const ofNode = z.object({
  ...{ route: z.string(), name: z.string(), node: z.string() },
  ...{ requests: z.number(), downloads: z.number(), bytes: z.number() },
});
const ofToken = z.object({
  ...{ token: z.string(), requests: z.number(), downloads: z.number(), bytes: z.number() },
});
const counted = z.object({ count: z.number() });

/** The name of what all of a route come to, and of what may be missing: nothing else has an empty one. */
const total = '';

export function openDays(db: Database): Days {
  db.exec(`CREATE TABLE IF NOT EXISTS top (
      day INTEGER NOT NULL, kind TEXT NOT NULL, route TEXT NOT NULL, name TEXT NOT NULL, node TEXT NOT NULL, life TEXT NOT NULL,
      requests REAL NOT NULL, downloads REAL NOT NULL, bytes REAL NOT NULL, missed REAL NOT NULL,
      PRIMARY KEY (day, kind, route, name, node, life)
    ) WITHOUT ROWID`);
  const put =
    db.query(`INSERT INTO top (day, kind, route, name, node, life, requests, downloads, bytes, missed)
    VALUES ($day, $kind, $route, $name, $node, $life, $requests, $downloads, $bytes, $missed)
    ON CONFLICT DO UPDATE SET requests = max(requests, excluded.requests), downloads = max(downloads, excluded.downloads),
      bytes = max(bytes, excluded.bytes), missed = max(missed, excluded.missed)`);
  const count = db.query('SELECT count(*) AS count FROM top WHERE day = $day');
  const where = `day >= $from AND day < $to AND kind = $kind AND ($route IS NULL OR route = $route)
    AND ($node IS NULL OR node = $node)`;
  const amounts = 'sum(requests) AS requests, sum(downloads) AS downloads, sum(bytes) AS bytes';
  const ofAll = db.query(`SELECT ${amounts} FROM top WHERE ${where} AND name = ''`);
  const missing = db.query(`SELECT sum(missed) AS count FROM
    (SELECT max(missed) AS missed FROM top WHERE ${where} AND name = '' GROUP BY day, node, life)`);
  const first = `SELECT route, name, sum(requests) AS ranking FROM top
    WHERE ${where} AND name <> '' AND ($name IS NULL OR name = $name)
    GROUP BY route, name ORDER BY ranking DESC, name, route LIMIT $limit`;
  // One pass over the days to find the first, and one for where they came.
  const split = db.query(`WITH first AS MATERIALIZED (${first})
    SELECT route, name, node, ${amounts} FROM first JOIN top USING (route, name) WHERE ${where}
    GROUP BY route, name, node ORDER BY ranking DESC, name, route, requests DESC, node`);
  const tokens = db.query(`SELECT substr(name, length($before) + 1) AS token, ${amounts} FROM top
    WHERE day >= $from AND day < $to AND kind = 'download' AND route = $route AND name > $before AND name < $after
    GROUP BY token ORDER BY requests DESC, token LIMIT $limit`);
  const drop = db.query('DELETE FROM top WHERE day < $oldest');

  const putAll = db.transaction(({ node, worker, startedMs, dayMs, ...lists }: TopReport) => {
    const day = dayMs / dayLengthMs;
    const life = `${worker}.${startedMs}`;
    if (counted.parse(count.get({ day })).count >= mostOfDay) return;
    for (const kind of kinds) {
      const { totals, missed, top } = lists[kind];
      for (const one of totals) put.run({ day, kind, node, life, ...one, name: total, missed });
      for (const one of top) put.run({ day, kind, node, life, ...one, missed: 0 });
    }
  });

  return {
    put: (report) => putAll(report),

    read({ by: kind, fromMs, toMs, route = null, node = null, name = null, limit }) {
      const from = dayOf(fromMs) / dayLengthMs;
      const to = dayOf(toMs - 1) / dayLengthMs + 1;
      const these = { from, to, kind, route, node };
      const rows = split.all({ ...these, name, limit }).map((each) => ofNode.parse(each));
      return {
        ...{ fromMs: from * dayLengthMs, toMs: to * dayLengthMs, top: ranked(rows) },
        total: amountsIn(ofAll.get(these)),
        missed: z.object({ count: z.number().nullable() }).parse(missing.get(these)).count ?? 0,
      };
    },

    who({ route, name, fromMs, toMs, limit }) {
      const [from, to] = [dayOf(fromMs) / dayLengthMs, dayOf(toMs - 1) / dayLengthMs + 1];
      // Whatever begins with the package's name and a space; `!` is the character after that.
      const [before, after] = [downloadName(name, ''), `${name}!`];
      return tokens.all({ from, to, route, before, after, limit }).map((each) => ofToken.parse(each));
    },

    forget: (nowMs) => void drop.run({ oldest: dayOf(nowMs) / dayLengthMs - keptDays + 1 }),
  };
}

/** @param rows of one name together. */
function ranked(rows: readonly z.output<typeof ofNode>[]): readonly Ranked[] {
  const names = Map.groupBy(rows, ({ route, name }) => `${route}\n${name}`);
  return [...names.values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const sum = (what: keyof Amounts) => of.reduce((all, each) => all + each[what], 0);
    const { route, name } = first;
    const nodes = of.map(({ node, requests, downloads, bytes }) => ({ node, requests, downloads, bytes }));
    return [
      { route, name, requests: sum('requests'), downloads: sum('downloads'), bytes: sum('bytes'), nodes },
    ];
  });
}

function amountsIn(row: unknown): Amounts {
  const { requests, downloads, bytes } = sums.parse(row);
  return { requests: requests ?? 0, downloads: downloads ?? 0, bytes: bytes ?? 0 };
}
