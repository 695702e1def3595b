/**
 * A node as far as purges are concerned: a cache and a subscription to a bus, without doors. Many share a process.
 */
import type { Bus } from '../../src/bus.ts';
import { type Cache, cache } from '../../src/cache/cache.ts';
import { systemClock } from '../../src/clock.ts';
import { openPurging, type Purging } from '../../src/node/purging.ts';
import { silentLog } from '../../src/telemetry/log.ts';

export interface SimulatedNode {
  readonly purging: Purging;
  readonly cache: Cache;
  close(): Promise<void>;
}

/** @param applied is told of every purge that the cache has carried out. */
export async function simulate(name: string, bus: Bus, applied: () => void): Promise<SimulatedNode> {
  const made = cache({
    clock: systemClock,
    memoryBytes: 4 * 1024 * 1024,
    memoryObjectBytes: 64 * 1024,
    disk: null,
    slices: { fromBytes: 64 * 1024 * 1024, bytes: 8 * 1024 * 1024 },
    tuning: { lockMs: 10_000, maxFills: 1024, finishBytes: 1024, finishRequests: 3 },
    warn: () => undefined,
  });
  const watched: Cache = {
    ...made,
    get position() {
      return made.position;
    },
    get stats() {
      return made.stats;
    },
    purge(...given) {
      const done = made.purge(...given);
      applied();
      return done;
    },
  };
  const purging = openPurging({
    bus,
    cache: watched,
    self: { name, role: 'pop', startedMs: systemClock.now() },
    trustMs: 30_000,
    clock: systemClock,
    log: silentLog,
  });
  await purging.ready;
  return {
    purging,
    cache: made,
    async close() {
      await purging.close();
      await made.close();
      await bus.close();
    },
  };
}
