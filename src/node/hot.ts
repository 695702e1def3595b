/**
 * Hot objects at one member of a ring: which members keep copies of what is asked for very often, whom to ask for it instead
 * of its owner, and the copies that this one shall keep.
 */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Exchange } from '../exchange.ts';
import { openHot } from '../hot/hot.ts';
import { near } from '../hot/near.ts';
import type { HotObject } from '../hot/rule.ts';
import type { Tally } from '../hot/tally.ts';
import type { CacheKey } from '../resource.ts';
import type { Log } from '../telemetry/log.ts';
import type { NodeRing } from './ring.ts';

export interface NodeHot {
  /** A member to ask before the owner, which may have a copy; `null`: none, ask the owner. */
  replicaFor(key: string): string | null;
  /**
   * This member was asked for something that is not in its memory, or no longer fresh. If it shall keep a copy, it asks for
   * one, beside the request.
   */
  missing(key: CacheKey, exchange: Exchange): void;
  /** The same of a request that another member has answered; so what is handed over again and again is copied, too. */
  handedOver(key: CacheKey, exchange: Exchange): void;
  /** Highest rate first. */
  status(): readonly HotStatus[];
  close(): Promise<void>;
}

export interface HotStatus extends Pick<HotObject, 'key' | 'perSecond' | 'why'> {
  /** Processor time that all members together spend on it: 1 is one core. */
  readonly cpu: number;
  /** Members that keep a copy, or shall. */
  readonly replicas: readonly string[];
}

export interface NodeHotOptions {
  readonly ring: NodeRing;
  /** Of the ring, among those of all rings. */
  readonly name: string;
  readonly tally: Tally;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => NodeConfig;
  /** Requests that this member has answered itself, since it began. */
  readonly requests: () => number;
  /** Asks a member for a copy, and tells whether it was kept. */
  readonly take: (from: string, key: CacheKey, headers: Headers) => Promise<boolean>;
}

/** After an owner had nothing to give, it is not asked for the same again for so long. */
const pauseMs = 100;

export function openNodeHot(options: NodeHotOptions): NodeHot {
  const { ring, name, tally, bus, clock, log, config, requests, take } = options;
  /** Of what shall be kept here: being asked for, or not to be asked for until then. No more keys than the list has. */
  const pauses = new Map<string, number>();
  const keepers = new WeakMap<HotObject, { readonly members: unknown; readonly names: readonly string[] }>();
  const nearby = near(clock, () => config().hot || null);
  let turn = 0;
  const hot = openHot({
    tally,
    bus,
    clock,
    ring: name,
    member: ring.own,
    settings: () => config().hot || null,
    work: () => ({ requests: requests(), cpuMs: cpuMs() }),
    changed(list) {
      const objects = [...list.values()].map(({ key, perSecond, why }) => ({ key, perSecond, why }));
      log.info('what is hot has changed', { objects });
      for (const key of pauses.keys()) if (!list.has(key)) pauses.delete(key);
    },
  });

  /** Owner first. Worked out once for each look at the rates: on a large ring, that takes longer than all else here. */
  function keepersOf(object: HotObject): readonly string[] {
    const { members } = ring;
    const known = keepers.get(object);
    if (known?.members === members) return known.names;
    const names = ring.ownersOf(object.key, object.replicas + 1);
    keepers.set(object, { members, names });
    return names;
  }

  /** Tells whether there is one now. */
  async function copy(key: CacheKey, from: string, headers: Headers): Promise<boolean> {
    try {
      const isKept = await take(from, key, headers);
      if (isKept) ring.counts.copied++;
      return isKept;
    } catch (error) {
      log.debug('there is no copy of an object to be had', { key, from, error });
      return false;
    }
  }

  async function copyHot(key: CacheKey, from: string, headers: Headers): Promise<void> {
    pauses.set(key, Number.POSITIVE_INFINITY);
    const isKept = await copy(key, from, headers);
    if (isKept) pauses.delete(key);
    else if (pauses.has(key)) pauses.set(key, clock.elapsed() + pauseMs);
  }

  /** If it is hot and to be kept here. */
  function missing(key: CacheKey, { headers }: Exchange): boolean {
    const object = hot.list.get(key);
    if (object === undefined || !keepersOf(object).includes(ring.own)) return false;
    if ((pauses.get(key) ?? 0) > clock.elapsed()) return true;
    // Whoever is asked instead of an owner that is gone has it, if anybody has.
    const from = ring.before(key)[0];
    if (from !== undefined) void copyHot(key, from, headers);
    return true;
  }

  return {
    replicaFor(key) {
      const object = hot.list.get(key);
      if (object === undefined) return null;
      const keepers = keepersOf(object);
      // One that keeps a copy and has none just now is about to get one: the owner is the one to ask.
      if (keepers.includes(ring.own)) return null;
      const up = keepers.filter((member) => ring.isUp(member));
      const first = up[turn++ % up.length];
      const second = up[turn % up.length];
      if (first === undefined || second === undefined) return null;
      const chosen = ring.underWay(second) < ring.underWay(first) ? second : first;
      return chosen === keepers[0] ? null : chosen;
    },

    missing: (key, exchange) => void missing(key, exchange),

    handedOver(key, exchange) {
      if (missing(key, exchange)) return;
      nearby.handedOver(key, async () => {
        const from = ring.before(key)[0];
        return from !== undefined && copy(key, from, exchange.headers);
      });
    },

    status: () =>
      [...hot.list.values()].map((object) => ({
        key: object.key,
        perSecond: object.perSecond,
        cpu: object.cpu,
        why: object.why,
        replicas: keepersOf(object).slice(1),
      })),

    close: hot.close,
  };
}

/** A node may have the name of a ring that it is no member of. */
export function ringName({ ring, name }: NodeConfig): string {
  return ring ? `ring-${ring.name}` : `node-${name}`;
}

/** Of all threads of this process, since it began. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
