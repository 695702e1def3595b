/**
 * The nodes that `up` runs, together: started at once, stopped from the clients' side to the origin's, and
 * changed to another config.
 */
import type { Clock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { controlClient } from '../control/client.ts';
import type { Role } from '../protocol.ts';
import type { Log } from '../telemetry/log.ts';
import type { Child, Ready } from './child.ts';
import { type Supervised, supervise } from './supervisor.ts';

export interface Fleet {
  /** Starts the nodes. Fails with the first failure, after having stopped the others. */
  start(nodes: readonly string[]): Promise<ReadonlyMap<string, Ready>>;
  /** Has every node reload, starts those that are new and stops those that are gone. */
  reload(network: Network, nodes: readonly string[]): Promise<void>;
  /** Settles when no node runs any more. */
  ended(): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

export interface FleetOptions {
  readonly network: Network;
  readonly start: (name: string) => Promise<Child>;
  readonly clock: Clock;
  readonly log: Log;
}

const stopOrder: readonly Role[] = ['pop', 'shield', 'origin'];

export function openFleet(options: FleetOptions): Fleet {
  const { clock, log } = options;
  const nodes = new Map<string, Supervised>();
  const roles = new Map<string, Role>();
  let { network } = options;

  function launch(name: string): Supervised {
    const node = supervise({ name, start: () => options.start(name), clock, log });
    nodes.set(name, node);
    roles.set(name, network.nodes[name]?.role ?? 'pop');
    void node.ended.then(() => {
      if (nodes.get(name) === node) nodes.delete(name);
    });
    return node;
  }

  async function start(names: readonly string[]): Promise<ReadonlyMap<string, Ready>> {
    const starts = names.map(async (name) => {
      const node = launch(name);
      const ready = await node.ready.catch((error: unknown) => {
        throw new Error(`${name} does not start`, {
          cause: error,
        });
      });
      return [name, ready] as const;
    });
    try {
      return new Map(await Promise.all(starts));
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    for (const role of stopOrder) {
      const ofRole = [...nodes].filter(([name]) => roles.get(name) === role);
      await Promise.all(ofRole.map(([, node]) => node.stop()));
    }
  }

  async function reloadNode(name: string, node: Supervised, secret: string): Promise<void> {
    const control = node.control();
    if (control === undefined) return;
    // The node logs the reasons itself when it refuses.
    await controlClient(control, secret, clock)
      .reload()
      .catch((error: unknown) => {
        log.error('the node was not reached', { node: name, error });
      });
  }

  return {
    start,
    stop,
    async reload(next, names) {
      const before = network.secret;
      network = next;
      for (const [name, node] of [...nodes]) {
        if (names.includes(name)) await reloadNode(name, node, before);
        else await node.stop();
      }
      const added = names.filter((name) => !nodes.has(name));
      await Promise.all(
        added.map((name) =>
          launch(name).ready.catch((error: unknown) =>
            log.error('a new node does not start', { node: name, error }),
          ),
        ),
      );
    },
    async ended() {
      while (nodes.size > 0) await Promise.all([...nodes.values()].map(({ ended }) => ended));
    },
    kill() {
      for (const node of nodes.values()) node.kill();
    },
  };
}
