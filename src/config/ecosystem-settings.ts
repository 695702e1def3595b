/** The settings of routes of the ecosystems that the kit serves, whatever each is called in the config. */
import type { z } from 'zod';
import type { ecosystems } from './ecosystems.ts';
import type { Frozen } from './frozen.ts';

export type EcosystemId = keyof typeof ecosystems;
/** Of each, by its id. */
export type EcosystemSettings = {
  readonly [Id in EcosystemId]: Frozen<z.output<(typeof ecosystems)[Id]>>;
};

/** @param route one of that protocol. */
export function settingsOf<Id extends EcosystemId>(
  protocol: Id,
  route: Partial<EcosystemSettings>,
): EcosystemSettings[Id] {
  const settings = route[protocol];
  if (settings === undefined) throw new Error(`a route of ${protocol} without its settings`);
  return settings;
}
