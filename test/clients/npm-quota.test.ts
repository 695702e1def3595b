/**
 * What an origin takes in, and what it refuses, as the real npm shows it: quotas, a disk that is nearly full, and bytes that a
 * collection is just removing; kept in a bucket and PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageOverview } from '../../src/access/api/storage-message.ts';
import { npm, postgres, s3 } from '../../src/index.ts';
import { asSha256, condemnedBlobKey } from '../../src/store.ts';
import { type Engines, openEngines } from '../faults/engines.ts';
import { tokenFor } from '../support/access.ts';
import { noise, runClient, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../support/postgres.ts';
import { type S3Server, startS3 } from '../support/s3.ts';

const everything = {
  actions: ['read', 'publish', 'delete', 'admin'],
  routes: ['npm'],
  subjects: ['*'],
} as const;

/** A home whose npm knows a token for the PoP. */
async function homeAt(network: TestNetwork): Promise<string> {
  const { token } = await tokenFor(network.node('origin'), 'alice', [everything]);
  const home = join(network.dir, 'home');
  mkdirSync(home, { recursive: true });
  const line = `${network.url('pop').replace('http:', '')}/:_authToken=${token}\n`;
  writeFileSync(join(home, 'npmrc'), line);
  return home;
}

function packageFolder(network: TestNetwork, name: string, version: string, sizeBytes = 100): string {
  const where = join(network.dir, 'packages', `${name.replace('/', '-')}-${version}`);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(where, 'noise.txt'), noise(`${name} ${version}`, sizeBytes));
  return where;
}

async function publish(network: TestNetwork, folder: string, ...words: string[]) {
  const home = await homeAt(network);
  const all = ['publish', '--fetch-retries=0', ...words];
  return runClient('npm', all, { registry: `${network.url('pop')}/`, project: folder, home });
}

async function storageOf(network: TestNetwork) {
  return storageOverview.parse(await network.node('origin').api('GET', '/storage'));
}

describe.skipIf(!available('PostgreSQL', postgresProblem))('with a bucket and PostgreSQL', () => {
  const folder = temporary('quota');
  let database: PostgresServer;
  let bucket: S3Server;
  let network: TestNetwork;
  let engines: Engines;

  beforeAll(async () => {
    [database, bucket] = await Promise.all([startPostgres(), startS3()]);
    const { url, password } = database;
    const { endpoint, accessKeyId, secretAccessKey } = bucket;
    const keys = { endpoint, accessKeyId, secretAccessKey, bucket: bucket.bucket };
    network = await startNetwork({
      nodes: {
        origin: {
          role: 'origin',
          store: {
            blobs: s3({ ...keys, region: 'us-east-1' }),
            metadata: postgres({ url, password, connections: 8 }),
          },
        },
        pop: { role: 'pop', parents: ['origin'] },
      },
      routes: [
        npm({
          upstreams: [],
          hosted: {
            scopes: ['@acme', '@other'],
            access: 'public',
            quota: { scopeBytes: 100_000, versions: 3 },
          },
        }),
      ],
    });
    engines = await openEngines({ folder: folder.path, s3: keys, postgres: { url, password } });
  }, 90_000);

  afterAll(async () => {
    await engines?.close();
    await network?.stop();
    await Promise.all([database?.stop(), bucket?.stop()]);
    folder[Symbol.dispose]();
  }, 30_000);

  test('npm says which quota is used up, and what to do; nothing of the version is there', async () => {
    const fits = await publish(network, packageFolder(network, '@acme/a', '1.0.0', 80_000));
    expect([fits.code, fits.output]).toEqual([0, expect.stringContaining('+ @acme/a@1.0.0')]);
    const before = await storageOf(network);

    const refused = await publish(network, packageFolder(network, '@acme/b', '1.0.0', 80_000));
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('403');
    expect(refused.output).toMatch(/the scope @acme takes \S+ KiB of 97\.7 KiB, and \S+ KiB more do not fit/);
    expect(refused.output).toContain('Delete what nobody needs');
    expect((await fetch(`${network.url('pop')}/@acme%2fb`)).status).toBe(404);
    const after = await storageOf(network);
    expect(after.routes).toEqual(before.routes);
    expect(await engines.metadata.scan(['blob'])).toHaveLength(1);

    const other = await publish(network, packageFolder(network, '@other/b', '1.0.0', 80_000));
    expect([other.code, other.output]).toEqual([0, expect.any(String)]);
  }, 90_000);

  test('npm never sees that a collection was removing the same bytes', async () => {
    const where = packageFolder(network, '@acme/again', '1.0.0');
    await Bun.$`npm pack --pack-destination ${network.dir}`.cwd(where).quiet();
    const file = join(network.dir, 'acme-again-1.0.0.tgz');
    const bytes = readFileSync(file);
    const sha256 = asSha256(createHash('sha256').update(bytes).digest('hex'));
    if (sha256 === undefined) throw new Error('that is one');
    // As far as a collection has come that is at it.
    await engines.blobs.write(bytes);
    const condemned = condemnedBlobKey(sha256);
    await engines.metadata.transact((transaction) => transaction.put(condemned, { sinceMs: Date.now() }));
    let isOver = false;
    const publishing = publish(network, where, file).then((run) => ({ ...run, isOver }));
    await Bun.sleep(4_000);
    await engines.blobs.delete(sha256);
    isOver = true;
    await engines.metadata.transact((transaction) => transaction.delete(condemned));
    const run = await publishing;
    expect([run.code, run.isOver, run.output]).toEqual([0, true, expect.stringContaining('+ @acme/again')]);
    const tarball = await fetch(`${network.url('pop')}/@acme/again/-/again-1.0.0.tgz`);
    expect(Buffer.compare(await tarball.bytes(), bytes)).toBe(0);
  }, 90_000);

  test('an unpublished version makes room', async () => {
    const home = await homeAt(network);
    const registry = `${network.url('pop')}/`;
    const project = packageFolder(network, '@acme/a', '1.0.0');
    const gone = await runClient('npm', ['unpublish', '@acme/a@1.0.0', '--force'], {
      registry,
      project,
      home,
    });
    expect([gone.code, gone.output]).toEqual([0, expect.any(String)]);
    const fits = await publish(network, packageFolder(network, '@acme/b', '1.0.0', 80_000));
    expect([fits.code, fits.output]).toEqual([0, expect.stringContaining('+ @acme/b@1.0.0')]);
    const [route] = (await storageOf(network)).routes;
    expect(route).toMatchObject({
      kept: 'hosted',
      packages: 3,
      versions: 3,
      bounds: { scopeBytes: 100_000 },
    });
  }, 90_000);
});

describe('on a disk that is nearly full', () => {
  let network: TestNetwork;
  const sketch = (minFreeBytes: '1000 TiB' | '1 MiB') => ({
    nodes: {
      origin: { role: 'origin', store: { minFreeBytes } },
      pop: { role: 'pop', parents: ['origin'] },
    } as const,
    routes: [npm({ upstreams: [], hosted: { scopes: ['@acme'], access: 'public' } })],
  });

  beforeAll(async () => {
    network = await startNetwork(sketch('1 MiB'));
  }, 80_000);
  afterAll(() => network?.stop(), 30_000);

  test('npm is told so (507), while what is there is served and may be unpublished', async () => {
    const first = await publish(network, packageFolder(network, '@acme/a', '1.0.0'));
    expect([first.code, first.output]).toEqual([0, expect.any(String)]);

    network.rewrite(sketch('1000 TiB'));
    await Bun.$`${process.execPath} ${join(import.meta.dir, '../../src/cli/main.ts')} reload --config ${network.configFile}`
      .cwd(network.dir)
      .quiet();
    const refused = await publish(network, packageFolder(network, '@acme/a', '1.1.0'));
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/507.*are free at .*1000 TiB have to stay free/s);
    const document = await fetch(`${network.url('pop')}/@acme%2fa`);
    expect([document.status, await document.json()]).toEqual([
      200,
      expect.objectContaining({ 'dist-tags': { latest: '1.0.0' } }),
    ]);
    expect((await fetch(`${network.url('pop')}/@acme/a/-/a-1.0.0.tgz`)).status).toBe(200);
    const [registry, home] = [`${network.url('pop')}/`, await homeAt(network)];
    const project = packageFolder(network, '@acme/a', '1.0.0');
    const gone = await runClient('npm', ['unpublish', '@acme/a', '--force'], { registry, project, home });
    expect([gone.code, gone.output]).toEqual([0, expect.any(String)]);
  }, 90_000);
});
