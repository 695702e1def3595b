/** A route with absolute paths: where a feed of advisories is. */
import { resolve } from 'node:path';
import { settingsOf } from './ecosystem-settings.ts';
import type { ParsedRoute } from './schema.ts';

export function completeRoute(route: ParsedRoute, configDir: string): ParsedRoute {
  switch (route.protocol) {
    case 'npm':
      return route.npm.policy === undefined
        ? route
        : { ...route, npm: { ...route.npm, policy: completePolicy(route.npm.policy, configDir) } };
    case 'oci':
    case 'web':
      return route;
    default: {
      const settings = settingsOf(route.protocol, route);
      const policy = completePolicy(settings.policy, configDir);
      return policy === undefined ? route : { ...route, [route.protocol]: { ...settings, policy } };
    }
  }
}

function completePolicy<Policy extends { readonly advisories?: { readonly path: string } | undefined }>(
  policy: Policy | undefined,
  configDir: string,
): Policy | undefined {
  if (policy?.advisories === undefined) return policy;
  const path = resolve(configDir, policy.advisories.path);
  return { ...policy, advisories: { ...policy.advisories, path } };
}
