import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type KvServer, kvServerProblem, startKvServer } from '../../test/support/kv-servers.ts';
import { available } from '../../test/support/needs.ts';
import { systemClock } from '../clock.ts';
import { natsStore } from './nats.ts';
import { kvStoreContract } from './store.contract.ts';

kvStoreContract('nats', natsStore);

const hourMs = 3_600_000;

describe.skipIf(!available('nats', kvServerProblem('nats')))('the nats store, in buckets of its own', () => {
  let server: KvServer;
  let client: NatsConnection;
  let manager: JetStreamManager;

  beforeAll(async () => {
    server = await startKvServer('nats');
    client = await connect({ servers: server.url });
    manager = await jetstreamManager(client);
  });
  afterAll(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const open = (space: string, lifetimeMs = hourMs) =>
    natsStore({ url: server.url, space, lifetimeMs, clock: systemClock });

  test('goes by other marks when they were deleted and made anew within a second', async () => {
    const store = open('anew');
    await store.mark(['a']);
    const before = await store.standing(['a']);
    const startedMs = performance.now();
    await manager.streams.delete('KV_anew-marks');
    const other = open('anew');
    const after = await other.standing(['a']);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(after.log).not.toBe(before.log);
    expect(after.marked).toEqual([0]);
    await store.close();
    await other.close();
  });

  test('notices while it is connected, also once there are more marks than before', async () => {
    for (const marks of [0, 5]) {
      const space = `noticed-${marks}`;
      const store = open(space);
      await store.mark(['a']);
      const { log } = await store.standing(['a']);
      await manager.streams.delete(`KV_${space}-marks`);
      const other = open(space);
      await other.standing([]);
      for (let mark = 0; mark < marks; mark++) await other.mark([`b${mark}`]);
      await expect(store.standing(['a'])).rejects.toThrow('made anew');
      const now = await store.standing(['a']);
      expect(now.log).not.toBe(log);
      expect(now).toEqual(await other.standing(['a']));
      await store.close();
      await other.close();
    }
  });

  test('keeps for as long as the config says by now, and marks never for less than before', async () => {
    const secondsOf = async (stream: string) => (await manager.streams.info(stream)).config.max_age / 1e9;
    const streams = ['KV_kept', 'OBJ_kept', 'KV_kept-marks'];
    const found: number[][] = [];
    for (const lifetimeMs of [hourMs, 3 * hourMs, 60_000]) {
      const store = open('kept', lifetimeMs);
      await store.put('name', new Uint8Array(1), lifetimeMs);
      await store.close();
      found.push(await Promise.all(streams.map(secondsOf)));
    }
    expect(found).toEqual([
      [3600, 3600, 7200],
      [10_800, 10_800, 14_400],
      [60, 60, 14_400],
    ]);
  });
});
