/**
 * What the origin remembers of the upstream's answer beside the document that it made of it, in the field `meridian-source` of the stored
 * response: enough to ask that upstream whether anything has changed, and to know whether the same answer would still be made into the same.
 */
import { z } from 'zod';
import type { Entry } from '../../entry.ts';
import { sourceField } from '../rendered.ts';

const made = z.object({
  /** Which address was asked: another one's answer tells nothing about this one's. */
  url: z.string(),
  /** Raised by the ecosystem when the same upstream bytes lead to another document. */
  revision: z.number(),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  /** Of the policy's terms; empty: none. */
  mark: z.string(),
  /** When the same terms lead to another document, ms since the epoch; `null`: never. */
  untilMs: z.number().nullable(),
});

export type Made = z.output<typeof made>;

export function writeMade(field: Made): string {
  // A field value is ASCII; what the upstream put into its tag may not be.
  return JSON.stringify(field).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `null` where nothing is stored, or something else made it. */
export function madeOf(stored: Entry | null): Made | null {
  const field = stored?.fields.find(([name]) => name === sourceField)?.[1];
  if (field === undefined) return null;
  try {
    return made.parse(JSON.parse(field));
  } catch {
    return null; // Stored by another release: then the document is fetched anew.
  }
}
