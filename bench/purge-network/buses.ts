/**
 * The buses that are measured: a driver, the real server that it speaks to, and how far away that is.
 */
import { join } from 'node:path';
import type { BusSettings } from '../../src/bus/open.ts';
import { type Daemon, startNats, startRedis } from '../../test/support/daemon.ts';
import type { Scratch } from '../scratch.ts';
import { farAway } from './far.ts';

export const drivers = ['local', 'nats', 'redis'] as const;
export type Driver = (typeof drivers)[number];

export interface BusServer {
  /** @param isFar behind the long way. */
  settings(isFar: boolean): BusSettings;
  close(): Promise<void>;
}

const keep = { events: 10_000_000, ageMs: 3_600_000 };
const publishMs = 30_000;

/** @param oneWayMs to what is far; 0: nothing is. */
export async function startBus(driver: Driver, oneWayMs: number, scratch: Scratch): Promise<BusServer> {
  if (driver === 'local') {
    const path = join(scratch.directory('bus', 'disk'), 'log.sqlite');
    const settings = { driver, path, keep, publishMs };
    return { settings: () => settings, close: async () => {} };
  }
  const daemon: Daemon = await (driver === 'nats' ? startNats() : startRedis());
  const far = oneWayMs > 0 ? await farAway(daemon.port, oneWayMs) : null;
  const at = (port: number): BusSettings =>
    driver === 'nats'
      ? { driver, servers: [`nats://127.0.0.1:${port}`], prefix: 'bench', replicas: 1, keep, publishMs }
      : { driver, url: `redis://127.0.0.1:${port}`, prefix: 'bench', keep, publishMs };
  return {
    settings: (isFar) => at(isFar && far ? far.port : daemon.port),
    async close() {
      await far?.close();
      await daemon[Symbol.asyncDispose]();
    },
  };
}
