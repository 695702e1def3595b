/**
 * What a response says about its caching, to a delivery network: the first of the targeted fields (RFC 9213) that
 * is there and valid, or else `Cache-Control`.
 */
import { parseDictionary } from 'structured-headers';
import { type CacheControl, parseCacheControl } from './cache-control.ts';
import { memoise } from './memo.ts';
import { quoted } from './syntax.ts';

/**
 * Whose word counts, the most specific first (RFC 9213 §2.2). The first one is for Meridian alone: it goes from tier
 * to tier, but not on to clients.
 */
const targets = ['meridian-cdn-cache-control', 'cdn-cache-control'] as const;

export const [ownTarget] = targets;

export interface CachingPolicy {
  readonly control: CacheControl;
  /** It comes from a targeted field, so that `Expires` does not count either (RFC 9213 §2.2). */
  readonly isTargeted: boolean;
}

/** @param headers of a response. */
export function cachingPolicy(headers: Headers): CachingPolicy {
  for (const name of targets) {
    const value = headers.get(name);
    const control = value === null ? false : parsed(value);
    if (control) return { control, isTargeted: true };
  }
  return { control: parseCacheControl(headers.get('cache-control')), isTargeted: false };
}

/** `false` when the field is empty, or cannot be understood as a whole (RFC 9213 §2.1). */
const parsed = memoise((value): CacheControl | false => {
  const members = dictionary(value);
  if (members === null || members.size === 0) return false;
  const written: string[] = [];
  for (const [name, [item]] of members) {
    const text = directive(name, item);
    if (text === null) return false;
    written.push(text);
  }
  return parseCacheControl(written.join(', '));
});

/** As `Cache-Control` would put it. Empty when it is none that applies, `null` when its value is of the wrong type. */
function directive(name: string, item: unknown): string | null {
  switch (argumentOf[name]) {
    case 'seconds':
      return Number.isInteger(item) ? `${name}=${item}` : null;
    case 'nothing':
      return typeof item === 'boolean' ? flag(name, item) : null;
    case 'fields':
      if (typeof item === 'string') return `${name}=${quoted(item)}`;
      return typeof item === 'boolean' ? flag(name, item) : null;
    case undefined:
      return '';
  }
}

function flag(name: string, isSet: boolean): string {
  return isSet ? name : '';
}

const argumentOf: Readonly<Record<string, 'seconds' | 'nothing' | 'fields' | undefined>> = {
  'max-age': 'seconds',
  's-maxage': 'seconds',
  'stale-while-revalidate': 'seconds',
  'stale-if-error': 'seconds',
  'must-revalidate': 'nothing',
  'must-understand': 'nothing',
  'no-store': 'nothing',
  'no-transform': 'nothing',
  'proxy-revalidate': 'nothing',
  immutable: 'nothing',
  public: 'nothing',
  'no-cache': 'fields',
  private: 'fields',
};

function dictionary(value: string): ReturnType<typeof parseDictionary> | null {
  try {
    return parseDictionary(value);
  } catch {
    return null; // a field that is malformed anywhere is ignored as a whole: that is the RFC's own rule
  }
}
