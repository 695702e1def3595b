/** An address that a machine's own setting names. Credentials in it are not taken, and not repeated. */
import { httpUrl } from '../forms.ts';

/** @param source where it stands. @param helper what writes such a route. @throws where it is no address to pull from. */
export function urlIn(text: string, source: string, helper: string): string {
  const url = httpUrl(text);
  if (url !== undefined) return url;
  throw new Error(`${source} is no http or https URL without user name and query. ${remedy(helper)}`);
}

export function remedy(helper: string): string {
  return `Name the upstreams in the config: ${helper}({ upstreams: [{ url: … }] }).`;
}
