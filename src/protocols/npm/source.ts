/**
 * What the origin remembers of the upstream's answer beside the document that it made of it, in the field
 * `meridian-source` of the stored response: enough to ask the upstream whether anything has changed.
 */
import type { Entry } from '../../entry.ts';
import type { Stamp } from '../registry/policy/terms.ts';
import { sourceField } from '../rendered.ts';
import type { Form } from './form.ts';

/** Raised when the same upstream bytes lead to other documents, so that stored ones are made anew. */
const derivation = 2;

export interface Source {
  /** The remote's URL: another registry's answer tells nothing about this one's. */
  readonly remote: string;
  /** The form that was asked for: an upstream's validators tell forms apart. */
  readonly form: Form;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** SHA-256 of the upstream's own bytes, hex: tells a change where the upstream has no validators. */
  readonly sha256: string;
  /** Under which terms of the route's policy; `null`: none. */
  readonly stamp: Stamp | null;
}

export function writeSource(source: Source): string {
  const text = JSON.stringify({ derivation, ...source });
  // A field value is ASCII; what the upstream put into its tag may not be.
  return text.replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `null` for a field that is absent, damaged, or of another derivation. */
function readSource(field: string | undefined): Source | null {
  if (field === undefined) return null;
  const source = parse(field);
  if (source === null || source['derivation'] !== derivation) return null;
  const { remote, form, etag, lastModified, sha256, stamp = null } = source;
  if (typeof remote !== 'string' || typeof sha256 !== 'string') return null;
  if (form !== 'abbreviated' && form !== 'full') return null;
  const read = readStamp(stamp);
  if (read === undefined) return null;
  return {
    remote,
    form,
    etag: textOrNull(etag),
    lastModified: textOrNull(lastModified),
    sha256,
    stamp: read,
  };
}

function readStamp(stamp: unknown): Stamp | null | undefined {
  if (stamp === null) return null;
  if (typeof stamp !== 'object' || !('terms' in stamp) || !('changesAtMs' in stamp)) return undefined;
  const { terms, changesAtMs } = stamp;
  if (typeof terms !== 'string') return undefined;
  if (changesAtMs !== null && typeof changesAtMs !== 'number') return undefined;
  return { terms, changesAtMs };
}

/** What a stored document was made of; `null` where that cannot be compared with what `remote` answers. */
export function sourceOf(stored: Entry | null, remote: string): Source | null {
  const source = readSource(stored?.fields.find(([name]) => name === sourceField)?.[1]);
  return source?.remote === remote ? source : null;
}

/** The same, of a document that has been read. */
export function sourceIn(headers: Headers): Source | null {
  return readSource(headers.get(sourceField) ?? undefined);
}

/** Which document of the upstream something was made of, and under which terms; `null` where that is not known. */
export function originalOf(field: string | null | undefined): string | null {
  const source = readSource(field ?? undefined);
  return source && original(source);
}

/** The same originals make the same documents. */
export function original({ sha256, stamp }: Pick<Source, 'sha256' | 'stamp'>): string {
  return stamp === null ? sha256 : `${sha256} ${stamp.terms} ${stamp.changesAtMs}`;
}

function parse(field: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(field);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null; // Stored by something else than this file: then the document is fetched anew.
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
