/**
 * `Link` (RFC 8288 §3), read as its Appendix B.2 says: what comes behind something malformed counts for nothing. Linear in the length of the
 * field, of which the beginning is looked at.
 */
import { argument, tokenLength, trim } from './syntax.ts';

export interface Link {
  /** As it is written there: to be resolved against the address of what the field came with. */
  readonly reference: string;
  /** In lower case. */
  readonly relations: readonly string[];
  /** By their names in lower case, those that come twice as they came first. What has no value has an empty one. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The link as it is written in the field. */
  readonly text: string;
}

const mostLinks = 64;
/** UTF-16 units. */
const longest = 16_384;

export function parseLinks(field: string | null): readonly Link[] {
  if (field === null) return [];
  const text = field.slice(0, longest);
  const links: Link[] = [];
  let at = skip(text, 0, betweenLinks);
  while (text[at] === '<' && links.length < mostLinks) {
    const begin = at;
    const close = text.indexOf('>', at);
    if (close === -1) break;
    const parameters = new Map<string, string>();
    at = readParameters(text, close + 1, parameters);
    // A link that is cut off may say something else.
    if (at === text.length && text.length < field.length) break;
    if (at < text.length && text[at] !== ',') break;
    links.push({
      reference: trim(text.slice(begin + 1, close)),
      relations: (parameters.get('rel') ?? '')
        .toLowerCase()
        .split(/[ \t]+/)
        .filter(Boolean),
      parameters,
      text: trim(text.slice(begin, at)),
    });
    at = skip(text, at, betweenLinks);
  }
  return links;
}

/** Where they end: at a comma, at the end, or at something malformed. */
function readParameters(text: string, from: number, into: Map<string, string>): number {
  let at = skip(text, from, blanks);
  while (text[at] === ';') {
    at = skip(text, at + 1, blanks);
    const length = tokenLength(text, at);
    const name = text.slice(at, at + length).toLowerCase();
    at = skip(text, at + length, blanks);
    let value = '';
    if (text[at] === '=' && length > 0) {
      at = skip(text, at + 1, blanks);
      const end = endOfValue(text, at);
      value = argument(text.slice(at, end)) ?? trim(text.slice(at, end));
      at = skip(text, end, blanks);
    }
    if (length > 0 && !into.has(name)) into.set(name, value);
  }
  return at;
}

/** Of a quoted string, or of anything that is none, up to what separates parameters and links. */
function endOfValue(text: string, from: number): number {
  if (text[from] !== '"') return ends(text, from);
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at++;
  }
  return text.length;
}

function ends(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ';' && text[at] !== ',') at++;
  return at;
}

const blanks = ' \t';
const betweenLinks = ' \t,';

function skip(text: string, from: number, what: string): number {
  let at = from;
  while (at < text.length && what.includes(text.charAt(at))) at++;
  return at;
}
