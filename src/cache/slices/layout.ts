/**
 * How a large object is kept when only parts of it have been asked for: as one small entry under its own key, its
 * layout, and as slices of equal size, each an entry of its own.
 *
 * The layout has the object's fields, validator and freshness, no body, and a name drawn at random. Slices are stored
 * under that name. So a slice never has to be told from one of another version, one 304 confirms all of them, and
 * whatever drops the object's key (a purge, an unsafe request, a new response) drops them all: nobody knows their
 * name any more, and they age out of the store.
 */
import { randomBytes } from 'node:crypto';
import type { Head } from '../../entry.ts';
import type { Range } from '../../http/range.ts';
import type { CacheKey } from '../../resource.ts';

export interface Layout {
  /** Of this layout alone, whatever else there was under the key before. */
  readonly id: string;
  /** Of the whole object. */
  readonly sizeBytes: number;
  /** Of every slice but the last. */
  readonly sliceBytes: number;
}

/** The field in which a stored response says that it is a layout. No remote and no client can send it. */
export const layoutField = 'meridian-slices';

export function newLayout(sizeBytes: number, sliceBytes: number): Layout {
  return { id: randomBytes(9).toString('base64url'), sizeBytes, sliceBytes };
}

export function formatLayout({ id, sizeBytes, sliceBytes }: Layout): string {
  return `${id} ${sizeBytes} ${sliceBytes}`;
}

function parseLayout(value: string): Layout {
  const [id = '', size, slice] = value.split(' ');
  return { id, sizeBytes: Number(size), sliceBytes: Number(slice) };
}

/** `null` for a response that is whole. */
export function layoutOf({ fields }: Pick<Head, 'fields'>): Layout | null {
  for (const [name, value] of fields) if (name === layoutField) return parseLayout(value);
  return null;
}

export function sliceIndex({ sliceBytes }: Layout, offset: number): number {
  return Math.floor(offset / sliceBytes);
}

export function sliceRange({ sizeBytes, sliceBytes }: Layout, index: number): Range {
  const start = index * sliceBytes;
  return { start, end: Math.min(start + sliceBytes, sizeBytes) - 1 };
}

/** No target of a request has a space in it, so no request can name a slice. What begins like this belongs to the key. */
export function sliceKey(key: CacheKey, { id }: Layout, index: number): CacheKey {
  return `${key} slice ${id} ${index}` as CacheKey;
}
