/**
 * Opens the bus that the config names. Only that driver is loaded.
 */
import type { Bus } from '../bus.ts';
import type { BusDependencies } from './dependencies.ts';
import type { LocalSettings } from './local/local.ts';
import type { NatsSettings } from './nats/nats.ts';
import type { RedisSettings } from './redis/redis.ts';

export type BusSettings =
  | ({ readonly driver: 'local' } & LocalSettings)
  | ({ readonly driver: 'nats' } & NatsSettings)
  | ({ readonly driver: 'redis' } & RedisSettings);

/** Opens at once, whether the bus can be reached or not: `state` tells. */
export async function openBus(settings: BusSettings, dependencies: BusDependencies): Promise<Bus> {
  switch (settings.driver) {
    case 'local': {
      const { openLocal } = await import('./local/local.ts');
      return openLocal(settings, dependencies);
    }
    case 'nats': {
      const { openNats } = await import('./nats/nats.ts');
      return openNats(settings, dependencies);
    }
    case 'redis': {
      const { openRedis } = await import('./redis/redis.ts');
      return openRedis(settings, dependencies);
    }
  }
}
