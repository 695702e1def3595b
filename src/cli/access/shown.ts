/** What commands about access print: JSON as it came, or a table. */
import { table } from '../table.ts';

export function show(
  json: boolean | undefined,
  answer: unknown,
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  if (json) console.log(JSON.stringify(answer, null, 2));
  else if (rows.length === 0) console.log('none');
  else process.stdout.write(table(heading, rows));
}

export function day(ms: number | null): string {
  return ms === null ? '-' : new Date(ms).toISOString().replace('T', ' ').slice(0, 16);
}

export function rightText({
  actions,
  routes,
  subjects,
}: {
  readonly actions: readonly string[];
  readonly routes: readonly string[];
  readonly subjects: readonly string[];
}): string {
  return `${actions.join(',')} ${subjects.join(',')} on ${routes.join(',')}`;
}
