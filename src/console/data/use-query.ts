/** What a page shows, in its address, so that it can be shared and is there again after a reload. */
import { useLocation } from 'preact-iso';

type Query = Readonly<Record<string, string>>;

/** @returns what the address says, and a function that changes some of it; `undefined` takes it out. */
export function useQuery(): [Query, (changes: Readonly<Record<string, string | undefined>>) => void] {
  const { path, query, route } = useLocation();
  const change = (changes: Readonly<Record<string, string | undefined>>) => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) next.delete(name);
      else next.set(name, value);
    }
    const at = path === '/console' ? '/console/' : path;
    route(next.size === 0 ? at : `${at}?${next}`, true);
  };
  return [query, change];
}
