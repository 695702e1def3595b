/**
 * Hot objects at one worker of several: which other workers keep copies of what is asked for very often, whom to ask for it
 * instead of its owner, and the copies that this worker shall keep.
 */
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Bus } from '../bus.ts';
import type { Exchange } from '../exchange.ts';
import { openHot } from '../hot/hot.ts';
import type { HotObject } from '../hot/rule.ts';
import type { Tally } from '../hot/tally.ts';
import type { CacheKey } from '../resource.ts';
import type { Log } from '../telemetry/log.ts';
import type { NodeRing } from './ring.ts';

export interface NodeHot {
  /** A worker to ask before the owner, which may have a copy; `null`: none, ask the owner. */
  replicaFor(key: string): number | null;
  /**
   * This worker was asked for something that is not in its memory, or no longer fresh. If it shall keep a copy, it asks for
   * one, beside the request.
   */
  missing(key: CacheKey, exchange: Exchange): void;
  /** Highest rate first. */
  status(): readonly HotStatus[];
  close(): Promise<void>;
}

export interface HotStatus extends Pick<HotObject, 'key' | 'perSecond' | 'why'> {
  /** Processor time that all workers together spend on it: 1 is one core. */
  readonly cpu: number;
  /** Workers that keep a copy, or shall. */
  readonly replicas: readonly string[];
}

export interface NodeHotOptions {
  readonly ring: NodeRing;
  readonly tally: Tally;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => NodeConfig;
  /** Requests that this worker has answered itself, since it began. */
  readonly requests: () => number;
  /** Asks a member for a copy. */
  readonly take: (member: number, key: CacheKey, headers: Headers) => Promise<boolean>;
}

/** After an owner had nothing to give, it is not asked for the same again for so long. */
const pauseMs = 100;

export function openNodeHot(options: NodeHotOptions): NodeHot {
  const { ring, tally, bus, clock, log, config, requests, take } = options;
  /** Of what shall be kept here: being asked for, or not to be asked for until then. No more keys than the list has. */
  const pauses = new Map<string, number>();
  let turn = 0;
  const hot = openHot({
    tally,
    bus,
    clock,
    ring: ring.name,
    member: ring.nameOf(ring.own),
    settings: () => config().hot || null,
    work: () => ({ requests: requests(), cpuMs: cpuMs() }),
    changed(list) {
      log.info('what is hot has changed', { objects: [...list.values()] });
      for (const key of pauses.keys()) if (!list.has(key)) pauses.delete(key);
    },
  });

  /** Owner first. */
  function keepersOf({ key, replicas }: HotObject): readonly number[] {
    return ring.owners(key, replicas + 1);
  }

  function copy(key: CacheKey, from: number, headers: Headers): void {
    pauses.set(key, Number.POSITIVE_INFINITY);
    take(from, key, headers)
      .catch((error: unknown) => {
        log.debug('there is no copy of a hot object to be had', { key, worker: ring.nameOf(from), error });
        return false;
      })
      .then((isKept) => {
        if (isKept) pauses.delete(key);
        else if (pauses.has(key)) pauses.set(key, clock.elapsed() + pauseMs);
      });
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

    missing(key, { headers }) {
      const object = hot.list.get(key);
      if (object === undefined || (pauses.get(key) ?? 0) > clock.elapsed()) return;
      // Whoever is asked instead of an owner that is gone has it, if anybody has.
      const from = ring.before(key)[0];
      if (from !== undefined && keepersOf(object).includes(ring.own)) copy(key, from, headers);
    },

    status: () =>
      [...hot.list.values()].map((object) => ({
        key: object.key,
        perSecond: object.perSecond,
        cpu: object.cpu,
        why: object.why,
        replicas: keepersOf(object).slice(1).map(ring.nameOf),
      })),

    close: hot.close,
  };
}

/** Of all threads of this process, since it began. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
