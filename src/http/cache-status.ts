/**
 * `Cache-Status` (RFC 9211): what one cache says about how it handled a request. The field has a member for
 * each cache on the way, the one nearest to the origin first.
 */
import { parseList, Token } from 'structured-headers';
import { memoise } from './memo.ts';
import { quoted } from './syntax.ts';

/** One member. Parameters that do not apply are left out. */
export interface CacheStatus {
  /** Who speaks. */
  readonly cache: string;
  /** Answered from store, without going forward. Excludes `fwd` and all that follows from it. */
  readonly hit?: boolean | undefined;
  /** Why it went forward: `uri-miss`, `stale`, … (RFC 9211 §2.2). */
  readonly fwd?: string | null | undefined;
  /** Status of the answer that came back. */
  readonly fwdStatus?: number | undefined;
  /** Seconds of freshness left; negative once stale. */
  readonly ttl?: number | undefined;
  /** That answer was stored. */
  readonly stored?: boolean | undefined;
  /** The request waited for another one's answer. */
  readonly collapsed?: boolean | undefined;
  readonly key?: string | undefined;
  /** Whatever else is worth knowing. */
  readonly detail?: string | undefined;
}

export function formatCacheStatus(status: CacheStatus): string {
  const { fwd, fwdStatus, ttl, key, detail } = status;
  let text = item(status.cache);
  if (status.hit) text += ';hit';
  else if (fwd) {
    text += `;fwd=${item(fwd)}`;
    if (fwdStatus !== undefined) text += `;fwd-status=${integer(fwdStatus)}`;
    if (status.stored) text += ';stored';
    if (status.collapsed) text += ';collapsed';
  }
  if (ttl !== undefined) text += `;ttl=${integer(ttl)}`;
  if (key !== undefined) text += `;key=${quoted(key)}`;
  if (detail !== undefined) text += `;detail=${item(detail)}`;
  return text;
}

/** For tests and tools. A field that is malformed anywhere says nothing (RFC 9651 §4.2). */
export function parseCacheStatus(value: string): CacheStatus[] {
  return members(value).flatMap(([cache, parameters]) => {
    if (!isText(cache)) return [];
    const text = (name: string) => textOf(parameters.get(name));
    const number = (name: string) => numberOf(parameters.get(name));
    const flag = (name: string) => parameters.get(name) === true || undefined;
    return {
      cache: String(cache),
      hit: flag('hit'),
      fwd: text('fwd'),
      fwdStatus: number('fwd-status'),
      ttl: number('ttl'),
      stored: flag('stored'),
      collapsed: flag('collapsed'),
      key: text('key'),
      detail: text('detail'),
    };
  });
}

/** A token where it may be one, a string otherwise (RFC 9651 §3.3.3, §3.3.4). The same few come all the time. */
const item = memoise((text) => (/^[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*$/.test(text) ? text : quoted(text)));

/** Within the range of RFC 9651 §3.3.1. */
function integer(number: number): number {
  return Math.trunc(Math.min(Math.max(number, -maxInteger), maxInteger)) || 0;
}
const maxInteger = 999_999_999_999_999;

function members(value: string): ReturnType<typeof parseList> {
  try {
    return parseList(value);
  } catch {
    return []; // what is malformed is ignored as a whole: that is the RFC's own rule
  }
}

function isText(value: unknown): value is string | Token {
  return typeof value === 'string' || value instanceof Token;
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? String(value) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
