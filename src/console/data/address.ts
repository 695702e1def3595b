/**
 * Which address clients are pointed at: that of a PoP, or another one that leads to them, such as a name of the whole network. What
 * somebody has chosen once holds on all pages.
 */
import type { ClientRoutes } from './api.ts';
import { type Ask, at } from './ask.ts';

export type Address = { readonly node: string } | { readonly base: string };

const storageKey = 'meridian.address';

export function addressIn(query: Readonly<Record<string, string>>): Address | null {
  if (query['base'] !== undefined) return { base: query['base'] };
  return query['node'] === undefined ? null : { node: query['node'] };
}

/** As `addressIn` reads it. */
export function queryOf(address: Address): string {
  return new URLSearchParams({ ...address }).toString();
}

export function keep(address: Address): void {
  localStorage.setItem(storageKey, queryOf(address));
}

/** @param chosen `null`: what was chosen before, else the first PoP. */
export async function clientsAt(ask: Ask, chosen: Address | null): Promise<ClientRoutes> {
  if (chosen !== null) return ask('GET', at('/clients', {}, { ...chosen }));
  const kept = addressIn(Object.fromEntries(new URLSearchParams(localStorage.getItem(storageKey) ?? '')));
  if (kept !== null)
    try {
      return await ask('GET', at('/clients', {}, { ...kept }));
    } catch {
      localStorage.removeItem(storageKey); // a PoP that there is no more; if it is something else, the next question fails, too
    }
  const own = await ask('GET', '/clients');
  const [first] = own.addresses;
  // The console asks its node over loopback, which is no address for others.
  if (first === undefined || own.addresses.some(({ url }) => url === own.base)) return own;
  return ask('GET', at('/clients', {}, { node: first.node }));
}
