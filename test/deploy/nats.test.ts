/**
 * The NATS servers of `deploy/nats` as they are meant to run: a hub of three, and a leaf node in each of three regions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openBus } from '../../src/bus/open.ts';
import type { Bus } from '../../src/bus.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { available } from '../support/needs.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/wait.ts';

const problem = Bun.which('nats-server') === null ? 'nats-server is not installed' : null;
const isHere = available('NATS', problem);
const deploy = join(import.meta.dir, '..', '..', 'deploy', 'nats');
const regions = ['eu', 'us', 'ap'] as const;
const secret = { BUS_USER: 'bus', BUS_PASSWORD: 'not-a-secret' };

describe.skipIf(!isHere)('the NATS servers of deploy/nats', () => {
  const servers: Daemon[] = [];
  const hubs: Daemon[] = [];
  const buses = new Map<string, Bus>();

  beforeAll(async () => {
    const hosts = { HUB_HOST: '127.0.0.1', LEAF_HOST: '127.0.0.1' };
    const ports = await Promise.all([1, 2, 3].map(async () => [await freePort(), await freePort()] as const));
    const routes = `[ ${ports.map(([cluster]) => `nats://127.0.0.1:${cluster}`).join(', ')} ]`;
    const starting = ports.map(([cluster, leaf], index) =>
      start('hub.conf', {
        ...hosts,
        HUB_NAME: `hub-${index + 1}`,
        CLUSTER_PORT: String(cluster),
        LEAF_PORT: String(leaf),
        HUB_ROUTES: routes,
      }),
    );
    hubs.push(...(await Promise.all(starting)));
    const urls = ports.map(([, leaf]) => `nats-leaf://bus:not-a-secret@127.0.0.1:${leaf}`);
    for (const region of regions) {
      const settings = { ...hosts, LEAF_NAME: `leaf-${region}`, HUB_LEAF_URLS: `[ ${urls.join(', ')} ]` };
      buses.set(region, await open(region, await start('leaf.conf', settings)));
    }
    for (const [region, bus] of buses)
      await eventually(`${region} to be connected`, () => bus.state === 'connected', { withinMs: 60_000 });
  }, 120_000);

  afterAll(async () => {
    for (const bus of buses.values()) await bus.close();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  async function start(config: string, settings: Record<string, string>): Promise<Daemon> {
    const server = await startDaemon(
      'nats',
      () => ['nats-server', '-c', join(deploy, config)],
      (port, folder) => ({
        ...secret,
        ...settings,
        CLIENT_PORT: String(port),
        HUB_DATA: join(folder, 'store'),
      }),
    );
    servers.push(server);
    return server;
  }

  function open(region: string, { port }: Daemon): Promise<Bus> {
    const settings = {
      driver: 'nats',
      servers: [`nats://127.0.0.1:${port}`],
      user: secret.BUS_USER,
      password: secret.BUS_PASSWORD,
      domain: 'hub',
      prefix: 'test',
      replicas: 3,
      keep: { events: 100_000, ageMs: 3_600_000 },
      publishMs: 20_000,
    } as const;
    return openBus(settings, { clock: systemClock, log: silentLog, publisher: region });
  }

  function bus(region: (typeof regions)[number]): Bus {
    const found = buses.get(region);
    if (found === undefined) throw new Error(`no bus in ${region}`);
    return found;
  }

  test('bring what is published in one region to the others, with one server of the hub gone, too', async () => {
    const heard = new Map(regions.map((region) => [region, [] as unknown[]]));
    for (const region of regions)
      bus(region).subscribe('purge', 'oldest', {
        event: ({ data }) => void heard.get(region)?.push(data),
        gap: () => void heard.get(region)?.push('gap'),
        caughtUp: () => undefined,
      });
    const everywhere = (data: unknown) =>
      eventually(`${data} everywhere`, () => [...heard.values()].every((all) => all.includes(data)), {
        withinMs: 60_000,
      });
    await bus('eu').publish('purge', { type: 'note', version: 1, data: 'from eu' });
    await everywhere('from eu');
    await hubs[0]?.kill();
    const again = () =>
      bus('us')
        .publish('purge', { type: 'note', version: 1, data: 'from us' })
        .catch(() => null); // A new leader is being found.
    await eventually('to publish', again, { withinMs: 60_000 });
    await everywhere('from us');
    for (const all of heard.values()) expect(all).not.toContain('gap');
  }, 120_000);

  test('keep a view that all regions see', async () => {
    const seen = new Map<string, unknown>();
    bus('ap')
      .view('members')
      .watch({ changed: ({ key, value }) => void seen.set(key, value), caughtUp: () => undefined });
    const write = () =>
      bus('eu')
        .view('members')
        .put('pop-eu', { up: true })
        .catch(() => null); // The hub may still be finding a leader.
    await eventually('to write', write, { withinMs: 60_000 });
    await eventually('the other region to see it', () => seen.has('pop-eu'), { withinMs: 60_000 });
    expect((await bus('us').view('members').get('pop-eu'))?.value).toEqual({ up: true });
  }, 120_000);
});
