/** Routes of the ecosystems that the kit serves: what their settings have in common, whatever they are called in the config. */
import type { z } from 'zod';
import { ecosystems } from './ecosystems.ts';
import type { Frozen } from './frozen.ts';
import type { RouteConfig } from './network.ts';

export type EcosystemId = keyof typeof ecosystems;
/** Of each, by its id. */
export type EcosystemSettings = {
  readonly [Id in EcosystemId]: Frozen<z.output<(typeof ecosystems)[Id]>>;
};
export type RegistryRoute = Extract<RouteConfig, { protocol: EcosystemId }>;
/** What all of them have. */
export type RegistrySettings = Pick<
  EcosystemSettings[EcosystemId],
  'upstreams' | 'hosted' | 'policy' | 'mirror' | 'ahead' | 'metadata' | 'maxIndexBytes'
>;

/** `null` for a route of another kind. */
export function registryIn(route: RouteConfig): RegistrySettings | null {
  return isRegistry(route) ? settingsOf(route.protocol, route) : null;
}

/** @param route one of that protocol. */
export function settingsOf<Id extends EcosystemId>(
  protocol: Id,
  route: Partial<EcosystemSettings>,
): EcosystemSettings[Id] {
  const settings = route[protocol];
  if (settings === undefined) throw new Error(`a route of ${protocol} without its settings`);
  return settings;
}

export function isRegistry(route: RouteConfig): route is RegistryRoute {
  return Object.hasOwn(ecosystems, route.protocol);
}

/** The same route with other settings of those that all have. */
export function withSettings(route: RegistryRoute, settings: Partial<RegistrySettings>): RegistryRoute {
  return { ...route, [route.protocol]: { ...settingsOf(route.protocol, route), ...settings } };
}
