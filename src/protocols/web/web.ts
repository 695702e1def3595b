/**
 * Any HTTP upstream: a reverse proxy's protocol. What may be stored, and for how long, is what the
 * responses say (RFC 9111); the route may add times for those that say nothing.
 */
import type { Answer, Entry } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { fieldsToPass, fieldsToStore } from '../../http/client-fields.ts';
import { askConditionally, askForPart } from '../../http/conditional.ts';
import { weakMatch } from '../../http/etag.ts';
import { memoise } from '../../http/memo.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, Protocol, Role } from '../../protocol.ts';
import type { CacheKey, FreshnessPolicy, Named, NegativePolicy, Resource } from '../../resource.ts';
import { guides } from './guides.ts';
import { preloads } from './preload.ts';
import { targetOf } from './same-origin.ts';

export interface WebOptions {
  /** Absolute URL without a trailing slash. The path behind the route's prefix is appended. */
  readonly upstream: string;
  /** Replaces the client's `Authorization` towards the upstream. */
  readonly authorization?: string | undefined;
  /** `Host` towards the upstream; without it, the upstream's own. */
  readonly hostHeader?: string | undefined;
  readonly freshness: WebFreshness;
  /** Whether an answer that sets a cookie may be stored when it says so itself (RFC 9111 §7.3), or never. */
  readonly setCookie: 'store' | 'pass';
  readonly negative: NegativePolicy;
  readonly compress: boolean;
}

/** A route's times for responses that state none: those of a PoP, and for how long whoever it asks needs not ask. Seconds. */
export interface WebFreshness extends Omit<FreshnessPolicy, 'vouchedS'> {
  readonly shieldS?: number | undefined;
}

export function web(options: WebOptions, mount: Mount): Protocol {
  const remote = { url: options.upstream, authorization: options.authorization };
  const place = { upstream: options.upstream, prefix: mount.prefix, hostHeader: options.hostHeader };
  const freshness = freshnessAt(mount.role, options.freshness);
  // The key is the target as the client wrote it: neither its Host nor its scheme reach the upstream.
  const pageAt = memoise(
    (target: string): Resource => ({
      as: 'resource',
      key: `${mount.route} ${target}` as CacheKey,
      kind: 'page',
      tags: [],
      ask: 'client',
      inParts: true,
      freshness,
      hasQuery: true,
      keepsCookies: options.setCookie === 'store',
      negative: options.negative,
      compress: options.compress,
    }),
  );

  return {
    id: 'web',
    guides,

    name(exchange): Named {
      const { method, target } = exchange;
      const page = pageAt(target);
      if (method === 'GET' || method === 'HEAD') return page;
      const pointedTo = (answer: Headers, field: string) => targetOf(answer.get(field), exchange, place);
      return {
        as: 'pass',
        kind: 'page',
        why: 'method',
        ask: 'client',
        outdates(answer) {
          const others = ['location', 'content-location'].map((field) => pointedTo(answer, field));
          return [page.key, ...others.filter((other) => other !== null).map((other) => pageAt(other).key)];
        },
        standsFor: (answer) =>
          method === 'POST' && pointedTo(answer, 'content-location') === target ? page : null,
      };
    },

    covers(target) {
      const { key } = pageAt(target);
      return [target.includes('*') ? { by: 'glob', glob: key } : { by: 'key', key }];
    },

    foresight: {
      clue: () => null,
      fields: ({ as }, headers, exchange) =>
        as === 'resource' ? preloads(headers.get('link'), exchange, mount.prefix) : [],
      foresee(question) {
        throw new MeridianError('request-malformed', `there is no question of web routes: ${question}`);
      },
    },

    changed({ key }, before, { status, headers }) {
      const selectors = [{ by: 'key' as const, key }];
      if (status === 404 || status === 410)
        return before.status === 200 ? { selectors, soft: false, seen: key } : null;
      return status === 200 && isAnother(before, headers) ? { selectors, soft: true, seen: key } : null;
    },

    pull(ask: Ask, origin: OriginDoor): Promise<Answer> {
      const { exchange, stored, signal, reload, part } = ask;
      const passed = ask.named.as === 'pass';
      const headers = passed ? fieldsToPass(exchange.headers) : fieldsToStore(exchange.headers);
      if (options.hostHeader !== undefined) headers.set('host', options.hostHeader);
      if (stored) askConditionally(headers, stored);
      askForPart(headers, part);
      if (reload) headers.set('cache-control', 'no-cache');
      const url = options.upstream + exchange.target.slice(mount.prefix.length);
      const body = exchange.method === 'GET' || exchange.method === 'HEAD' ? null : exchange.body();
      return origin.fetch(remote, url, { method: exchange.method, headers, body, signal });
    },
  };
}

/** A PoP takes its parent's word for what is older than `freshS`. What a parent does not stand by is as old as `shieldS`. */
function freshnessAt(role: Role, { shieldS, ...times }: WebFreshness): FreshnessPolicy {
  if (shieldS === undefined) return times;
  return role === 'pop' ? { ...times, vouchedS: shieldS } : { ...times, freshS: shieldS };
}

/** Whether the validators say so: without any, nothing is known. */
function isAnother(before: Entry, after: Headers): boolean {
  const etag = after.get('etag');
  if (before.etag !== null && etag !== null) return !weakMatch(before.etag, etag);
  const lastModified = after.get('last-modified');
  const was = before.fields.find(([name]) => name === 'last-modified')?.[1];
  return was !== undefined && lastModified !== null && was !== lastModified;
}
