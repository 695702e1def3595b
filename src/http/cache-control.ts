/**
 * `Cache-Control` (RFC 9111 §5.2, RFC 5861 §3 and §4, RFC 8246).
 *
 * One rule settles whatever is malformed, doubled or contradictory: it counts only where it makes the cache
 * more careful. So a restriction stands even when its argument is broken, a permission does not, and of
 * several values the one that keeps a response for the shortest time wins. RFC 9111 §4.2.1 lets a cache use
 * the first value or take the response for stale: the shortest is never fresh when the first is not, and does
 * not depend on the order in which intermediaries joined the lines.
 */
import { memoise } from './memo.ts';
import { argument, isToken, split, tokenLength } from './syntax.ts';

/** Times are in seconds, `undefined` where the directive is absent. */
export interface CacheControl {
  /** An invalid value is 0, which is stale (RFC 9111 §4.2.1); so it is for `s-maxage`. */
  readonly maxAge: number | undefined;
  readonly sMaxAge: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
  readonly minFresh: number | undefined;
  /** `Infinity` for `max-stale` without a value. */
  readonly maxStale: number | undefined;
  /** The names of the fields that it is limited to, in lower case, or `true` for the whole response. */
  readonly noCache: boolean | readonly string[];
  /** As for `noCache`. */
  readonly private: boolean | readonly string[];
  readonly noStore: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly immutable: boolean;
  readonly public: boolean;
  readonly onlyIfCached: boolean;
  readonly noTransform: boolean;
}

/** Longer times mean this one: 2^31 seconds, 68 years (RFC 9111 §1.2.2). */
const maxDeltaSeconds = 2_147_483_648;

/** @param value of all `Cache-Control` lines, joined by commas; `null` when there are none. */
export function parseCacheControl(value: string | null): CacheControl {
  return value === null ? none : remembered(value);
}

const none: CacheControl = Object.freeze({
  maxAge: undefined,
  sMaxAge: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  minFresh: undefined,
  maxStale: undefined,
  noCache: false,
  private: false,
  noStore: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  immutable: false,
  public: false,
  onlyIfCached: false,
  noTransform: false,
});

const remembered = memoise((value): CacheControl => {
  const control: Draft = { ...none };
  for (const member of split(value, ',')) {
    const length = tokenLength(member);
    apply(control, member.slice(0, length).toLowerCase(), argumentAfter(member, length));
  }
  return Object.freeze(control);
});

type Draft = { -readonly [Name in keyof CacheControl]: CacheControl[Name] };

/** What follows a directive's name: nothing, an argument, or something that the grammar does not know. */
type Argument =
  | { readonly given: 'nothing' }
  | { readonly given: 'text'; readonly text: string }
  | typeof malformed;
const malformed = { given: 'malformed' } as const;

function argumentAfter(member: string, nameLength: number): Argument {
  if (nameLength === member.length) return { given: 'nothing' };
  const text = member[nameLength] === '=' ? argument(member.slice(nameLength + 1)) : undefined;
  return text === undefined ? malformed : { given: 'text', text };
}

function apply(control: Draft, name: string, value: Argument): void {
  switch (name) {
    case 'max-age':
      control.maxAge = least(control.maxAge, seconds(value) ?? 0);
      break;
    case 's-maxage':
      control.sMaxAge = least(control.sMaxAge, seconds(value) ?? 0);
      break;
    case 'stale-while-revalidate':
      control.staleWhileRevalidate = least(control.staleWhileRevalidate, seconds(value));
      break;
    case 'stale-if-error':
      control.staleIfError = least(control.staleIfError, seconds(value));
      break;
    case 'max-stale':
      control.maxStale = least(control.maxStale, value.given === 'nothing' ? Infinity : seconds(value));
      break;
    case 'min-fresh':
      control.minFresh = most(control.minFresh, seconds(value));
      break;
    case 'no-cache':
      control.noCache = widest(control.noCache, fieldNames(value));
      break;
    case 'private':
      control.private = widest(control.private, fieldNames(value));
      break;
    case 'no-store':
      control.noStore = true;
      break;
    case 'must-revalidate':
      control.mustRevalidate = true;
      break;
    case 'proxy-revalidate':
      control.proxyRevalidate = true;
      break;
    case 'only-if-cached':
      control.onlyIfCached = true;
      break;
    case 'no-transform':
      control.noTransform = true;
      break;
    case 'must-understand':
      control.mustUnderstand ||= value.given === 'nothing';
      break;
    case 'immutable':
      control.immutable ||= value.given === 'nothing';
      break;
    case 'public':
      control.public ||= value.given === 'nothing';
      break;
  }
}

/** `delta-seconds` (RFC 9111 §1.2.2), as a token or quoted; `undefined` when it is not one. */
function seconds(value: Argument): number | undefined {
  if (value.given !== 'text' || !/^\d+$/.test(value.text)) return undefined;
  return Math.min(Number(value.text), maxDeltaSeconds);
}

function least(known: number | undefined, other: number | undefined): number | undefined {
  if (known === undefined || other === undefined) return known ?? other;
  return Math.min(known, other);
}

function most(known: number | undefined, other: number | undefined): number | undefined {
  if (known === undefined || other === undefined) return known ?? other;
  return Math.max(known, other);
}

/** The fields a qualified directive names; `true`, the whole response, when it names none or anything else. */
function fieldNames(value: Argument): true | readonly string[] {
  if (value.given !== 'text') return true;
  const names = split(value.text, ',');
  if (names.length === 0 || !names.every(isToken)) return true;
  return Object.freeze(names.map((name) => name.toLowerCase()));
}

function widest(
  known: boolean | readonly string[],
  other: true | readonly string[],
): true | readonly string[] {
  if (known === true || other === true) return true;
  if (known === false) return other;
  return Object.freeze([...new Set([...known, ...other])]);
}
