/** What is looked for, as the page's address has it, so that a search can be kept and sent to somebody. */
import { useLocation } from 'preact-iso';

export const kinds = [
  { value: 'all', label: 'All' },
  { value: 'hosted', label: 'Hosted' },
  { value: 'cached', label: 'Cached' },
] as const;
export type Kind = (typeof kinds)[number]['value'];

export interface Wanted {
  readonly text: string;
  /** '': all. */
  readonly route: string;
  readonly kind: Kind;
  /** Where the page begins; '': at the first package. */
  readonly cursor: string;
}

const base = '/console/packages';

export function useWanted() {
  const { query, route: go } = useLocation();
  const wanted: Wanted = {
    text: query['text'] ?? '',
    route: query['route'] ?? '',
    kind: kinds.find(({ value }) => value === query['kind'])?.value ?? 'all',
    cursor: query['cursor'] ?? '',
  };
  return {
    wanted,
    /** Begins with the first package again. @param isTyped many of these make one step back, not many. */
    want(change: Partial<Omit<Wanted, 'cursor'>>, isTyped = false): void {
      go(addressOf({ ...wanted, ...change, cursor: '' }), isTyped);
    },
    addressAt: (cursor: string) => addressOf({ ...wanted, cursor }),
  };
}

function addressOf({ text, route, kind, cursor }: Wanted): string {
  const query = new URLSearchParams();
  const given = { text, route, kind: kind === 'all' ? '' : kind, cursor };
  for (const [name, value] of Object.entries(given)) if (value !== '') query.set(name, value);
  return query.size === 0 ? base : `${base}?${query}`;
}

export function packageAddress(route: string, name: string, tab?: string): string {
  const path = `${base}/${encodeURIComponent(route)}/${encodeURIComponent(name)}`;
  return tab === undefined ? path : `${path}/${tab}`;
}

/** @param version a tag or a digest. */
export function versionAddress(route: string, name: string, version: string): string {
  return `${packageAddress(route, name)}/versions/${encodeURIComponent(version)}`;
}
