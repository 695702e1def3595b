/**
 * `No-Vary-Search` (draft-ietf-httpbis-no-vary-search): which parts of a query make no difference to a response, so
 * that it may be used for other addresses as well.
 */
import { parseDictionary } from 'structured-headers';
import { memoise } from './memo.ts';

/** What a query comes down to. Equal results mean the same response. */
export type SearchVariance = (query: string) => string;

/**
 * @returns `null` for a field that changes nothing: none, one that is malformed, or one that says what goes without
 *   saying (every parameter counts, and their order).
 */
export function parseNoVarySearch(value: string | null): SearchVariance | null {
  return value === null ? null : remembered(value) || null;
}

const remembered = memoise((value): SearchVariance | false => {
  const members = dictionary(value);
  if (members === null) return false;
  const ignoresOrder = members.get('key-order')?.[0] ?? false;
  const params = members.get('params')?.[0] ?? false;
  const except = members.get('except')?.[0];
  if (typeof ignoresOrder !== 'boolean') return false;
  const counts = parameterFilter(params, except);
  if (counts === null || (!ignoresOrder && counts === every)) return false;
  return (query) => reduced(query, counts, ignoresOrder);
});

type Filter = (name: string) => boolean;
const every: Filter = () => true;

/** Which parameters count. `except` goes with `params` for all, and with nothing else. */
function parameterFilter(params: unknown, except: unknown): Filter | null {
  if (params === true) {
    const counting = except === undefined ? [] : names(except);
    return counting && ((name) => counting.includes(name));
  }
  if (except !== undefined) return null;
  if (params === false) return every;
  const ignored = names(params);
  if (ignored?.length === 0) return every;
  return ignored && ((name) => !ignored.includes(name));
}

/** The strings of an inner list, as parameter names are written in a query; `null` when it is anything else. */
function names(list: unknown): readonly string[] | null {
  if (!Array.isArray(list)) return null;
  const found: string[] = [];
  for (const item of list) {
    const name: unknown = Array.isArray(item) ? item[0] : undefined;
    if (typeof name !== 'string') return null;
    // Written like the name of a parameter, but without meaning for `&` and `=`.
    const written = name.replaceAll('&', '%26').replaceAll('=', '%3D');
    found.push([...new URLSearchParams(written).keys()][0] ?? '');
  }
  return found;
}

function reduced(query: string, counts: Filter, ignoresOrder: boolean): string {
  const parameters = [...new URLSearchParams(query)].filter(([name]) => counts(name));
  // Stable: values of the same name keep their order, which counts.
  if (ignoresOrder) parameters.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return new URLSearchParams(parameters).toString();
}

function dictionary(value: string): ReturnType<typeof parseDictionary> | null {
  try {
    return parseDictionary(value);
  } catch {
    return null; // a malformed field says nothing: that is the draft's own rule
  }
}
