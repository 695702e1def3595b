/**
 * Which media types shrink when they are compressed: text, and the formats that are text underneath. Pictures, films,
 * archives and fonts of today are compressed already.
 */
import { memoise } from './memo.ts';

/** By the whole name. */
const types: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/javascript',
  'application/json',
  'application/ld+json',
  'application/manifest+json',
  'application/rtf',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-yaml',
  'application/xml',
  'application/yaml',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/svg+xml',
  'image/x-icon',
  'model/gltf+json',
]);

/** Streams of events are read while they are written: nobody should collect them into blocks. */
const excepted: ReadonlySet<string> = new Set(['text/event-stream']);

/** By how the name begins, or ends (RFC 6838 §4.2.8). */
const families = { prefixes: ['text/'], suffixes: ['+json', '+xml', '+yaml'] } as const;

/** @param contentType as received, with its parameters. */
export function isCompressible(contentType: string | null): boolean {
  return contentType !== null && decide(contentType);
}

const decide = memoise((contentType): boolean => {
  const [name = ''] = contentType.split(';', 1);
  const type = name.trim().toLowerCase();
  if (excepted.has(type)) return false;
  return (
    types.has(type) ||
    families.prefixes.some((prefix) => type.startsWith(prefix)) ||
    families.suffixes.some((suffix) => type.endsWith(suffix))
  );
});
