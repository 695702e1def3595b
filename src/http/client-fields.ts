/**
 * The part of a client's request that goes on to the parent, for protocols in which the answer may depend
 * on any field.
 */
import { forEachEndToEnd } from './fields.ts';
import { absent, normaliseSelecting } from './vary.ts';

/**
 * Never passed on: what each hop writes anew, and what proxies and frameworks believe although no cache key
 * contains it, with which a client could have a response stored that is not what others should get.
 */
const withheld: ReadonlySet<string> = new Set([
  'cdn-loop',
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'tracestate',
  'via',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-request-id',
  'x-rewrite-url',
]);

/** The same, by how their names begin. */
const withheldPrefixes = ['meridian-', 'x-forwarded-'] as const;

/** Conditions and ranges: a cache asks for whole responses, and answers those itself. */
const answeredByCache: ReadonlySet<string> = new Set([
  ...withheld,
  'cache-control',
  'content-length',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'range',
]);

/** For a request whose answer may be stored. */
export function fieldsToStore(headers: Headers): Headers {
  const fields = without(headers, answeredByCache);
  // Variants are told apart by the codings that we know; none that we do not may come back.
  const coding = normaliseSelecting('accept-encoding', headers.get('accept-encoding'));
  if (coding === absent) fields.delete('accept-encoding');
  else fields.set('accept-encoding', coding);
  return fields;
}

/** For a request that is passed on as it is, its conditions above all. */
export function fieldsToPass(headers: Headers): Headers {
  return without(headers, withheld);
}

function without(headers: Headers, names: ReadonlySet<string>): Headers {
  const fields = new Headers();
  forEachEndToEnd(headers, names, (name, value) => {
    if (!withheldPrefixes.some((prefix) => name.startsWith(prefix))) fields.append(name, value);
  });
  return fields;
}
