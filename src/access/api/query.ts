/** Parameters of a query. */
import { MeridianError } from '../../errors.ts';

/** `undefined` where there is none. Fails where it is no whole number. */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new MeridianError('request-malformed', `${name} has to be a number`);
  return Number(text);
}
