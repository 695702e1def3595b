import { describe, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startProxy } from '../../../test/faults/proxy.ts';
import { startNats } from '../../../test/support/daemon.ts';
import { available } from '../../../test/support/needs.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { busContract } from '../bus.contract.ts';
import { openBus } from '../open.ts';
import { serverContract } from '../server.contract.ts';
import { viewContract } from '../view.contract.ts';
import { type BusWorld, keepAll, note } from '../world.contract.ts';

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
