/**
 * The key/value stores that this node keeps copies in. They outlive a reload of the config: what a purge still has to mark there
 * must not be forgotten.
 */
import type { Position } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { KvConfig, Network, NodeConfig, RouteConfig } from '../config/network.ts';
import { type Copies, type CopiesStats, copies } from '../kv/copies.ts';
import { natsStore } from '../kv/nats.ts';
import { redisStore } from '../kv/redis.ts';
import type { KvStore } from '../kv/store.ts';
import type { Parent } from '../parent.ts';
import type { Selector } from '../purge.ts';
import { everything, marksOfPurge } from './purge-marks.ts';
import { type Followed, recentPurges } from './recent-purges.ts';
import { replicated } from './replicate.ts';

export interface Replicas {
  /** A route's parent with the stores in front of it that this node has for it: the shared memory first, then the one that is near. */
  before(parent: Parent, route: RouteConfig, node: NodeConfig, network: Network): Parent;
  /** What is purged here is no longer taken from any store, whoever has put it there. */
  purged(selector: Selector, at?: Position): void;
  /** Closes what this node no longer uses. */
  keepOnly(node: NodeConfig, network: Network): void;
  readonly stats: readonly CopiesStats[];
  close(): Promise<void>;
}

/** What a node knows of purges that come over a bus. */
interface Following {
  /** How far it has followed them. */
  readonly followed: () => Followed;
  /** After so long without news of the bus, a node is unsure. */
  readonly trustMs: number;
}

/** A node may notice so much later that it is unsure. */
const lateMs = 5000;

export interface ReplicasOptions extends Following {
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function replicas({ clock, warn, followed, trustMs }: ReplicasOptions): Replicas {
  const open = new Map<string, Copies>();
  /** Not used any more, with something to end still. */
  const closing = new Set<Promise<void>>();
  const mark = (names: readonly string[]) => {
    for (const store of open.values()) store.purged(names);
  };
  const whileMs = trustMs + lateMs;
  const recent = recentPurges({ followed, whileMs, again: mark, clock, everything });

  function storeOf(name: string, network: Network): Copies {
    const config = configOf(name, network);
    const id = idOf(name, network);
    const known = open.get(id);
    if (known) return known;
    const { timeoutMs, queueBytes } = config;
    const made = copies({
      ...{ name, clock, timeoutMs, everything, warn, limits: { queueBytes } },
      store: connect(`meridian-${network.name}-${name}`, config, clock),
      secret: network.secret,
    });
    open.set(id, made);
    return made;
  }

  return {
    before(parent, route, { near, sharedMemory }, network) {
      const inFront = (name: string, objectBytes: number, of: Parent) => {
        const lifetimeMs = configOf(name, network).lifetimeS * 1000;
        const store = storeOf(name, network);
        return replicated(of, { route: route.name, copies: store, objectBytes, lifetimeMs, recent, clock });
      };
      const { replicate } = route;
      const regional = near && replicate ? inFront(near, replicate.objectBytes, parent) : parent;
      return sharedMemory ? inFront(sharedMemory.store, sharedMemory.objectBytes, regional) : regional;
    },

    purged(selector, at) {
      const names = marksOfPurge(selector);
      recent.purged(names, at);
      mark(names);
    },

    keepOnly({ near, sharedMemory }, network) {
      const used = [near, sharedMemory?.store].filter((name) => name !== undefined);
      const ids = new Set(used.map((name) => idOf(name, network)));
      const unused = [...open].filter(([id]) => !ids.has(id));
      for (const [id, store] of unused) {
        open.delete(id);
        const closed = store.close().finally(() => closing.delete(closed));
        closing.add(closed);
      }
    },

    get stats() {
      return [...open.values()].map((store) => store.stats);
    },

    async close() {
      recent.close();
      await Promise.all([...closing, ...[...open.values()].map((store) => store.close())]);
    },
  };
}

function configOf(name: string, network: Network): KvConfig {
  const config = network.kv[name];
  if (config === undefined) throw new Error(`the network has no key/value store "${name}"`);
  return config;
}

/** Of all that an open store depends on. */
function idOf(name: string, network: Network): string {
  return JSON.stringify([name, network.name, network.secret, configOf(name, network)]);
}

function connect(space: string, { url, user, password, tls, lifetimeS }: KvConfig, clock: Clock): KvStore {
  const options = { space, url, user, password, tls, lifetimeMs: lifetimeS * 1000, clock };
  return url.startsWith('redis') ? redisStore(options) : natsStore(options);
}
