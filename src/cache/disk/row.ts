/**
 * An entry as a row of the index. Most responses have the same fields, often with the same values: those are written as
 * numbers, which makes a row less than half as long as JSON would be.
 */
import type { Entry, Freshness } from '../../entry.ts';
import { parseHttpDate } from '../../http/date.ts';
import type { CacheKey, FieldList } from '../../resource.ts';
import { sharedField } from '../shared-field.ts';

export interface Row {
  readonly asof: number;
  readonly stored: number;
  readonly size: number;
  readonly sha256: Uint8Array;
  readonly key: string;
  readonly variant: string;
  readonly tags: string;
  readonly head: string;
}

/** Names and values of fields. Only ever added to at the end: rows of earlier versions refer to them. */
const words = [
  ...['accept-ranges', 'access-control-allow-origin', 'access-control-expose-headers', 'cache-control'],
  ...[
    'cdn-cache-control',
    'cf-cache-status',
    'cf-ray',
    'connection',
    'content-disposition',
    'content-encoding',
  ],
  ...['content-language', 'content-location', 'content-security-policy', 'content-type', 'date', 'etag'],
  ...['expires', 'last-modified', 'link', 'location', 'nel', 'npm-notice', 'pragma', 'referrer-policy'],
  ...['report-to', 'repr-digest', 'server', 'set-cookie', 'strict-transport-security', 'surrogate-control'],
  ...['surrogate-key', 'cache-tag', 'cache-groups', 'timing-allow-origin', 'vary', 'via'],
  ...['x-amz-id-2', 'x-amz-request-id', 'x-amz-version-id', 'x-cache', 'x-content-type-options'],
  ...[
    'x-frame-options',
    'x-powered-by',
    'x-served-by',
    'x-xss-protection',
    'meridian-source',
    'meridian-source-etag',
  ],
  ...['*', 'bytes', 'gzip', 'br', 'zstd', 'accept-encoding', 'accept', 'accept, accept-encoding', 'nosniff'],
  ...[
    'public, max-age=31536000, immutable',
    'public, max-age=31536000',
    'public, immutable, max-age=31557600',
  ],
  ...['public, must-revalidate, max-age=31557600', 'public, max-age=300', 'no-cache', 'max-age=31536000'],
  ...[
    'application/octet-stream',
    'application/json',
    'application/vnd.npm.install-v1+json',
    'application/gzip',
  ],
  ...['application/x-gzip', 'application/x-tar', 'text/html; charset=utf-8', 'text/html', 'text/css'],
  ...['text/javascript', 'application/javascript', 'image/png', 'image/jpeg', 'image/svg+xml', 'font/woff2'],
  ...['cloudflare', 'HIT', 'MISS', 'text/plain; charset=utf-8', 'application/json; charset=utf-8', 'DENY'],
];
const numbers = new Map(words.map((word, at) => [word, at]));

type Word = string | number;

const packed = (text: string): Word => numbers.get(text) ?? text;
const unpacked = (word: Word): string => (typeof word === 'string' ? word : (words[word] ?? ''));

/** The members of `Freshness` in the order in which they are written. Added to at the end. */
const times = [
  'receivedMs',
  'initialAgeS',
  'lifetimeS',
  'staleWhileRevalidateS',
  'staleIfErrorS',
  'alwaysRevalidate',
  'neverStale',
  'staleIfDisconnectedS',
  'immutable',
] as const satisfies readonly (keyof Freshness)[];

/** Stands for an entity tag or a date that is that of the field. */
const asInField = true;

type Written = readonly [
  status: number,
  fields: readonly Word[],
  times: readonly number[],
  etag: string | null | typeof asInField,
  lastModifiedMs: number | null | typeof asInField,
  sourceEtag: string | null,
  /** What this file does not know: members that entries, or their freshness, have got since. */
  more?: object,
  moreFreshness?: object,
];

export function rowOf(entry: Entry): Row {
  return {
    key: entry.key,
    variant: variantOf(entry),
    tags: entry.tags.length === 0 ? '' : JSON.stringify(entry.tags),
    asof: entry.asOf,
    stored: entry.freshness.receivedMs,
    size: entry.sizeBytes,
    sha256: bytesOf(entry.sha256),
    head: JSON.stringify(written(entry)),
  };
}

function written(entry: Entry): Written {
  const { key, selecting, tags, asOf, sizeBytes, sha256, ...head } = entry;
  const { status, fields, freshness, etag, lastModifiedMs, sourceEtag, ...more } = head;
  const field = (wanted: string) => fieldOf(fields, wanted);
  const moreFreshness = without(freshness, times);
  const known = [
    status,
    fields.flatMap(([name, value]) => [packed(name), packed(value)]),
    times.map((name) => Number(freshness[name])),
    etag !== null && etag === field('etag') ? asInField : etag,
    lastModifiedMs !== null && lastModifiedMs === dateOf(field('last-modified')) ? asInField : lastModifiedMs,
    sourceEtag,
  ] as const;
  const hasMore = Object.keys(more).length > 0 || Object.keys(moreFreshness).length > 0;
  return hasMore ? [...known, more, moreFreshness] : known;
}

/** Throws for what `rowOf` has not written. */
export function entryOf(row: Row): Entry {
  // Nobody else writes this file: a parser's edge.
  const [status, packedFields, given, etag, lastModifiedMs, sourceEtag, more, moreFreshness] = JSON.parse(
    row.head,
  ) as Written;
  const fields: FieldList[number][] = [];
  for (let at = 0; at + 1 < packedFields.length; at += 2) {
    fields.push(sharedField(unpacked(packedFields[at] ?? ''), unpacked(packedFields[at + 1] ?? '')));
  }
  const time = (at: number) => Number(given[at] ?? 0);
  return {
    key: row.key as CacheKey,
    status,
    fields,
    selecting: row.variant === '' ? [] : (JSON.parse(row.variant) as FieldList),
    tags: tagsIn(row),
    freshness: {
      receivedMs: time(0),
      initialAgeS: time(1),
      lifetimeS: time(2),
      staleWhileRevalidateS: time(3),
      staleIfErrorS: time(4),
      alwaysRevalidate: time(5) === 1,
      neverStale: time(6) === 1,
      staleIfDisconnectedS: time(7),
      immutable: time(8) === 1,
      ...moreFreshness,
    },
    etag: etag === asInField ? fieldOf(fields, 'etag') : etag,
    lastModifiedMs: lastModifiedMs === asInField ? dateOf(fieldOf(fields, 'last-modified')) : lastModifiedMs,
    sourceEtag,
    asOf: row.asof,
    sizeBytes: row.size,
    sha256: Buffer.from(row.sha256).toString('hex'),
    ...more,
  };
}

export function tagsIn({ tags }: Pick<Row, 'tags'>): readonly string[] {
  return tags === '' ? [] : (JSON.parse(tags) as string[]);
}

/** Variants of a key differ in the request fields that selected them, and in nothing else. */
export function variantOf({ selecting }: Pick<Entry, 'selecting'>): string {
  return selecting.length === 0 ? '' : JSON.stringify(selecting);
}

export function bytesOf(sha256: string): Uint8Array {
  return Buffer.from(sha256, 'hex');
}

function fieldOf(fields: FieldList, wanted: string): string | null {
  return fields.find(([name]) => name === wanted)?.[1] ?? null;
}

function dateOf(value: string | null): number | null {
  return parseHttpDate(value ?? '') ?? null;
}

/** The members beside these. */
function without(given: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
}
