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

/** What somebody else has written, for a terminal: nothing in it is taken for a command. Lines and tabs stay. */
export function plain(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]/gu, '\u{fffd}');
}

/** The same in one line of at most so many characters. */
export function oneLine(text: string, most: number): string {
  const flat = plain(text).replaceAll(/\s+/g, ' ').trim();
  return flat.length <= most ? flat : `${flat.slice(0, most - 1)}…`;
}
