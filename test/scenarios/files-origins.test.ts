/**
 * Two origins with one bucket and one database, each asked by a PoP of its own: what is published through one is there through the other at once, of two
 * who publish the same at the same time one does, and what is kept is counted once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { storageOverview } from '../../src/access/api/storage-message.ts';
import { fileTree, redis } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  noise,
  noiseBytes,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { type KvServer, kvServerProblem, startKvServer } from '../support/kv-servers.ts';
import { available } from '../support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../support/postgres.ts';
import { type S3Server, startS3 } from '../support/s3.ts';
import { workedThrough } from '../support/work.ts';

const canRun = available('PostgreSQL', postgresProblem) && available('redis', kvServerProblem('redis'));
const mirrored = noiseBytes(9, 200_000);

describe.skipIf(!canRun)('files at two origins', () => {
  let bus: KvServer;
  let bucket: S3Server;
  let database: PostgresServer;
  let upstream: Upstream;
  let network: TestNetwork;
  let token: string;

  beforeAll(async () => {
    [bus, bucket, database] = await Promise.all([startKvServer('redis'), startS3(), startPostgres()]);
    upstream = await startUpstream(({ path }) =>
      path === '/v1/tool.bin' ? { body: mirrored } : { status: 404 },
    );
    const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket;
    const store = {
      blobs: { s3: { endpoint, bucket: name, region: 'us-east-1', accessKeyId, secretAccessKey } },
      metadata: { postgres: { url: database.url, password: database.password } },
    };
    network = await startNetwork({
      bus: redis({ url: bus.url }),
      nodes: {
        one: { role: 'origin', store },
        two: { role: 'origin', store },
        near: { role: 'pop', parents: ['one', 'two'] },
        far: { role: 'pop', parents: ['two', 'one'] },
      },
      routes: [
        fileTree({
          upstreams: [{ url: upstream.url }],
          immutable: ['v*'],
          hosted: { names: ['open/*', 'ours/*'], public: ['open/*'], quota: { packageBytes: '4 MiB' } },
        }),
      ],
    });
    for (const each of ['one', 'two'])
      await eventually(`the database to be well at ${each}`, async () => {
        const { stores } = await network.node(each).status();
        return stores?.metadata.state === 'well' && stores.blobs.state === 'well';
      });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['files'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('one'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.off();
    await Promise.all([bucket?.stop(), database?.stop(), bus?.[Symbol.asyncDispose]()]);
  }, 30_000);

  async function put(pop: string, path: string, body: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${network.url(pop)}/files/${path}`, {
      ...{ method: 'PUT', body, headers: { ...bearer(token), ...headers } },
    });
    return { status: answer.status, text: await answer.text() };
  }
  async function read(pop: string, path: string, headers: Record<string, string> = bearer(token)) {
    const answer = await fetch(`${network.url(pop)}/files/${path}`, { headers });
    const text = await answer.text();
    return answer.status === 200 ? text : answer.status;
  }

  test('a publication, a replacement and a removal at one are seen through the other at once', async () => {
    for (let nth = 0; nth < 5; nth++) {
      const [here, there] = nth % 2 === 0 ? ['near', 'far'] : ['far', 'near'];
      const path = `open/${nth}/file.bin`;
      expect(await read(there, path)).toBe(404);
      expect((await put(here, path, noise(path, 50_000))).status).toBe(201);
      expect(await read(there, path)).toBe(noise(path, 50_000));
      expect((await put(here, path, 'another')).status).toBe(200);
      expect(await read(there, path)).toBe('another');
      expect(await read(there, `open/${nth}/`)).toContain('file.bin');
      const gone = await fetch(`${network.url(here)}/files/${path}`, {
        ...{ method: 'DELETE', headers: bearer(token) },
      });
      expect(gone.status).toBe(204);
      expect([await read(there, path), await read(there, `open/${nth}/`)]).toEqual([404, 404]);
    }
  }, 30_000);

  test('of two who publish the same at once at both, one does, and both PoPs have his', async () => {
    for (let nth = 0; nth < 5; nth++) {
      const path = `open/race-${nth}.bin`;
      const all = ['near', 'far', 'near', 'far'].map((pop, who) =>
        put(pop, path, `${noise(path, 20_000)} ${who}`, { 'if-none-match': '*' }),
      );
      const statuses = (await Promise.all(all)).map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([201, 412, 412, 412]);
      for (const pop of ['near', 'far'])
        expect(await read(pop, path)).toBe(`${noise(path, 20_000)} ${statuses.indexOf(201)}`);
    }
  }, 30_000);

  test('of two who replace the same at once, both PoPs have the later one', async () => {
    for (let nth = 0; nth < 5; nth++) {
      const path = 'open/turns.bin';
      await Promise.all(['near', 'far'].map((pop) => put(pop, path, `${nth} by ${pop}`)));
      const [near, far] = await Promise.all([read('near', path), read('far', path)]);
      expect(near).toBe(far);
      expect(near).toStartWith(`${nth} by `);
    }
  }, 30_000);

  test('what only some may read is for them alone, at both', async () => {
    expect((await put('near', 'ours/secret.bin', 'ours')).status).toBe(201);
    for (const pop of ['near', 'far']) {
      expect(await read(pop, 'ours/secret.bin')).toBe('ours');
      expect([await read(pop, 'ours/secret.bin', {}), await read(pop, 'ours/', {})]).toEqual([401, 401]);
    }
  });

  test('what one has mirrored, the other one serves when no upstream can be reached', async () => {
    const sha256 = new Bun.CryptoHasher('sha256').update(mirrored).digest('hex');
    const wanted = [
      { name: 'v1/tool.bin', version: 'current', integrity: `sha256:${sha256}` },
      { name: 'v1/none.bin', version: 'current', integrity: null },
    ];
    const order = { do: 'mirror', route: 'files', protocol: 'files', packages: wanted } as const;
    const done = await workedThrough(network.node('one'), order);
    expect(done).toMatchObject({ state: 'done', counts: { mirrored: 1, missing: 1 } });
    expect(done.notes).toEqual([expect.stringContaining('v1/none.bin')]);
    await upstream.off();
    const answer = await fetch(`${network.url('far')}/files/v1/tool.bin`);
    expect([answer.status, Buffer.compare(await answer.bytes(), mirrored)]).toEqual([200, 0]);
    await upstream.on();
  }, 30_000);

  test('what is kept is counted once, and as it is', async () => {
    const done = await workedThrough(network.node('two'), { do: 'recount' });
    expect(done).toMatchObject({ state: 'done', counts: { corrected: 0 } });
    for (const node of ['one', 'two']) {
      const { routes } = storageOverview.parse(await network.node(node).api('GET', '/storage'));
      expect(routes.map(({ kept, versions }) => [kept, versions])).toEqual([
        ['hosted', 7],
        ['mirrored', 1],
      ]);
    }
  }, 30_000);
});
