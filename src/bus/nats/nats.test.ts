import { describe, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { startProxy } from '../../../test/faults/proxy.ts';
import { startNats } from '../../../test/support/daemon.ts';
import { available } from '../../../test/support/needs.ts';
import { eventually } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { busContract } from '../bus.contract.ts';
import { lossContract } from '../loss.contract.ts';
import { openBus } from '../open.ts';
import { serverContract } from '../server.contract.ts';
import { viewContract } from '../view.contract.ts';
import { type BusWorld, hear, keepAll, note, stage } from '../world.contract.ts';

const problem = Bun.which('nats-server') === null ? 'nats-server is not installed' : null;
const isHere = available('NATS', problem);

async function world(): Promise<Required<BusWorld>> {
  const server = await startNats();
  const line = await startProxy(server);
  return {
    settings: (keep, publishMs) => ({
      driver: 'nats',
      servers: [`nats://127.0.0.1:${line.port}`],
      prefix: 'test',
      replicas: 1,
      keep,
      publishMs,
    }),
    async restart() {
      await server.kill();
      await server.start();
    },
    save: server.save,
    cut: () => line.off(),
    mend: () => line.on(),
    async renew() {
      await server.kill();
      await rm(join(server.folder, 'store'), { recursive: true });
      await server.start();
    },
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!isHere)('with nats-server', () => {
  busContract('the bus in NATS', world);
  viewContract('the bus in NATS', world);
  serverContract('the bus in NATS', world);
  lossContract('the bus in NATS', world);
  const stand = stage(world);

  test('nodes that make a log at the same time agree which one it is', async () => {
    const { here, there } = await stand.pair();
    for (const subject of ['a', 'b', 'c', 'd']) {
      const [one, other] = await Promise.all([here.newest(subject), there.newest(subject)]);
      expect(one).toEqual(other);
    }
  });

  test('delivers what is no event as one of no type, and goes on', async () => {
    const { here, there, world: one } = await stand.pair();
    const heard = hear(there, 'notes', 'oldest');
    await here.publish('notes', note(1));
    const settings = one.settings(keepAll, 1000);
    const servers = settings.driver === 'nats' ? [...settings.servers] : [];
    const client = await connect({ servers });
    for (const text of ['rubbish', '{"type":"note"}', '']) client.publish('test.notes', text);
    await client.drain();
    await eventually('all of it', () => heard.deliveries.length === 4);
    expect(heard.deliveries.map(({ type }) => type)).toEqual(['note', '', '', '']);
    expect(heard.deliveries.at(-1)?.position).toEqual(await here.newest('notes'));
  });

  test('proves who it is', async () => {
    await using server = await startNats(['--auth', 's3cret']);
    const settings = {
      driver: 'nats',
      servers: [`nats://127.0.0.1:${server.port}`],
      prefix: 'test',
      replicas: 1,
      keep: keepAll,
      publishMs: 1000,
    } as const;
    const dependencies = { clock: systemClock, log: silentLog, publisher: 'here' };
    const wrong = await openBus({ ...settings, token: 'other' }, dependencies);
    await expect(wrong.publish('notes', note(1))).rejects.toThrow('bus-unreachable');
    await wrong.close();
    const right = await openBus({ ...settings, token: 's3cret' }, dependencies);
    await right.publish('notes', note(1));
    await right.close();
  });
});
