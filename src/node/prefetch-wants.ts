/** What an order is about, thing by thing: of which route each is. */

import { MeridianError } from '../errors.ts';
import type { PrefetchOrder } from '../messages/prefetch-order.ts';
import { mostWanted } from '../messages/prefetch-order.ts';
import { suggest } from '../messages/suggest.ts';
import type { Wanted } from '../protocol.ts';
import type { Site } from './node.ts';
import type { Route } from './routes.ts';

export type Want =
  /** @property what as people write it. */
  | { readonly what: string; readonly route: Route; readonly version: Wanted }
  | { readonly what: string; readonly route: Route; readonly target: string };

type Routed = Pick<Site, 'routes' | 'readOf'>;

/** @throws `request-malformed` for a route that there is not, an address of none, and for too much. */
export function wantsOf({ versions, addresses }: PrefetchOrder, site: Routed): readonly Want[] {
  const wants = [
    ...versions.flatMap(({ route: given, protocol, packages }): readonly Want[] => {
      const route = given === undefined ? speaking(protocol, site) : named(given, site);
      if (protocol !== undefined && route.protocol.id !== protocol)
        throw new MeridianError('request-malformed', `the route ${route.name} has nothing of ${protocol}`);
      return packages.map((version) => ({ what: written(route, version), route, version }));
    }),
    ...addresses.map(({ route, url }) => addressed(url, route, site)),
  ];
  if (wants.length > mostWanted)
    throw new MeridianError(
      'request-malformed',
      `${wants.length} things are more than one order may have (${mostWanted})`,
    );
  return wants;
}

/** `lodash@4.17.21`, `acme/app:v1`, `acme/app@sha256:…`. */
function written({ protocol }: Route, { name, version }: Wanted): string {
  return protocol.id === 'oci' && !version.includes(':') ? `${name}:${version}` : `${name}@${version}`;
}

/** Those of the config. */
function routesOf({ routes, readOf }: Routed): readonly Route[] {
  return routes.all.filter((route) => readOf(route) !== null && !route.prefix.startsWith('/.meridian'));
}

function named(name: string, site: Routed): Route {
  const all = routesOf(site);
  const found = all.find((route) => route.name === name);
  if (found !== undefined) return found;
  const names = all.map((route) => route.name);
  const { hint = `There are: ${names.join(', ')}.` } = suggest(name, names);
  throw new MeridianError('request-malformed', `the network has no route ${name}. ${hint}`);
}

function speaking(protocol: string | undefined, site: Routed): Route {
  const all = routesOf(site);
  const found = all.find((route) => route.protocol.id === protocol && route.protocol.needs !== undefined);
  if (found !== undefined) return found;
  const known = all.filter((route) => route.protocol.needs !== undefined).map((route) => route.protocol.id);
  const what =
    protocol === undefined
      ? 'a version needs a route or a protocol'
      : `this network has no route for ${protocol}`;
  throw new MeridianError(
    'request-malformed',
    `${what}; there is: ${[...new Set(known)].join(', ') || 'none'}`,
  );
}

function addressed(text: string, given: string | undefined, site: Routed): Want {
  const url = URL.parse(text.startsWith('/') ? `http://meridian.invalid${text}` : text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new MeridianError('request-malformed', `${text} is neither an http or https URL nor a path`);
  const target = url.pathname + url.search;
  const isBare = text.startsWith('/');
  const route =
    given === undefined ? site.routes.match(isBare ? '' : url.host, url.pathname) : named(given, site);
  if (route === null || !routesOf(site).includes(route))
    throw new MeridianError(
      'request-malformed',
      `no route serves ${text}${isBare ? '; where routes have hosts, say which (`route`)' : ''}`,
    );
  if (!url.pathname.startsWith(route.prefix))
    throw new MeridianError(
      'request-malformed',
      `${text} is no address of the route ${route.name}, which is at ${route.prefix}`,
    );
  return { what: text, route, target };
}
