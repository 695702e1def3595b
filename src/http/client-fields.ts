/**
 * The part of a client's request that goes on to the parent, for protocols in which the answer may depend
 * on any field.
 */
import { endToEnd } from './fields.ts';

/**
 * Not passed on. Conditions and ranges: the cache asks for whole responses and answers those itself.
 * The rest: fields that proxies and frameworks believe and no cache key contains, with which a client could
 * have a response stored that is not what others should get.
 */
const withheld: ReadonlySet<string> = new Set([
  'cache-control',
  'content-length',
  'cdn-loop',
  'expect',
  'forwarded',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'meridian-tier',
  'pragma',
  'range',
  'traceparent',
  'tracestate',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-server',
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

export function clientFields(headers: Headers): Headers {
  return endToEnd(headers, withheld);
}
