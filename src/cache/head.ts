/**
 * From a parent's answer to the head that is stored: what passes on to clients, what selects a variant,
 * what decides its freshness.
 */
import type { Answer, Entry, Freshness, Head } from '../entry.ts';
import { parseHttpDate } from '../http/date.ts';
import { endToEnd } from '../http/fields.ts';
import { normaliseSelecting, varyNames } from '../http/vary.ts';
import type { FieldList, Resource } from '../resource.ts';

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
  const lastModifiedMs = parseHttpDate(headers.get('last-modified') ?? '');
  return {
    key: resource.key,
    status: answer.status,
    fields: storedFields(headers),
    selecting: resource.ask === 'client' ? selectingFields(headers, request) : [],
    tags: resource.tags,
    freshness,
    etag: headers.get('etag'),
    lastModifiedMs: lastModifiedMs ?? null,
    sourceEtag: headers.get('meridian-source-etag'),
  };
}

function storedFields(headers: Headers): FieldList {
  return [...endToEnd(headers, perPassage)];
}

function selectingFields(headers: Headers, request: Headers): FieldList {
  const names = varyNames(headers.get('vary') ?? '');
  if (names === '*') return [];
  return [...names].sort().map((name) => [name, normaliseSelecting(name, request.get(name))] as const);
}

/** What a 304 changes in a stored response: its fields replace the stored ones (RFC 9111 §3.2, §4.3.4). */
export function confirmed(entry: Entry, answer: Answer, freshness: Freshness): Entry {
  const news = storedFields(answer.headers).filter(([name]) => !describesBody.has(name));
  const replaced = new Set(news.map(([name]) => name));
  const fields = [...entry.fields.filter(([name]) => !replaced.has(name)), ...news];
  return { ...entry, fields, freshness };
}

/** Fields of the stored body itself: a 304 may repeat them, at times wrongly, but cannot change the body. */
const describesBody: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-range',
  'content-type',
  'etag',
  'meridian-source-etag',
  'repr-digest',
]);
