/**
 * What the access log does not say. Credentials never get into it (`loggable.ts`); an operator may have it say less than that.
 */
import { decode, loggable, replacement, withoutValues } from './loggable.ts';
import { networkOf } from './network-of.ts';

export interface RedactionSettings {
  /** Of a client's address. `network`: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one. */
  readonly addresses: 'whole' | 'network' | 'none';
  /** Of a query. `names`: of its parameters, without their values. */
  readonly query: 'whole' | 'names' | 'none';
  /** Names of parameters whose values are hidden, in lower case. */
  readonly hide: readonly string[];
  /** No path of what not everybody may read. */
  readonly hideRestricted: boolean;
}

export interface Redaction {
  /** A path with its query, or a URL. */
  target(target: string, isRestricted: boolean): string;
  client(address: string): string;
}

/** Nothing but credentials is left out. */
export const onlyCredentials: RedactionSettings = {
  addresses: 'whole',
  query: 'whole',
  hide: [],
  hideRestricted: false,
};

export function redaction({ addresses, query, hide, hideRestricted }: RedactionSettings): Redaction {
  const hidden = new Set(hide);
  const isHidden = (name: string) => hidden.has(decode(name).toLowerCase());
  const all = () => true;

  function shownQuery(text: string): string {
    if (query === 'none') return replacement;
    if (query === 'whole') return withoutValues(text, isHidden);
    // What has no name may be anything.
    const pairs = text
      .split(/[&;]/)
      .map((pair) => (pair.includes('=') ? withoutValues(pair, all) : replacement));
    return pairs.join('&');
  }

  return {
    target(target, isRestricted) {
      if (hideRestricted && isRestricted) return `/${replacement}`;
      const at = query === 'whole' && hidden.size === 0 ? -1 : target.indexOf('?');
      return loggable(at === -1 ? target : `${target.slice(0, at)}?${shownQuery(target.slice(at + 1))}`);
    },
    client(address) {
      if (addresses === 'whole') return address;
      return addresses === 'none' ? '-' : networkOf(address);
    },
  };
}
