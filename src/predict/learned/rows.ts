/** What was learned, as rows to follow. */
import type { Foreseen } from '../../foresight.ts';
import { foreseenOf } from '../learned-name.ts';

export interface LearnedRow {
  /** `<route> <target> [<accept>]` */
  readonly name: string;
  readonly likelihood: number;
}

export function rowsByRoute(all: readonly LearnedRow[]): ReadonlyMap<string, readonly Foreseen[]> {
  const byRoute = Map.groupBy(all, ({ name }) => name.slice(0, name.indexOf(' ')));
  return new Map([...byRoute].map(([route, rows]) => [route, rows.map(foreseenOf)]));
}
