/**
 * `CDN-Loop` (RFC 8586): the networks that a request has passed through, so that one that comes back is
 * noticed.
 */
import { argument, split, tokenLength } from './syntax.ts';

/**
 * The identifiers in the field, in order and in lower case. `undefined` when it is malformed anywhere.
 *
 * @param value of all `CDN-Loop` lines, joined by commas.
 */
export function parseCdnLoop(value: string): readonly string[] | undefined {
  const ids: string[] = [];
  for (const member of split(value, ',')) {
    const [id = '', ...parameters] = split(member, ';');
    if (!isCdnId(id) || !parameters.every(isParameter)) return undefined;
    ids.push(id.toLowerCase());
  }
  return ids;
}

/**
 * Whether the request has passed through the network called `id`. A malformed field may hide that, and
 * nobody but an attacker has a reason to send one: it counts as a loop.
 */
export function passesThrough(value: string, id: string): boolean {
  const ids = parseCdnLoop(value);
  return ids === undefined || ids.includes(id.toLowerCase());
}

/** The field for the next recipient. */
export function appendCdnLoop(value: string | null, id: string): string {
  return value === null || value === '' ? id : `${value}, ${id}`;
}

/** A pseudonym, or a host with or without a port. */
function isCdnId(text: string): boolean {
  const nameLength = text.startsWith('[') ? text.indexOf(']') + 1 : tokenLength(text);
  if (nameLength === 0) return false;
  if (text.startsWith('[') && !/^\[[\dA-Fa-f:.]+\]$/.test(text.slice(0, nameLength))) return false;
  return /^(?::\d*)?$/.test(text.slice(nameLength));
}

function isParameter(text: string): boolean {
  const nameLength = tokenLength(text);
  return nameLength > 0 && text[nameLength] === '=' && argument(text.slice(nameLength + 1)) !== undefined;
}
