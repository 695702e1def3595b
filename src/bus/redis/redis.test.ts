import { describe, expect, test } from 'bun:test';
import { startProxy } from '../../../test/faults/proxy.ts';
import { type Daemon, startRedis } from '../../../test/support/daemon.ts';
import { available } from '../../../test/support/needs.ts';
import { eventually } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { busContract } from '../bus.contract.ts';
import { lossContract } from '../loss.contract.ts';
import { openBus } from '../open.ts';
import { serverContract } from '../server.contract.ts';
import { viewContract } from '../view.contract.ts';
import { type BusWorld, hear, keepAll, note, once } from '../world.contract.ts';

const problem = Bun.which('redis-server') === null ? 'redis-server is not installed' : null;
const isHere = available('Redis', problem);

async function world(durable: boolean): Promise<Required<BusWorld>> {
  const server = await startRedis({ durable });
  const line = await startProxy(server);
  return {
    settings: (keep, publishMs) => ({
      driver: 'redis',
      url: `redis://127.0.0.1:${line.port}`,
      prefix: 'test',
      keep,
      publishMs,
    }),
    restart: () => restart(server),
    save: server.save,
    cut: () => line.off(),
    mend: () => line.on(),
    // Without persistence, nothing is left of it.
    renew: () => restart(server),
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function restart(server: Daemon): Promise<void> {
  await server.kill();
  await server.start();
}

describe.skipIf(!isHere)('with redis-server', () => {
  busContract('the bus in Redis', () => world(false));
  viewContract('the bus in Redis', () => world(false));
  serverContract('the bus in Redis', () => world(true));
  lossContract('the bus in Redis', () => world(true));

  function open(port: number, more: { user?: string; password?: string } = {}) {
    const settings = {
      url: `redis://127.0.0.1:${port}`,
      prefix: 'test',
      keep: keepAll,
      publishMs: 1000,
      ...more,
    };
    return openBus(
      { driver: 'redis', ...settings },
      { clock: systemClock, log: silentLog, publisher: 'here' },
    );
  }

  test('proves who it is', async () => {
    await using server = await startRedis({ more: ['--requirepass', 'p@ss/word'] });
    const wrong = await open(server.port, { password: 'other' });
    await expect(wrong.publish('notes', note(1))).rejects.toThrow('bus-unreachable');
    await wrong.close();
    const right = await open(server.port, { password: 'p@ss/word' });
    await right.publish('notes', note(1));
    await right.close();
  });

  test('tells of a file of TLS that it cannot read, and goes on', async () => {
    await using server = await startRedis();
    const said: unknown[] = [];
    const log: Log = { ...silentLog, warn: (_, fields) => void said.push(fields?.error) };
    const url = `rediss://127.0.0.1:${server.port}`;
    const settings = { url, tls: { ca: '/nowhere/ca.pem' }, prefix: 'test', keep: keepAll, publishMs: 1000 };
    const bus = await openBus(
      { driver: 'redis', ...settings },
      { clock: systemClock, log, publisher: 'here' },
    );
    await eventually('it to be told', () => said.length > 0);
    expect(String(said[0])).toContain('/nowhere/ca.pem');
    expect(bus.state).toBe('disconnected');
    await bus.close();
  });

  test('tells of a gap when only the stream was evicted', async () => {
    await using server = await startRedis();
    const bus = await open(server.port);
    const heard = hear(bus, 'notes', 'oldest');
    await once(() => bus.publish('notes', note(1)));
    await eventually('the event', () => heard.deliveries.length === 1);
    const client = new Bun.RedisClient(`redis://127.0.0.1:${server.port}`);
    await client.del('test:log:notes');
    await bus.publish('notes', note(2));
    await eventually('the gap', () => heard.gaps.length === 1);
    await eventually('the next event', () => heard.numbers().at(-1) === 2);
    client.close();
    await bus.close();
  });

  test('is woken by what it listens to, and by nothing else', async () => {
    await using server = await startRedis();
    const bus = await open(server.port);
    const client = new Bun.RedisClient(`redis://127.0.0.1:${server.port}`);
    const channels = async () => ((await client.send('PUBSUB', ['CHANNELS'])) as string[]).toSorted();
    const heard = hear(bus, 'notes', 'now');
    await eventually('to catch up', () => heard.caughtUp.length === 1);
    await once(() => bus.view('members').put('a', 1));
    expect(await channels()).toEqual(['test:bell:log:notes']);
    const watching = bus.view('members').watch({ changed: () => undefined, caughtUp: () => undefined });
    await eventually('both', async () => (await channels()).length === 2);
    watching.close();
    heard.subscription.close();
    await eventually('none', async () => (await channels()).length === 0);
    const again = hear(bus, 'notes', 'now');
    await eventually('to catch up', () => again.caughtUp.length === 1);
    await eventually('one again', async () => (await channels()).length === 1);
    await bus.publish('notes', note('there'));
    await eventually('the event', () => again.numbers().includes('there'), { withinMs: 500 });
    client.close();
    await bus.close();
  });

  test('drops events that are too old when something is published', async () => {
    await using server = await startRedis();
    let nowMs = 1_000_000;
    const clock = { ...systemClock, now: () => nowMs };
    const settings = { url: `redis://127.0.0.1:${server.port}`, prefix: 'test', publishMs: 1000 };
    const keep = { events: 1000, ageMs: 60_000 };
    const bus = await openBus(
      { driver: 'redis', ...settings, keep },
      { clock, log: silentLog, publisher: 'here' },
    );
    const first = await bus.publish('notes', note(1));
    await bus.publish('notes', note(2));
    nowMs += 60_001;
    const last = await bus.publish('notes', note(3));
    const heard = hear(bus, 'notes', first);
    await eventually('to catch up', () => heard.caughtUp.length === 1);
    expect(heard.gaps).toEqual([{ ...last, sequence: last.sequence - 1 }]);
    await bus.close();
  });
});
