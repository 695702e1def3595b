/** The objects of a bucket, page by page, in the order of their names (ListObjectsV2). */
import type { Bucket } from './bucket.ts';
import { shortText } from './short-text.ts';
import { elements, textOf } from './xml.ts';

export interface Listed {
  readonly key: string;
  readonly sizeBytes: number;
  readonly writtenMs: number;
}

export interface Page {
  readonly objects: readonly Listed[];
  readonly more: boolean;
}

export interface Wanted {
  readonly prefix: string;
  /** Objects from behind this key on. */
  readonly after: string | undefined;
  /** At most 1000. */
  readonly limit: number;
  readonly once?: boolean;
}

export function listObjects(bucket: Bucket, { prefix, after, limit, once = false }: Wanted): Promise<Page> {
  const start = after === undefined ? {} : { 'start-after': after };
  const query = { 'list-type': '2', prefix, 'max-keys': String(limit), ...start };
  return bucket.ask({ method: 'GET', query, once }, async ({ body }) => {
    const xml = await shortText(body);
    const objects = elements(xml, 'Contents').map((object) => ({
      key: textOf(object, 'Key') ?? '',
      sizeBytes: Number(textOf(object, 'Size') ?? 0),
      writtenMs: Date.parse(textOf(object, 'LastModified') ?? ''),
    }));
    return { objects, more: textOf(xml, 'IsTruncated') === 'true' };
  });
}
