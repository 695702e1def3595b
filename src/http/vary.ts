/**
 * `Vary` (RFC 9110 §12.5.5) and the choice among stored responses by what it names (RFC 9111 §4.1).
 *
 * Two requests select the same stored response when their fields are equal after normalisation. It does as
 * much as is certain not to change what a field means, so that fewer variants are fetched and stored.
 */
import { acceptedCodings, type Coding, chooseEncoding, codings } from './encoding.ts';
import { memoise } from './memo.ts';
import { fullWeight, weightOf } from './quality.ts';
import { isToken, split, trim } from './syntax.ts';

/** The normalised value of a field that a request does not have. No field value begins with a space. */
export const absent = ' absent';

/**
 * The fields that a response varies by, in lower case, each once, in the order of the alphabet. `*` when it
 * depends on something that no request can show: on `*` anywhere in the list, and on a name that no field has.
 */
export const varyNames: (value: string) => readonly string[] | '*' = memoise((value) => {
  const names = new Set(split(value, ',').map((name) => name.toLowerCase()));
  for (const name of names) {
    if (name === '*' || !isToken(name)) return '*';
  }
  return Object.freeze([...names].sort());
});

/**
 * A field value as it is compared and stored.
 *
 * `Accept-Encoding` becomes the set of codings that the client accepts. What goes to the parent for such a
 * response has to carry this value too, not the client's own: an answer in any other coding would be
 * stored for clients that cannot read it.
 *
 * @param name in lower case.
 * @param value `null` when the request does not have the field, which equals only itself.
 */
export function normaliseSelecting(name: string, value: string | null): string {
  if (value === null) return absent;
  if (name === 'accept-encoding') return acceptedSet(value);
  if (name === 'accept-language') return languages(value);
  return opaque.has(name) || !value.includes(',') ? trim(value) : withoutSpace(trim(value));
}

/**
 * Stands, among the names that a stored response was selected by, for the coding that Meridian chooses for a
 * request: what it compressed itself is kept once for each coding, however the clients put it.
 */
export const chosenCoding = 'meridian-coding';

/** The value by which a request selects, normalised. */
export function selectingValue(name: string, headers: Headers): string {
  return name === chosenCoding ? codingFor(headers) : normaliseSelecting(name, headers.get(name));
}

/** Parts are served of what is not compressed: nobody can tell whether another compressor makes the same bytes. */
export function codingFor(headers: Headers): Coding {
  if (headers.get('range') !== null) return 'identity';
  const accepted = headers.get('accept-encoding');
  return accepted === null ? 'identity' : preferred(accepted);
}

const preferred = memoise((value): Coding => chooseEncoding(value, codings) ?? 'identity');

/** Whether a request with these fields selects the response that was stored with those: `[name, normalised value]`. */
export function selects(stored: readonly (readonly [string, string])[], headers: Headers): boolean {
  for (const [name, value] of stored) {
    if (selectingValue(name, headers) !== value) return false;
  }
  return true;
}

/** Not lists: a comma is part of what they say. */
const opaque: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'user-agent']);

const acceptedSet = memoise((value) => {
  const accepted = acceptedCodings(value);
  return codings.filter((coding) => accepted[coding] > 0).join(', ');
});

/**
 * Language ranges in lower case (RFC 4647 §2), each with its weight, the highest first. Among equals the order says
 * nothing that a server may rely on (RFC 9110 §12.5.4), so the alphabet's will do.
 */
const languages = memoise((value) => {
  const ranges = split(value.toLowerCase(), ',').map((member) => {
    const [range = '', ...parameters] = split(member, ';');
    return { range, weight: weightOf(parameters) };
  });
  ranges.sort((a, b) => b.weight - a.weight || (a.range < b.range ? -1 : 1));
  return ranges
    .map(({ range, weight }) => (weight === fullWeight ? range : `${range};q=${weight}`))
    .join(',');
});

/** White space around the commas of a list means nothing (RFC 9110 §5.6.1); within quotes it would. */
const withoutSpace = memoise((value) => {
  return value.includes('"') ? value : value.split(',').map(trim).join(',');
});
