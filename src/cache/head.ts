/**
 * From a parent's answer to the head that is stored: what passes on to clients, what selects a variant,
 * what decides its freshness.
 */
import type { Answer, Entry, Freshness, Head } from '../entry.ts';
import { formatHttpDate, parseHttpDate } from '../http/date.ts';
import { weakMatch } from '../http/etag.ts';
import { endToEnd, forEachEndToEnd } from '../http/fields.ts';
import { cachingPolicy } from '../http/targeted.ts';
import { chosenCoding, selectingValue, varyNames } from '../http/vary.ts';
import type { FieldList, Resource } from '../resource.ts';
import { routeOf } from './purge/ledger.ts';
import { tagsOf } from './purge/tags.ts';
import { sharedField } from './shared-field.ts';
import { withheldFields } from './storable.ts';

/** Fields that describe one passage of a response, not the response: each tier writes its own. */
const perPassage: ReadonlySet<string> = new Set([
  'age',
  'alt-svc',
  'cache-status',
  'content-length',
  'meridian-unframed',
  'server-timing',
  'x-request-id',
]);

export function headOf(resource: Resource, request: Headers, answer: Answer, freshness: Freshness): Head {
  const { headers } = answer;
  const fields = dated(storedFields(headers), freshness.receivedMs);
  const tags = tagsOf(resource.tags, routeOf(resource.key), headers);
  return {
    key: resource.key,
    status: answer.status,
    fields,
    selecting: selectingFields(headers, request, resource.ask === 'client'),
    tags: tags.length === 0 ? nothing : tags,
    freshness,
    // One string for both, unless the field is withheld.
    etag: fieldIn(fields, 'etag') ?? headers.get('etag'),
    lastModifiedMs: lastModifiedMs(headers),
    sourceEtag: headers.get('meridian-source-etag'),
  };
}

/** Most responses have no tags and nothing that selects them: one empty list does for all. */
const nothing: readonly never[] = [];

function fieldIn(fields: FieldList, wanted: string): string | undefined {
  return fields.find(([name]) => name === wanted)?.[1];
}

function storedFields(headers: Headers): FieldList {
  const withheld = withheldFields(cachingPolicy(headers).control);
  const drop = withheld.length === 0 ? perPassage : new Set([...perPassage, ...withheld]);
  const fields: (readonly [string, string])[] = [];
  forEachEndToEnd(headers, drop, (name, value) => fields.push(sharedField(name, value)));
  return fields;
}

/** What comes without a `Date` is dated when it arrives (RFC 9110 §6.6.1): when it is sent would be another time. */
function dated(fields: FieldList, receivedMs: number): FieldList {
  if (fields.some(([name]) => name === 'date')) return fields;
  return [...fields, sharedField('date', formatHttpDate(receivedMs))];
}

/** What is not stored of an answer, but is for the one who asked (RFC 9111 §5.2.2.4, §5.2.2.7). */
export function ownFields(headers: Headers): FieldList | undefined {
  const withheld = withheldFields(cachingPolicy(headers).control);
  if (withheld.length === 0) return undefined;
  return [...endToEnd(headers, perPassage)].filter(([name]) => withheld.includes(name));
}

/** What was compressed here is selected by the coding alone, whatever else is in `Accept-Encoding`. */
function selectingFields(headers: Headers, request: Headers, byClient: boolean): FieldList {
  const coding = headers.get(chosenCoding);
  const named = byClient ? varyNames(headers.get('vary') ?? '') : [];
  if (named === '*') return nothing;
  const names = coding === null ? named : named.filter((name) => name !== 'accept-encoding');
  if (names.length === 0 && coding === null) return nothing;
  const fields = names.map((name) => [name, selectingValue(name, request)] as const);
  return coding === null ? fields : [...fields, [chosenCoding, coding]];
}

function lastModifiedMs(headers: Headers): number | null {
  return parseHttpDate(headers.get('last-modified') ?? '') ?? null;
}

/**
 * Whether a 304 speaks of this stored response. One with another entity tag does not (RFC 9111 §4.3.4), nor
 * does one that varies by other fields: it belongs to a response that has to be seen whole.
 */
export function speaksOf(entry: Entry, headers: Headers): boolean {
  const etag = headers.get('etag');
  const own = [entry.etag, entry.sourceEtag].filter((known) => known !== null);
  if (etag !== null && own.length > 0 && !own.some((known) => weakMatch(known, etag))) return false;
  const vary = headers.get('vary');
  const stored = fieldIn(entry.fields, 'vary') ?? '';
  return vary === null || String(varyNames(vary)) === String(varyNames(stored));
}

/**
 * The stored fields with those of a 304 in place of their namesakes (RFC 9111 §3.2, §4.3.4): what the whole
 * response would have said today. With `Age` and `Date` of the 304, as they count from now on.
 */
export function refreshed(entry: Entry, news: Headers, receivedMs: number): Headers {
  const headers = new Headers();
  const changes = endToEnd(news, unchanged);
  for (const [name, value] of entry.fields) if (!changes.has(name)) headers.append(name, value);
  for (const [name, value] of changes) headers.append(name, value);
  if (!news.has('date')) headers.set('date', formatHttpDate(receivedMs));
  return headers;
}

export function confirmed(entry: Entry, headers: Headers, freshness: Freshness): Entry {
  return { ...entry, fields: storedFields(headers), freshness, lastModifiedMs: lastModifiedMs(headers) };
}

/**
 * Fields that say how the stored bytes are to be read, or which they are: a 304 may repeat them, at times wrongly, but
 * cannot change the body (RFC 9111 §3.2 lets a cache keep those that the integrity of what it stores depends on).
 */
const unchanged: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'etag',
  'meridian-source-etag',
  'meridian-unframed',
  'repr-digest',
]);
