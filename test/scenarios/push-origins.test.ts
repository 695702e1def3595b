/**
 * Several origins with one bucket and one database: an upload goes on at the origin where it began. Where that one is gone, the client is
 * told that there is no such upload, and what it begins anew ends well; what had been acknowledged is there at all of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { random } from '../support/image.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../support/postgres.ts';
import { type S3Server, startS3 } from '../support/s3.ts';

const layer = new Uint8Array(random(3_000_000));
const half = layer.length / 2;
const digest = `sha256:${new Bun.CryptoHasher('sha256').update(layer).digest('hex')}`;
const uploads = '/v2/acme/app/blobs/uploads/';

describe.skipIf(!available('PostgreSQL', postgresProblem))('a push to two origins', () => {
  let bucket: S3Server;
  let database: PostgresServer;
  let network: TestNetwork;
  let token: string;

  beforeAll(async () => {
    [bucket, database] = await Promise.all([startS3(), startPostgres()]);
    const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket;
    const store = {
      blobs: { s3: { endpoint, bucket: name, region: 'us-east-1', accessKeyId, secretAccessKey } },
      metadata: { postgres: { url: database.url, password: database.password } },
    };
    network = await startNetwork({
      nodes: {
        one: { role: 'origin', store },
        two: { role: 'origin', store },
        pop: { role: 'pop', parents: ['one', 'two'] },
      },
      routes: [oci({ hosted: { names: ['*'], public: ['*'] } })],
    });
    const all = { actions: ['read', 'publish'], routes: ['oci'], subjects: ['*'] } as const;
    for (const each of ['one', 'two'])
      await eventually(`the database to be well at ${each}`, async () => {
        const { stores } = await network.node(each).status();
        return stores?.metadata.state === 'well' && stores.blobs.state === 'well';
      });
    ({ token } = await tokenFor(network.node('one'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    await Promise.all([bucket?.stop(), database?.stop()]);
  }, 30_000);

  const send = (method: string, target: string, body: Uint8Array<ArrayBuffer> | null = null) =>
    fetch(new URL(target, network.url('pop')), { method, body, headers: bearer(token) });

  async function pushed(): Promise<number> {
    const place = (await send('POST', uploads)).headers.get('location') ?? '';
    for (const piece of [layer.slice(0, half), layer.slice(half)])
      expect((await send('PATCH', place, piece)).status).toBe(202);
    return (await send('PUT', `${place}?digest=${digest}`)).status;
  }

  test('goes on where it began', async () => {
    expect(await pushed()).toBe(201);
  });

  test('begins anew at the other one when the first is gone, and is told so', async () => {
    const place = (await send('POST', uploads)).headers.get('location') ?? '';
    expect((await send('PATCH', place, layer.slice(0, half))).status).toBe(202);
    await network.node('one').kill9();
    const got = await send('GET', `/v2/acme/app/blobs/${digest}`);
    expect([got.status, Buffer.compare(await got.bytes(), layer)]).toEqual([200, 0]);
    const refused = await eventually('the other origin to answer', async () => {
      const answer = await send('PATCH', place, layer.slice(half));
      return answer.status < 500 && answer;
    });
    const { errors } = (await refused.json()) as { errors: { code: string }[] };
    expect([refused.status, errors[0]?.code]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect(await pushed()).toBe(201);
    await network.node('one').restart();
  }, 30_000);
});
