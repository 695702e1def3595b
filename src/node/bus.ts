/**
 * The bus as one node opens it: what the network says, at the servers that are near this node.
 */

import { type BusSettings, openBus } from '../bus/open.ts';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import type { Log } from '../telemetry/log.ts';

export interface BusDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The name of whoever opens it. */
  readonly publisher: string;
}

export function busFor(
  network: Network,
  node: NodeConfig,
  { clock, log, publisher }: BusDependencies,
): Promise<Bus> {
  return openBus(settingsFor(network, node), { clock, log, publisher });
}

export function settingsFor({ bus }: Network, { bus: { servers } }: NodeConfig): BusSettings {
  const keep = { events: bus.keep.events, ageMs: bus.keep.ageS * 1000 };
  switch (bus.driver) {
    case 'local':
      return { ...bus, keep };
    case 'nats':
      return { ...bus, keep, servers: servers.length > 0 ? servers : bus.servers };
    case 'redis':
      return { ...bus, keep, url: servers[0] ?? bus.url };
  }
}
