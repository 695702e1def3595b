/**
 * What the answer to a HEAD says of the stored response to a GET (RFC 9110 §9.3.2, RFC 9111 §4.3.5): its fields are those
 * that a GET would get now.
 */
import type { Answer, Entry } from '../entry.ts';
import { weakMatch } from '../http/etag.ts';
import { layoutOf } from './slices/layout.ts';

/**
 * - `same`: it is about the stored response, which it brings up to date like a 304.
 * - `changed`: a GET would get something else now.
 * - `unknown`: nothing in it tells.
 */
export type BodilessVerdict = 'same' | 'changed' | 'unknown';

/** Statuses by which a server says that what it sent before is no more. */
const gone: ReadonlySet<number> = new Set([404, 410]);

export function bodilessVerdict(entry: Entry, { status, headers }: Answer): BodilessVerdict {
  if (gone.has(status)) return entry.status === status ? 'unknown' : 'changed';
  if (status !== 200 || entry.status !== 200) return 'unknown';
  // A body that was rewritten here has a length and a tag of its own; the parent knows the one that it was made of.
  const { etag, sourceEtag } = entry;
  const tag = headers.get('meridian-source-etag') ?? headers.get('etag');
  if (sourceEtag !== null) return tag === sourceEtag ? 'same' : 'unknown';
  const signs = [
    sign(tag, etag, weakMatch),
    sign(headers.get('last-modified'), storedField(entry, 'last-modified'), isEqual),
    sign(headers.get('content-length'), String(layoutOf(entry)?.sizeBytes ?? entry.sizeBytes), isEqual),
  ].filter((each) => each !== null);
  if (signs.length === 0) return 'unknown';
  return signs.every((isSame) => isSame) ? 'same' : 'changed';
}

/** `null` when the answer does not have the field. */
function sign(
  value: string | null,
  stored: string | null,
  isSame: (a: string, b: string) => boolean,
): boolean | null {
  if (value === null) return null;
  return stored !== null && isSame(value, stored);
}

function isEqual(a: string, b: string): boolean {
  return a === b;
}

function storedField({ fields }: Entry, name: string): string | null {
  return fields.find(([known]) => known === name)?.[1] ?? null;
}
