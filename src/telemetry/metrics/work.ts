/**
 * What is counted of a node's work behind its answers: fills, purges, requests to remotes, what goes to the bus. None of it is on
 * the way of a hit.
 */
import type { Registry } from './registry.ts';

/**
 * How a request to the parent ended. `stored`: what came is kept. `confirmed`: what was stored holds (304). `unshared`: the answer
 * was for one request alone. `unkept`: it came, but there was no place for it, or nobody wanted the rest of it. `refused`: its
 * bytes were not what their digest promised. `failed`: everything else.
 */
type FillEnd = 'stored' | 'confirmed' | 'unshared' | 'unkept' | 'refused' | 'failed';

interface FillEnded {
  readonly route: string;
  readonly end: FillEnd;
  readonly durationMs: number;
  /** Of the body, as far as it came. */
  readonly bytes: number;
}

export interface WorkMeter {
  filled(ended: FillEnded): void;
  /** A request that shared the fill of another one. */
  collapsed(route: string): void;
  /** From when it was published to when it was carried out here, by two clocks. */
  purged(delayMs: number): void;
  published(subject: string, isTaken: boolean): void;
  /** @param status of the answer; `null`: there was none. */
  askedRemote(server: string, status: number | null, durationMs: number): void;
  /** A remote was not asked, because it wants to be left alone or its turn would have come too late. */
  sparedRemote(server: string): void;
  /** A request waited for its turn. */
  waitedForRemote(server: string, waitMs: number): void;
  /** A remote has asked to be left alone. */
  pausedRemote(server: string): void;
  /** A body went to another node, or came from one, packed for the way. */
  packed(direction: 'sent' | 'received', plainBytes: number, packedBytes: number): void;
  failed(code: string): void;
}

/** For servers that the config does not name: whoever a remote refers to. */
const others = 'other';

/** @param isNamed whether the config names a server (scheme, host and port): only those are told apart. */
export function workMeter(registry: Registry, isNamed: (server: string) => boolean): WorkMeter {
  const named = (server: string) => (isNamed(server) ? server : others);
  // Alerts look at what these have grown by, so they are there before the first time.
  registry.counter('meridian.digest.mismatches');
  registry.counter('meridian.errors', 'overloaded');
  const delay = registry.histogram('meridian.purge.delay');
  return {
    filled({ route, end, durationMs, bytes }) {
      registry.histogram('meridian.cache.fill.duration', route, end).record(durationMs / 1000);
      registry.counter('meridian.cache.fill.size', route).value += bytes;
      if (end === 'refused') registry.counter('meridian.digest.mismatches').value++;
    },
    collapsed(route) {
      registry.counter('meridian.cache.collapsed', route).value++;
    },
    purged(delayMs) {
      delay.record(Math.max(0, delayMs) / 1000);
    },
    published(subject, isTaken) {
      registry.counter('meridian.bus.published', subject, isTaken ? 'taken' : 'failed').value++;
    },
    askedRemote(server, status, durationMs) {
      const kind = status === null ? 'none' : `${Math.floor(status / 100)}xx`;
      registry.histogram('http.client.request.duration', named(server), kind).record(durationMs / 1000);
    },
    sparedRemote(server) {
      registry.counter('meridian.remote.spared', named(server)).value++;
    },
    waitedForRemote(server, waitMs) {
      registry.histogram('meridian.remote.wait', named(server)).record(waitMs / 1000);
    },
    pausedRemote(server) {
      registry.counter('meridian.remote.pauses', named(server)).value++;
    },
    packed(direction, plainBytes, packedBytes) {
      registry.counter('meridian.packed.size', direction, 'plain').value += plainBytes;
      registry.counter('meridian.packed.size', direction, 'packed').value += packedBytes;
    },
    failed(code) {
      registry.counter('meridian.errors', code).value++;
    },
  };
}
