/**
 * What is meant by a package on the command line: its name, or one version of it, as users of its protocol write that; and of which route it is,
 * where nobody says so.
 */
import { z } from 'zod';
import { packageList } from '../../access/api/packages-message.ts';
import { type Reference, readReference } from '../../messages/reference.ts';
import { type ShownRoute, shownRoute } from '../../messages/route.ts';
import type { Ask } from '../access/ask.ts';
import { UsageError } from '../exit.ts';

export interface Found extends Reference {
  readonly route: string;
  /** `null`: there is no such route. */
  readonly protocol: string | null;
}

/** Read of one search: the names that fit best come first. */
const mostFound = 100;

/**
 * @param given the route; `undefined`: the one that has it. Where none is known to, the one whose protocol writes names so.
 * @throws UsageError where that can be several, or none.
 */
export async function findReference(ask: Ask, text: string, given: string | undefined): Promise<Found> {
  const routes = z.array(shownRoute).parse(await ask('GET', '/routes'));
  const all = routes.filter(({ protocol }) => protocol !== 'web').map((route) => readAt(route, text));
  if (given !== undefined)
    return (
      all.find(({ route }) => route === given) ?? { route: given, protocol: null, name: text, version: null }
    );
  if (all.length === 1 && all[0] !== undefined) return all[0];
  const having = new Map<string, ReadonlySet<string>>();
  for (const { name } of all) if (!having.has(name)) having.set(name, await routesWith(ask, name));
  const found = all.filter(({ route, name }) => having.get(name)?.has(route) === true);
  const likely = all.filter(({ protocol, name }) => looksLike(name, text, protocol));
  // Of several, the one that is called what it is.
  const usual = likely.filter(({ route, protocol }) => route === protocol);
  const [one, ...others] = found.length > 0 ? found : usual.length > 0 ? usual : likely;
  if (one !== undefined && others.length === 0) return one;
  const which = (found.length > 0 ? found : all).map(({ route }) => route).join(', ');
  const why = found.length > 0 ? `Several routes have ${text}` : `No route is known to have ${text}`;
  throw new UsageError(
    `${why}: say with --route which is meant (${which || 'there is none with packages'}).`,
  );
}

function readAt({ name: route, protocol }: ShownRoute, text: string): Found & { readonly protocol: string } {
  return { route, protocol, ...readReference(text, protocol) };
}

async function routesWith(ask: Ask, name: string): Promise<ReadonlySet<string>> {
  const query = new URLSearchParams({ text: name, limit: String(mostFound) });
  const { packages } = packageList.parse(await ask('GET', `/packages?${query}`));
  const same = (other: string) => other.toLowerCase() === name.toLowerCase();
  return new Set(packages.filter((each) => same(each.name)).map(({ route }) => route));
}

/** Of those that may have what nobody has asked for yet: names of npm have a slash behind their scope alone, and no tag. */
function looksLike(name: string, text: string, protocol: string): boolean {
  const isImage =
    (name.includes('/') && !name.startsWith('@')) || readReference(text, 'oci').version !== null;
  return protocol === (isImage ? 'oci' : 'npm');
}
