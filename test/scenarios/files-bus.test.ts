/**
 * The bus is away while files are put, replaced and deleted: whoever does it hears that the nodes could not be told, what he did is done, and it is told when
 * the bus is back, to PoPs that would have served what they had for a long time.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fileTree, redis } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';

describe.skipIf(!available('redis', kvServerProblem('redis')))('a bus that is away', () => {
  let bus: KvServer;
  let network: TestNetwork;
  let token: string;

  beforeAll(async () => {
    bus = await startKvServer('redis');
    network = await startNetwork({
      bus: redis({ url: bus.url, publishMs: 500 }),
      nodes: {
        origin: { role: 'origin', store: {} },
        near: { role: 'pop', parents: ['origin'] },
        far: { role: 'pop', parents: ['origin'] },
      },
      routes: [
        fileTree({ upstreams: [], hosted: { names: ['*'], public: ['*'] }, metadata: { freshS: '1h' } }),
      ],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['files'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await bus?.[Symbol.asyncDispose]();
  }, 30_000);

  const send = async (method: string, path: string, body: string | null = null) => {
    const answer = await fetch(`${network.url('near')}/files/${path}`, {
      method,
      body,
      headers: bearer(token),
    });
    return { status: answer.status, text: await answer.text() };
  };
  async function read(pop: string, path: string) {
    const answer = await fetch(`${network.url(pop)}/files/${path}`);
    const text = await answer.text();
    return answer.status === 200 ? text : answer.status;
  }

  test('is told of, and every PoP has what was done once it is back', async () => {
    for (const path of ['replaced.bin', 'deleted.bin']) {
      expect((await send('PUT', path, 'one')).status).toBe(201);
      for (const pop of ['near', 'far']) expect(await read(pop, path)).toBe('one');
    }
    await bus.kill();
    const done = [
      await send('PUT', 'replaced.bin', 'two'),
      await send('PUT', 'new.bin', 'new'),
      await send('DELETE', 'deleted.bin'),
    ];
    expect(done.map(({ status }) => status)).toEqual([503, 503, 503]);
    for (const { text } of done) expect(text).toContain('could not be told');
    await bus.restart();
    for (const pop of ['near', 'far'])
      await eventually(
        `${pop} to have what was done`,
        async () => {
          const seen = [
            await read(pop, 'replaced.bin'),
            await read(pop, 'new.bin'),
            await read(pop, 'deleted.bin'),
          ];
          return Bun.deepEquals(seen, ['two', 'new', 404]);
        },
        { withinMs: 20_000 },
      );
  }, 60_000);

  test('whoever repeats what is done, hears of success when the nodes have been told', async () => {
    expect((await send('PUT', 'again.bin', 'one')).status).toBe(201);
    expect(await read('far', 'again.bin')).toBe('one');
    await bus.kill();
    expect((await send('PUT', 'again.bin', 'two')).status).toBe(503);
    await bus.restart();
    await eventually(
      'the same to be told of success',
      async () => (await send('PUT', 'again.bin', 'two')).status === 200,
      {
        withinMs: 20_000,
      },
    );
    expect([await read('far', 'again.bin'), await read('near', 'again.bin')]).toEqual(['two', 'two']);
  }, 60_000);
});
