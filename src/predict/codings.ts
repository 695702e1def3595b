/**
 * In which codings clients take what they ask for. It is not the same for all that a program asks for: pip takes indexes compressed, and what it
 * downloads as it is. So it is counted by route, kind and program: what is fetched before they ask has to be what they take.
 */
import { type Counted, openCounted } from './counted.ts';

/** Route, kind, program with its version, value of `Accept-Encoding` (empty: none), how often. */
export type CodingsRow = readonly [
  route: string,
  kind: string,
  program: string,
  codings: string,
  times: number,
];

export interface Codings {
  /** @param agent value of `User-Agent`. */
  saw(route: string, kind: string, agent: string, codings: string): void;
  /**
   * What a client takes for this kind: `others`, which it takes for something else, where enough of its like take that for this kind as well; else
   * what most of them do. `null`: none of them has asked for this kind.
   */
  of(route: string, kind: string, agent: string, others: string): string | null;
  /** What clients take, whoever they are: the most frequent first. */
  all(route: string, kind: string): readonly string[];
  /** To be kept over a restart. */
  rows(): readonly CodingsRow[];
  /** What is known by now of a route and kind counts alone. */
  restore(rows: readonly CodingsRow[]): void;
}

/** Programs with their codings, of one route and kind. */
const mostCounted = 64;
const mostKinds = 256;
/** A longer list of codings, or name of a program, is nobody's that counts. */
const longest = 300;
const longestProgram = 80;
/** Of what most take. */
const enough = 0.25;

export function openCodings(): Codings {
  /** By route and kind. */
  const kinds = new Map<string, Counted>();

  function add([route, kind, program, codings, times]: CodingsRow): void {
    if (codings.length > longest || program.length > longestProgram) return;
    const known = kinds.get(`${route} ${kind}`);
    if (known === undefined && kinds.size >= mostKinds) return;
    const counted = known ?? openCounted(mostCounted);
    kinds.set(`${route} ${kind}`, counted);
    counted.add(`${program} ${codings}`, times);
  }

  function rowsOf(route: string, kind: string): readonly CodingsRow[] {
    const counted = kinds.get(`${route} ${kind}`);
    return (counted?.all() ?? []).map(([name, times]): CodingsRow => {
      const end = name.indexOf(' ');
      return [route, kind, name.slice(0, end), name.slice(end + 1), times];
    });
  }

  return {
    saw: (route, kind, agent, codings) => add([route, kind, programOf(agent), codings, 1]),
    of(route, kind, agent, others) {
      const program = programOf(agent);
      const rows = rowsOf(route, kind);
      const same = rows.filter(([, , each]) => each === program);
      // Another version of it is likely to do the same.
      const like = same.length > 0 ? same : rows.filter(([, , each]) => nameOf(each) === nameOf(program));
      const [most] = like;
      if (most === undefined) return null;
      const isEnough = like.some(([, , , codings, times]) => codings === others && times >= enough * most[4]);
      return isEnough ? others : most[3];
    },
    all: (route, kind) => [...new Set(rowsOf(route, kind).map(([, , , codings]) => codings))],
    rows: () =>
      [...kinds.keys()].flatMap((name) => {
        const [route = '', kind = ''] = name.split(' ');
        return rowsOf(route, kind);
      }),
    restore(rows) {
      const known = new Set(kinds.keys());
      for (const row of rows) if (!known.has(`${row[0]} ${row[1]}`)) add(row);
    },
  };
}

/** The first product of a `User-Agent`, with its version (RFC 9110 §10.1.5): `pip/23.2.1`. */
function programOf(agent: string): string {
  const end = agent.search(/[\s(;,]/);
  return end < 0 ? agent : agent.slice(0, end);
}

function nameOf(program: string): string {
  const end = program.indexOf('/');
  return end < 0 ? program : program.slice(0, end);
}
