/**
 * Two PoPs without disks that share a memory tier in a key/value server.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';

describe.skipIf(!available('redis', kvServerProblem('redis')))('a shared memory tier', () => {
  let upstream: Upstream;
  let server: KvServer;
  let network: TestNetwork;
  let sketch: Sketch;
  let version = 1;

  beforeAll(async () => {
    server = await startKvServer('redis');
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=600' },
      body: `${path} ${version}`,
    }));
    const pop = { role: 'pop', parents: ['origin'], disk: false, sharedMemory: { store: 'shared' } } as const;
    sketch = {
      kv: { shared: { url: server.url } },
      nodes: { origin: { role: 'origin' }, 'pop-a': pop, 'pop-b': pop },
      routes: [web({ upstream: upstream.url })],
    };
    network = await startNetwork(sketch);
  }, 30_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.off();
    await server?.[Symbol.asyncDispose]();
  }, 30_000);

  const statsOf = async (node: string) => (await network.node(node).status()).kv[0];

  async function get(node: string, path: string) {
    const response = await fetch(network.url(node) + path);
    const members = parseCacheStatus(response.headers.get('cache-status') ?? '');
    return { body: await response.text(), shared: members.find(({ cache }) => cache === 'shared') };
  }

  /** Got by one PoP, and copied. */
  async function shared(path: string): Promise<void> {
    const before = Number((await statsOf('pop-a'))?.['kept']);
    await get('pop-a', path);
    await eventually('the copy', async () => Number((await statsOf('pop-a'))?.['kept']) > before);
  }

  test('what one of them has got, the other one has from there, on routes that say nothing of it', async () => {
    await shared('/page');
    const second = await get('pop-b', '/page');
    expect(second).toMatchObject({ body: '/page 1', shared: { hit: true, detail: 'kv' } });
    expect(upstream.count('/page')).toBe(1);
  });

  test('what an unsafe request has changed is not taken from there any more', async () => {
    await shared('/form');
    version++;
    await fetch(`${network.url('pop-a')}/form`, { method: 'POST', body: 'x' });
    await eventually('the mark', async () => (await statsOf('pop-a'))?.['marksPending'] === 0);
    const second = await get('pop-b', '/form');
    expect(second).toMatchObject({ body: `/form ${version}`, shared: { fwd: 'stale', detail: 'purged' } });
  });

  test('a reload of the config keeps the store, or leaves it', async () => {
    const reload = async (next: Sketch) => {
      network.rewrite(next);
      const file = await readNodeFile(`${network.dir}/data/pop-b`);
      const client = controlClient(file?.control ?? '', network.secret, systemClock);
      expect(await client.reload()).toEqual({ reasons: [] });
    };
    await shared('/reloaded');
    const hits = Number((await statsOf('pop-b'))?.['hits']);
    await reload(sketch);
    expect((await get('pop-b', '/reloaded')).shared?.hit).toBe(true);
    expect(Number((await statsOf('pop-b'))?.['hits'])).toBe(hits + 1);

    await shared('/left');
    const alone = { role: 'pop', parents: ['origin'], disk: false } as const;
    await reload({ ...sketch, nodes: { ...sketch.nodes, 'pop-b': alone } });
    expect((await get('pop-b', '/left')).shared).toBeUndefined();
    expect(await statsOf('pop-b')).toBeUndefined();
  });
});
