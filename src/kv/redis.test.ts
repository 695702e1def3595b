import { describe, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { kvServerProblem, startKvServer } from '../../test/support/kv-servers.ts';
import { available } from '../../test/support/needs.ts';
import { systemClock } from '../clock.ts';
import { redisStore } from './redis.ts';
import { kvStoreContract } from './store.contract.ts';
import { maxMarks } from './store.ts';

kvStoreContract('redis', redisStore);

const space = 'meridian-test-near';

describe.skipIf(!available('redis', kvServerProblem('redis')))('marks in Redis', () => {
  test('are another log once the server has thrown them away', async () => {
    await using server = await startKvServer('redis');
    const store = redisStore({ url: server.url, space, lifetimeMs: 60_000, clock: systemClock });
    await store.mark(['page']);
    const before = await store.standing(['page']);
    const by = new RedisClient(server.url);
    await by.del(`${space}:marks`);
    const after = await store.standing(['page']);
    expect(after.log).not.toBe(before.log);
    by.close();
    await store.close();
  });

  test('are another log after a restart, which may have lost the newest', async () => {
    await using server = await startKvServer('redis');
    const store = redisStore({ url: server.url, space, lifetimeMs: 60_000, clock: systemClock });
    const before = await store.standing([]);
    await server.kill();
    await server.restart();
    // The first call finds the old connection dead.
    await store.standing([]).catch(() => undefined);
    expect((await store.standing([])).log).not.toBe(before.log);
    await store.close();
  });

  test('are forgotten once nothing that they could concern is left, and the log goes on', async () => {
    await using server = await startKvServer('redis');
    const store = redisStore({ url: server.url, space, lifetimeMs: -60 * 60_000, clock: systemClock });
    await store.mark(['old']);
    await Bun.sleep(2);
    const before = await store.standing(['old']);
    await store.mark(['new']);
    const after = await store.standing(['old', 'new']);
    expect(before.marked[0]).toBeGreaterThan(0);
    expect(after.marked[0]).toBe(0);
    expect(after.log).toBe(before.log);
    await store.close();
  });

  test('are bounded: too many of them are the end of the log', async () => {
    await using server = await startKvServer('redis');
    const store = redisStore({ url: server.url, space, lifetimeMs: 60_000, clock: systemClock });
    const before = await store.standing([]);
    for (let from = 0; from <= maxMarks; from += 4096)
      await store.mark(Array.from({ length: 4096 }, (_, at) => `page ${from + at}`));
    const after = await store.standing([]);
    expect(after.log).not.toBe(before.log);
    expect(after.newest).toBeGreaterThan(before.newest);
    await store.close();
  });

  test('a value is gone when its lifetime is over', async () => {
    await using server = await startKvServer('redis');
    const store = redisStore({ url: server.url, space, lifetimeMs: 60_000, clock: systemClock });
    await store.put('short', new Uint8Array(5), 0.5);
    await Bun.sleep(5);
    expect(await store.get('short')).toBeNull();
    await store.close();
  });
});
