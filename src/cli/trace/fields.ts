/** Fields of a request, as they are given on the command line. */
import { UsageError } from '../exit.ts';

/** @param lines each of a name, a colon and a value. */
export function fieldsOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--header takes a name, a colon and a value, not ${line}`);
    headers.append(name, value);
  }
  return headers;
}
