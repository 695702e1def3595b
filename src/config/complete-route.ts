/** A route with absolute paths: where a feed of advisories is, and a key to sign with. */
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
      const own = 'signingKey' in settings && settings.signingKey !== undefined;
      const key = own ? { signingKey: resolve(configDir, settings.signingKey) } : {};
      const completed = { ...settings, ...(policy !== undefined && { policy }), ...key };
      return { ...route, [route.protocol]: completed };
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
