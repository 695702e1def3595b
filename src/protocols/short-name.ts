import type { Exchange } from '../exchange.ts';

/** What somebody is called where it is listed who has published: `alice` for `user:alice`. */
export function shortName({ identity }: Pick<Exchange, 'identity'>): string {
  const name = identity?.name ?? 'anonymous';
  return name.slice(name.indexOf(':') + 1);
}
