/**
 * What is wrong with the routes of a config that only their protocols can tell. The config as such knows none of them; whoever is about to
 * use it asks here, so that a mistake has its place in the file, and does not end in a node that cannot start.
 */
import { settingsOf } from '../config/ecosystem-settings.ts';
import type { Mistake } from '../config/mistake.ts';
import type { Network, RouteConfig } from '../config/network.ts';
import { ruleMistakes } from './ecosystems.ts';

export function routeMistakes({ routes }: Pick<Network, 'routes'>): readonly Mistake[] {
  return routes.flatMap((route, nth) =>
    mistakesOf(route).map((mistake) => ({ ...mistake, path: `routes[${nth}].${mistake.path}` })),
  );
}

function mistakesOf(route: RouteConfig): readonly Mistake[] {
  switch (route.protocol) {
    case 'npm':
    case 'oci':
    case 'web':
      return [];
    default: {
      const { name, match, access, protocol } = route;
      const placed = { route: name, prefix: match.path, isOpen: access === 'open' };
      return ruleMistakes(protocol, settingsOf(protocol, route), placed);
    }
  }
}
