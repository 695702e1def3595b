/**
 * The server of the bus loses purges that it had acknowledged while a node that has heard them is down, and gives their numbers to
 * others: that node takes all that it keeps for suspect when it is back.
 */
import { expect, test } from 'bun:test';
import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type BusSettings, openBus } from '../../src/bus/open.ts';
import type { Position } from '../../src/bus.ts';
import { systemClock } from '../../src/clock.ts';
import { web } from '../../src/index.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Daemon, startNats, startRedis } from '../support/daemon.ts';
import { eventually, startUpstream } from '../support/index.ts';
import { type InsideNetwork, startInside } from '../support/inside.ts';
import { available } from '../support/needs.ts';

const common = { prefix: 'lost', keep: { events: 100_000, ageMs: 3_600_000 }, publishMs: 5_000 } as const;

interface Server {
  readonly program: string;
  start(): Promise<Daemon>;
  settings(port: number): BusSettings;
  /** What it gives starts the server with what it had until now, and nothing of what came after. */
  remember(daemon: Daemon): Promise<() => Promise<void>>;
}

const servers: Readonly<Record<string, Server>> = {
  'Redis, whose append-only file has lost its end': {
    program: 'redis-server',
    start: () => startRedis({ durable: true }),
    settings: (port) => ({ driver: 'redis', url: `redis://127.0.0.1:${port}`, ...common }),
    async remember(daemon) {
      const file = join(daemon.folder, 'appendonlydir', 'appendonly.aof.1.incr.aof');
      const { size } = await stat(file);
      return async () => {
        await daemon.kill();
        await truncate(file, size);
        await daemon.start();
      };
    },
  },
  'NATS, whose store was put back to an older copy': {
    program: 'nats-server',
    start: () => startNats(),
    settings: (port) => ({ driver: 'nats', servers: [`nats://127.0.0.1:${port}`], replicas: 1, ...common }),
    remember: (daemon) => daemon.save(),
  },
};

for (const [what, server] of Object.entries(servers)) {
  const problem = Bun.which(server.program) === null ? `${server.program} is not installed` : null;
  test.skipIf(!available(what.split(',')[0] ?? what, problem))(
    `a node that was down while the bus lost what it had heard serves nothing unconfirmed: ${what}`,
    async () => {
      await using daemon = await server.start();
      let edition = 1;
      await using upstream = await startUpstream(() => ({
        headers: { 'cache-control': 'max-age=3600', etag: `"${edition}"` },
        body: String(edition),
      }));
      await using network = await startInside(
        {
          nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
          routes: [web({ name: 'pages', upstream: upstream.url })],
        },
        {
          bus: (publisher) =>
            openBus(server.settings(daemon.port), { clock: systemClock, log: silentLog, publisher }),
        },
      );
      const page = async () => (await fetch(`${network.url('pop')}/page`)).text();
      expect(await page()).toBe('1');
      await heardBy(network, 'pop', await purged(network, '/other'));
      const goBack = await server.remember(daemon);
      const lost = await purged(network, '/another');
      await heardBy(network, 'pop', lost);
      await network.stop('pop');
      await goBack();
      edition = 2;
      // The origin may not have noticed yet, and keeps the old page.
      const inItsPlace = await purged(network, '/page');
      expect(inItsPlace.sequence).toBe(lost.sequence);
      await network.start('pop');
      expect(await page()).toBe('2');
      expect(network.node('pop').status().purging.gaps).toBeGreaterThan(0);
      await eventually('the origin to notice', () => network.node('origin').status().purging.gaps > 0, {
        withinMs: 30_000,
      });
    },
    90_000,
  );
}

/** Returns where the purge is on the bus, once that can be reached. */
function purged(network: InsideNetwork, path: string): Promise<Position> {
  return eventually(
    `a purge of ${path}`,
    async () => {
      const targets = [{ by: 'key', key: `pages ${path}` }] as const;
      const done = await network.node('origin').purge({ targets, soft: false });
      return 'position' in done ? done.position : null;
    },
    { withinMs: 30_000 },
  );
}

function heardBy(network: InsideNetwork, name: string, { sequence }: Position): Promise<unknown> {
  return eventually(
    `${name} to hear of it`,
    () => network.node(name).status().purging.position?.sequence === sequence,
    { withinMs: 30_000 },
  );
}
