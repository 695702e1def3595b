/**
 * A region far from its origin, with a key/value server of its own: what one PoP has fetched across the ocean, the others have from
 * near by; and whatever happens to that server, clients get the right bytes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { kv, web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, type KvServerKind, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';

/** There and back, between the region and its origin: what comes faster has not been there. */
const oceanMs = 200;
/** Long enough for a busy machine, and far from for ever. */
const soonMs = 2000;

describe.each(['redis', 'nats'] as const)('a far region with %s', (kind: KvServerKind) => {
  const canRun = available(kind, kvServerProblem(kind));
  let upstream: Upstream;
  let server: KvServer;
  let ocean: FaultyProxy;
  let network: TestNetwork;
  let version = 1;

  beforeAll(async () => {
    if (!canRun) return;
    server = await startKvServer(kind);
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=600', 'cache-tag': 'all-of-it' },
      body: path.startsWith('/long') ? Buffer.alloc(2_000_000, `${path} ${version}`) : `${path} ${version}`,
    }));
    // The network chooses the origin's port later on.
    const origin = { port: 0 };
    ocean = await startProxy(origin);
    const pop = { role: 'pop', parents: ['origin'], near: 'near', disk: false } as const;
    network = await startNetwork({
      kv: { near: { url: server.url } },
      nodes: { origin: { role: 'origin', url: ocean.url }, 'pop-a': pop, 'pop-b': pop, 'pop-c': pop },
      routes: [web({ upstream: upstream.url, replicate: kv() })],
    });
    origin.port = network.node('origin').port;
    ocean.weather({ latencyMs: oceanMs / 2 });
  }, 30_000);

  afterAll(async () => {
    await network?.stop();
    await ocean?.off();
    await upstream?.off();
    await server?.[Symbol.asyncDispose]();
  }, 30_000);

  async function get(node: string, path: string) {
    const startedMs = performance.now();
    const response = await fetch(network.url(node) + path);
    const body = await response.text();
    const near = parseCacheStatus(response.headers.get('cache-status') ?? '').find(
      ({ cache }) => cache === 'near',
    );
    return {
      body,
      tookMs: performance.now() - startedMs,
      near,
      timing: response.headers.get('server-timing'),
    };
  }

  const statsOf = async (node: string) => {
    const { kv: stores } = await network.node(node).status();
    return stores[0] as unknown as { kept: number; isDown: boolean; marksPending: number };
  };

  /** Until a node has one more copy there than before. */
  async function copied<T>(node: string, task: () => Promise<T>): Promise<T> {
    const { kept } = await statsOf(node);
    const result = await task();
    await eventually('the copy', async () => (await statsOf(node)).kept > kept);
    return result;
  }

  async function purge(node: string, tag: string): Promise<void> {
    const file = await readNodeFile(`${network.dir}/data/${node}`);
    const client = controlClient(file?.control ?? '', network.secret, systemClock);
    await client.purge({ targets: [{ by: 'tag', tag }], soft: false });
    await eventually('the mark', async () => (await statsOf(node)).marksPending === 0);
  }

  test.skipIf(!canRun).each(['/page', '/long'])('%s crosses the ocean once', async (path) => {
    // Connections to the origin and to the server are made.
    for (const node of ['pop-a', 'pop-b', 'pop-c']) await get(node, `/first-of-${node}${path}`);
    const first = await copied('pop-a', () => get('pop-a', path));
    expect(first.near).toMatchObject({ fwd: 'uri-miss', fwdStatus: 200, stored: true });
    expect(first.tookMs).toBeGreaterThan(oceanMs * 0.9);
    const second = await get('pop-b', path);
    expect(second.near).toMatchObject({ hit: true, detail: 'kv' });
    expect(second.timing).toMatch(/near;dur=[\d.]+, pop-b/);
    expect(second.tookMs).toBeLessThan(oceanMs);
    expect(second.body).toBe(first.body);
    expect(upstream.count(path)).toBe(1);
  });

  test.skipIf(!canRun)(
    'what is purged at one node of the region does not come back to another one',
    async () => {
      const path = '/purged';
      await copied('pop-a', () => get('pop-a', path));
      version++;
      // The origin first, as the command does it.
      for (const node of ['origin', 'pop-a']) {
        if (node === 'origin') {
          const file = await readNodeFile(`${network.dir}/data/origin`);
          const client = controlClient(file?.control ?? '', network.secret, systemClock);
          await client.purge({ targets: [{ by: 'tag', tag: 'all-of-it' }], soft: false });
        } else await purge(node, 'all-of-it');
      }
      const after = await copied('pop-c', () => get('pop-c', path));
      expect(after.near?.hit).toBeUndefined();
      expect(after.body).toBe(`${path} ${version}`);
      // What bears the tag and has been copied since then is as good as any.
      await eventually('new copies to be taken', async () => {
        const since = `/since-${performance.now()}`;
        await copied('pop-c', () => get('pop-c', since));
        return (await get('pop-b', since)).near?.hit === true;
      });
    },
  );

  test.skipIf(!canRun)(
    'a server that is dead costs nothing after a few requests, and serves again when it is back',
    async () => {
      await server.kill();
      for (let count = 0; count < 4; count++)
        expect((await get('pop-b', `/dead-${count}`)).body).toStartWith('/dead');
      const during = await get('pop-b', '/dead-last');
      expect(during.near).toMatchObject({ fwd: 'bypass', detail: 'down' });
      expect((await statsOf('pop-b')).isDown).toBe(true);
      await server.restart();
      await eventually('the server to be asked again', async () => {
        await get('pop-b', `/back-${performance.now()}`);
        return !(await statsOf('pop-b')).isDown;
      });
      await eventually('copies to be made again', async () => {
        const path = `/again-${performance.now()}`;
        await get('pop-b', path);
        return (await get('pop-c', path)).near?.hit === true;
      });
    },
    30_000,
  );

  test.skipIf(!canRun)('a server that hangs holds nobody up for longer than its time-out', async () => {
    await get('pop-a', '/warm');
    server.freeze();
    try {
      for (let count = 0; count < 5; count++) {
        const { tookMs, body } = await get('pop-a', `/frozen-${count}`);
        expect(body).toStartWith('/frozen');
        expect(tookMs).toBeLessThan(soonMs);
      }
      expect((await get('pop-a', '/frozen-last')).near).toMatchObject({ fwd: 'bypass', detail: 'down' });
    } finally {
      server.resume();
    }
  });
});
