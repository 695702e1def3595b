/**
 * The network of `deploy/three-regions`, whole, on loopback: its ten nodes, and a real server for each that it names (one NATS
 * server, as the hub and leaf nodes have a test of their own; one Redis a region; PostgreSQL; a bucket).
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import network from '../../deploy/three-regions/meridian.config.ts';
import { nats, postgres, s3 } from '../../src/index.ts';
import { startNats } from '../support/daemon.ts';
import {
  eventually,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';
import { postgresProblem, startPostgres } from '../support/postgres.ts';
import { startS3 } from '../support/s3.ts';

const problem = kvServerProblem('nats') ?? kvServerProblem('redis') ?? postgresProblem;
const regions = ['eu', 'us', 'ap'] as const;

describe.skipIf(!available('the servers of three regions', problem))('a network in three regions', () => {
  let running: TestNetwork;
  let upstream: Upstream;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    upstream = await startUpstream(() => ({ headers: { 'cache-control': 'max-age=600' }, body: 'weights' }));
    const [bus, database, bucket, ...stores] = await Promise.all([
      startNats(),
      startPostgres(),
      startS3(),
      ...regions.map(() => startKvServer('redis')),
    ]);
    closing.push(upstream.off, database.stop, bucket.stop);
    for (const server of [bus, ...stores]) closing.push(() => server[Symbol.asyncDispose]());
    const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket;
    const store = {
      blobs: s3({ endpoint, bucket: name, region: 'eu-central-1', accessKeyId, secretAccessKey }),
      metadata: postgres({ url: database.url, password: database.password }),
    };
    running = await startNetwork({
      bus: nats({ servers: [`nats://127.0.0.1:${bus.port}`] }),
      kv: Object.fromEntries(regions.map((region, at) => [`kv-${region}`, { url: stores[at]?.url ?? '' }])),
      nodes: Object.fromEntries(
        Object.entries(network.nodes).map(([node, { role, parents, near }]) => [
          node,
          { role, parents, near, store: role === 'origin' ? store : undefined },
        ]),
      ),
      routes: network.routes.map((route) =>
        route.protocol === 'web' ? { ...route, web: { ...route.web, upstream: upstream.url } } : route,
      ),
    });
  }, 120_000);

  afterAll(async () => {
    await running?.stop();
    for (const close of closing) await close();
  }, 60_000);

  function get(node: string): Promise<Response> {
    return fetch(`${running.url(node)}/llama`, { headers: { host: 'models.example.com' } });
  }

  const statusOf = async (node: string) => (await get(node)).headers.get('cache-status') ?? '';

  test('has its stores and its bus', async () => {
    const origin = running.node('origin');
    await eventually(
      'stores that are well',
      async () => (await origin.status()).stores?.blobs.state === 'well',
    );
    expect((await origin.status()).stores).toEqual({
      blobs: { engine: 's3', state: 'well' },
      metadata: { engine: 'postgres', state: 'well' },
    });
    for (const node of Object.keys(network.nodes))
      expect((await running.node(node).status()).bus, node).toBe('connected');
  });

  test('fetches a thing once, through the shield of the region, and has copies of it there', async () => {
    expect(await statusOf('pop-ap-1')).toMatch(
      /^origin;fwd=uri-miss.*shield-ap;fwd=uri-miss.*pop-ap-1;fwd=uri-miss/,
    );
    expect(await statusOf('pop-ap-1')).toMatch(/^pop-ap-1;hit/);
    await eventually('a copy near the other PoP', async () => (await statusOf('pop-ap-2')) !== '');
    expect(await statusOf('pop-us-1')).toContain('shield-us;fwd=uri-miss');
    expect(upstream.requests()).toHaveLength(1);
  });

  test('forgets it everywhere when it is purged, and says when that was', async () => {
    for (const region of regions) await get(`pop-${region}-1`);
    const args = ['purge', '--all', '--wait', '--json', '--config', running.configFile];
    const { code, stdout, stderr } = await runMeridian(args, { cwd: running.dir });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const node of Object.keys(network.nodes)) expect(stdout).toContain(node);
    const before = upstream.requests().length;
    for (const region of regions) expect(await statusOf(`pop-${region}-1`)).toContain('fwd=uri-miss');
    expect(upstream.requests()).toHaveLength(before + 1);
  });
});
