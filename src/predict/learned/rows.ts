/** What was learned, as rows to follow. */
import type { Foreseen } from '../../foresight.ts';

export interface LearnedRow {
  /** `<route> <target> [<accept>]` */
  readonly name: string;
  readonly likelihood: number;
}

export function rowsByRoute(all: readonly LearnedRow[]): ReadonlyMap<string, readonly Foreseen[]> {
  const byRoute = Map.groupBy(all, ({ name }) => name.slice(0, name.indexOf(' ')));
  return new Map([...byRoute].map(([route, rows]) => [route, rows.map(foreseenOf)]));
}

function foreseenOf({ name, likelihood }: LearnedRow): Foreseen {
  const target = name.indexOf(' ') + 1;
  const end = name.indexOf(' ', target);
  if (end < 0) return { target: name.slice(target), accept: '*/*', likelihood };
  return { target: name.slice(target, end), accept: name.slice(end + 1), likelihood };
}
