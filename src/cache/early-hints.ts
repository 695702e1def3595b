/**
 * Early Hints (RFC 8297): while a browser waits for a page that has to be confirmed or fetched anew, it is told what the page as it is stored says it needs.
 * So it fetches that meanwhile. What is answered from here at once needs none, and what upstreams hint at themselves comes through as well.
 */
import type { Entry } from '../entry.ts';
import type { Exchange } from '../exchange.ts';
import { parseLinks } from '../http/link.ts';
import { isNavigation } from '../http/navigation.ts';
import { isRestricted } from '../identity.ts';

/** What a browser may begin with before it knows the page (HTML, "Early hint headers"). */
const hinted: ReadonlySet<string> = new Set(['preload', 'modulepreload', 'preconnect']);
/** Of one page. */
const mostHints = 32;

/**
 * Nothing, where it is of no use: for other clients, and between nodes. And where the stored page is not for everybody: whether he may have it, nobody knows
 * by now. Without effect on listeners that send no interim responses.
 */
export function hint(exchange: Exchange, { status, fields }: Entry): void {
  const { method, tier, headers, inform } = exchange;
  if (inform === undefined || tier !== null || method !== 'GET' || status !== 200) return;
  if (!isNavigation(headers) || isRestricted(fields)) return;
  const valuesOf = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value);
  const links = parseLinks(valuesOf('link').join(', '))
    .filter(({ relations }) => relations.some((relation) => hinted.has(relation)))
    .slice(0, mostHints);
  if (links.length === 0) return;
  const hints = new Headers({ link: links.map(({ text }) => text).join(', ') });
  // What the page may not use, a browser does not fetch for it.
  for (const policy of valuesOf('content-security-policy')) hints.append('content-security-policy', policy);
  exchange.inform?.(103, hints);
}
