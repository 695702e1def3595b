/** Collections while others publish, with what a network outgrows one machine for: a bucket, and PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeAudit } from '../../src/access/register/audit.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { collect } from '../../src/origin/collection/collect.ts';
import { openUsage } from '../../src/origin/usage/usage.ts';
import { alice, homeWith, publicationOf, tarballOf } from '../../src/protocols/npm/hosted/home.contract.ts';
import { closeWorld } from '../../src/protocols/npm/world.contract.ts';
import { type Engines, openEngines } from '../faults/engines.ts';
import { temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../support/postgres.ts';
import { type S3Server, startS3 } from '../support/s3.ts';

const day = 24 * 3600_000;

describe.skipIf(!available('PostgreSQL', postgresProblem))('with a bucket and PostgreSQL', () => {
  const folder = temporary('engines');
  let postgres: PostgresServer;
  let s3: S3Server;
  /** Of two origins. */
  const origins: Engines[] = [];

  beforeAll(async () => {
    [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
    const { url, password } = postgres;
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
    for (const name of ['one', 'other']) {
      const bucketOf = { endpoint, bucket, accessKeyId, secretAccessKey };
      const place = { folder: `${folder.path}/${name}`, s3: bucketOf, postgres: { url, password } };
      origins.push(await openEngines(place));
    }
  }, 60_000);

  afterAll(async () => {
    await closeWorld();
    for (const origin of origins) await origin.close();
    await Promise.all([postgres?.stop(), s3?.stop()]);
    folder[Symbol.dispose]();
  }, 30_000);

  test('two origins publish and collect at once, and nothing that was acknowledged is lost or refused', async () => {
    const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
    const homes = origins.map((engines) => homeWith({ ...engines, usage, audit: writeAudit }, {}));
    const acknowledged: string[] = [];
    let isOver = false;
    let deleted = 0;

    async function publisher(name: string, home: (typeof homes)[number]): Promise<void> {
      // When the two meet depends on the machine.
      for (let nth = 0; nth < 12 || (deleted === 0 && nth < 100); nth++) {
        const version = `1.0.${nth}`;
        // The same bytes as litter, so that they are condemned while they are published.
        await home.stores.blobs.write(tarballOf(name, version));
        await Bun.sleep((nth % 10) * 10);
        const answer = await home.as(alice, 'PUT', `/${name}`, publicationOf(name, version));
        expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
        acknowledged.push(`/${name}/-/${name.slice('@acme/'.length)}-${version}.tgz`);
      }
    }
    async function collector({ blobs, metadata }: Engines): Promise<void> {
      const { signal } = new AbortController();
      while (!isOver) {
        // Every blob counts as old: the worst that a collection can do.
        const how = { clock, by: 'one', graceMs: -day, dryRun: false, progress: () => {}, signal };
        deleted += (await collect({ stores: { blobs, metadata }, ...how })).deleted;
      }
    }

    const [one, other] = homes;
    if (!one || !other || !origins[0]) throw new Error('there are two');
    const collecting = collector(origins[0]);
    await Promise.all([publisher('@acme/a', one), publisher('@acme/b', other), publisher('@acme/c', one)]);
    isOver = true;
    await collecting;
    for (const target of acknowledged)
      expect([target, (await other.as(alice, 'GET', target)).status]).toEqual([target, 200]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(36);
    expect(deleted, 'the collection has met no publication').toBeGreaterThan(0);
    const routes = await one.stores.metadata.scan(['usage-route', 'npm', 'hosted']);
    const versions = routes.reduce((sum, { value }) => sum + (value as { versions: number }).versions, 0);
    expect(versions).toBe(acknowledged.length);
  }, 120_000);
});
