/**
 * Opens the bus that the config names. Only that driver is loaded.
 */
import type { Bus } from '../bus.ts';
import type { BusDependencies } from './dependencies.ts';
import type { LocalSettings } from './local/local.ts';

export type BusSettings = { readonly driver: 'local' } & LocalSettings;

/** Opens at once, whether the bus can be reached or not: `state` tells. */
export async function openBus(settings: BusSettings, dependencies: BusDependencies): Promise<Bus> {
  switch (settings.driver) {
    case 'local': {
      const { openLocal } = await import('./local/local.ts');
      return openLocal(settings, dependencies);
    }
  }
}
