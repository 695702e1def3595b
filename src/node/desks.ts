/** What an origin's API does with what all nodes keep: it asks them, and purges them. */
import type { ApiServices } from '../access/api/endpoint.ts';
import type { Fleet } from '../access/api/fleet-state.ts';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { openAsker } from '../explaining/ask.ts';
import type { Lists } from '../prefetch/lists.ts';
import type { MetadataStore } from '../store.ts';
import { openExplainer } from './explain-network.ts';
import { openPrefetchDesk } from './prefetch-desk.ts';
import { openPurgeDesk, type Purger } from './purge.ts';
import { openReplicationDesk } from './replication-desk.ts';
import { openWarm, type Warm } from './warm.ts';

export interface Desks extends Pick<ApiServices, 'explainer' | 'purges' | 'replication' | 'prefetch'> {
  /** What nodes always have. */
  readonly warm: Pick<Warm, 'begin' | 'purged'>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly node: Purger;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'nodes'>;
  /** As the config in force has it. */
  readonly network: () => Network;
  /** What nodes shall have before anybody asks for it. */
  readonly lists: Lists;
  readonly metadata: MetadataStore;
}

export function openDesks({ node, bus, clock, fleet, network, lists, metadata }: DeskOptions): Desks {
  const { name, purging } = node;
  const asker = openAsker({ bus, clock, name });
  const explainer = openExplainer({
    asker,
    network,
    members: purging.members,
    urlsOf: (wanted) => fleet.nodes().find((each) => each.node === wanted)?.urls ?? [],
    elapsed: clock.elapsed,
  });
  const replication = openReplicationDesk({ lists, bus, network, members: purging.members });
  const nodes = () => Object.values(network().nodes);
  const warm = openWarm({ node, lists, entries: () => network().warm });
  const prefetch = openPrefetchDesk({ node, lists, metadata, bus, nodes, warm });
  return {
    warm,
    ...{ explainer, replication, prefetch, purges: openPurgeDesk(node) },
    async close() {
      asker.close();
      replication.close();
      await warm.close();
      await prefetch.close();
    },
  };
}
