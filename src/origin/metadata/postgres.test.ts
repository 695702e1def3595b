import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SQL } from 'bun';
import { startProxy } from '../../../test/faults/proxy.ts';
import { eventually, virtualClock } from '../../../test/support/index.ts';
import { available } from '../../../test/support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../../../test/support/postgres.ts';
import { systemClock } from '../../clock.ts';
import { failure, metadataContract } from './metadata.contract.ts';
import { openPostgres } from './postgres.ts';
import { answerMs } from './postgres-pool.ts';

const open = ({ url, password }: PostgresServer, connections = 4) =>
  openPostgres({ url, password, connections, clock: systemClock, random: Math.random });

describe.skipIf(!available('PostgreSQL', postgresProblem))('PostgreSQL', () => {
  metadataContract('PostgreSQL', async () => {
    const server = await startPostgres();
    return {
      open: async () => open(server),
      place: ['postgres', server.url],
      env: { PGPASSWORD: server.password },
      stop: server.stop,
    };
  });

  describe('a server of its own', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop(), 30_000);

    test('is laid out once by many origins that start at the same time', async () => {
      const stores = Array.from({ length: 5 }, () => open(server, 2));
      await Promise.all(stores.map((store, number) => store.transact((t) => t.put(['n', `${number}`], 1))));
      expect(await stores[0]?.scan(['n'])).toHaveLength(5);
      await Promise.all(stores.map((store) => store.close()));
    });

    test('that is restarted while transactions run costs time, and nothing that was acknowledged', async () => {
      const store = open(server);
      const acknowledged: number[] = [];
      let unsure = 0;
      let next = 0;
      let going = true;
      const writeOn = async () => {
        while (going) {
          const number = next++;
          const outcome = await failure(store.transact((t) => t.put(['restart', `${number}`], number)));
          if (outcome === 'store-unavailable') unsure++;
          else acknowledged.push(number);
        }
      };
      const writers = Array.from({ length: 4 }, writeOn);
      while (acknowledged.length < 50) await Bun.sleep(5);
      await server.crash();
      await server.start();
      const before = acknowledged.length;
      while (acknowledged.length < before + 50) await Bun.sleep(5);
      going = false;
      await Promise.all(writers);
      // At most what each of them was just committing.
      expect(unsure).toBeLessThanOrEqual(writers.length);
      const found = new Set((await store.scan(['restart'])).map(({ value }) => value));
      expect(acknowledged.filter((number) => !found.has(number))).toEqual([]);
      await store.close();
    }, 60_000);

    test('that does not answer is said to be unavailable, and used again when it is back', async () => {
      const store = open(server);
      await store.check();
      await server.crash();
      expect(await failure(store.check())).toBe('store-unavailable');
      const waiting = store.transact((t) => t.put(['back'], 1));
      await server.start();
      await waiting;
      expect((await store.get(['back']))?.value).toBe(1);
      await store.close();
    }, 60_000);

    test('that is gone without a word holds up nobody for long, and is used again when it speaks', async () => {
      const address = new URL(server.url);
      await using line = await startProxy({ port: Number(address.port) });
      address.port = String(line.port);
      const clock = virtualClock();
      const options = { url: address.href, password: server.password, connections: 1, random: Math.random };
      const store = openPostgres({ ...options, clock });
      await store.check();
      line.weather({ blackhole: true });
      const silent = failure(store.get(['anything']));
      const alsoSilent = failure(store.check());
      await eventually('the question to be asked', () => clock.waiting > 0);
      clock.advance(answerMs);
      expect(await silent).toBe('store-unavailable');
      line.weather({});
      await alsoSilent;
      await store.transact((t) => t.put(['spoken'], 1));
      expect((await store.get(['spoken']))?.value).toBe(1);
      await store.close();
    }, 30_000);

    test('that refuses the password is said to be unavailable, and why stands in the cause', async () => {
      const store = open({ ...server, password: 'wrong' });
      const error = await store.check().catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'store-unavailable' });
      expect(error.cause.message).toContain('password');
      await store.close();
    });

    test('with the layout of a newer Meridian is refused, and left as it is', async () => {
      const sql = new SQL({ url: server.url, password: server.password, max: 1 });
      const layout = 'UPDATE meridian_layout SET version =';
      await sql.unsafe(`${layout} 99`);
      const store = open(server);
      expect(await store.get(['n']).catch((error) => error.message)).toContain('made by a newer one');
      await sql.unsafe(`${layout} 1`);
      await store.check();
      await store.close();
      await sql.close();
    });
  });
});
